"""Plain text in, spans, words and values out: no storage, no model.

English only for now: the default embedder and generator are English too.
"""
