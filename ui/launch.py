"""The page is served here: on this machine only, from one socket, with nothing of the environment let in."""

import contextlib
import os
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path

from qa.errors import InputError
from ui.desk import Desk
from ui.security import Application, Guard

LOOPBACK = {"127.0.0.1": socket.AF_INET, "localhost": socket.AF_INET, "::1": socket.AF_INET6}
FIRST_PORT, TRIED_PORTS = 7860, 100
LARGEST_FILE = "20mb"


def serve(
    desk: Desk,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = True,
    announce: Callable[[str], None] = lambda address: None,
    examples: Sequence[str] = (),
) -> None:
    """Serve the page until it is interrupted; ``announce`` gets its address once it can be opened.

    Without a port the first free one from 7860 is taken. Raises InputError when the host is not of this machine alone
    or the port is in use.
    """
    import uvicorn

    with listening(host, port) as listener, prepared(desk, listener.getsockname()[1], examples) as app:
        address = f"http://{'[::1]' if host == '::1' else host}:{listener.getsockname()[1]}/"
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2
        )
        announce(address)
        if open_browser:
            # In a thread: a browser of the terminal is waited for, and waits for the page.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        with contextlib.suppress(KeyboardInterrupt):  # the way to end it
            uvicorn.Server(config).run(sockets=[listener])


@contextlib.contextmanager
def listening(host: str, port: int | None) -> Iterator[socket.socket]:
    """Hold a socket of this machine that listens; a browser that comes early waits in it."""
    if host not in LOOPBACK:
        raise InputError(f"the page has no login; {host} would open it to other machines, so use 127.0.0.1")
    family = LOOPBACK[host]
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(listener, "::1" if family == socket.AF_INET6 else "127.0.0.1", port)
        listener.listen(128)
        yield listener


@contextlib.contextmanager
def prepared(desk: Desk, port: int, examples: Sequence[str] = ()) -> Iterator[Application]:
    """Hold the application for a port, with a folder of its own for uploads on their way to the library."""
    with tempfile.TemporaryDirectory(prefix="newsdesk-") as folder, _environment(folder):
        import gradio as gr
        from fastapi import FastAPI

        from ui.app import build_app

        package = resources.files("ui")
        style = (package / "page.css").read_text(encoding="utf-8")
        script = (package / "page.js").read_text(encoding="utf-8")
        app = gr.mount_gradio_app(
            FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
            build_app(desk, examples),
            path="/",
            server_name="127.0.0.1",
            server_port=port,
            footer_links=[],
            run_history=False,
            root_path="",
            allowed_paths=[],
            blocked_paths=[str(desk.uploads.parent.resolve())],
            favicon_path=str(package / "favicon.svg"),
            show_error=False,
            max_file_size=LARGEST_FILE,
            ssr_mode=False,
            enable_monitoring=False,
            pwa=False,
            mcp_server=False,
            theme=gr.themes.Base(font=("system-ui", "sans-serif"), font_mono=("ui-monospace", "monospace")),
            head=f"<style>{style}</style><script>{script}</script>",
        )
        yield Guard(app, port, Path(folder))


def _bind(listener: socket.socket, address: str, port: int | None) -> None:
    ports = range(FIRST_PORT, FIRST_PORT + TRIED_PORTS) if port is None else (port,)
    for candidate in ports:
        try:
            listener.bind((address, candidate))
        except OSError as error:
            if port is not None and isinstance(error, PermissionError):
                raise InputError(f"port {port} may not be used by you; choose another with --port") from error
        else:
            return
    if port is not None:
        raise InputError(f"port {port} is in use; choose another with --port")
    raise InputError(f"ports {ports[0]} to {ports[-1]} are in use; choose another with --port")


@contextlib.contextmanager
def _environment(folder: str) -> Iterator[None]:
    """Take every setting of Gradio out of the environment: share links, folders to serve, telemetry, host, port."""
    found = {name: value for name, value in os.environ.items() if name.startswith("GRADIO_")}
    for name in found:
        del os.environ[name]
    os.environ.update(GRADIO_TEMP_DIR=folder, GRADIO_ANALYTICS_ENABLED="False", HF_HUB_DISABLE_TELEMETRY="1")
    try:
        yield
    finally:
        for name in ("GRADIO_TEMP_DIR", "GRADIO_ANALYTICS_ENABLED"):
            os.environ.pop(name, None)
        os.environ.update(found)
