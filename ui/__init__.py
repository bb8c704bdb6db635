"""The web chat: what the desk answers, shown as safe HTML in a Gradio page that only this machine can open."""
