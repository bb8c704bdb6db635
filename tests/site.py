"""A web server on this machine that says what a test tells it to, and remembers what it was asked."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Written = Callable[[Callable[[bytes], object]], None]


@dataclass(frozen=True)
class Page:
    """An answer: its body is bytes, or a function that is given the one which sends bytes, below no length."""

    body: bytes | Written = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves in the middle is what some tests are about."""


@dataclass
class Site:
    """Pages by path; every other one is not found. ``asked`` are path and headers of each request, in lower case."""

    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    def at(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"http://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        """What was asked, robots.txt left out; what was asked before is forgotten."""
        asked = [path for path, _ in self.asked if path != "/robots.txt"]
        self.asked.clear()
        return asked

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request; 304 where a condition holds."""
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.asked.append((handler.path, headers))
        page = self.pages.get(handler.path, Page(b"nothing here", 404))
        etag = page.headers.get("ETag")
        same = etag is not None and headers.get("if-none-match") == etag
        handler.send_response(304 if same else page.status)
        for name, value in page.headers.items():
            handler.send_header(name, value)
        if callable(page.body):
            handler.end_headers()
            page.body(handler.wfile.write)
            return
        handler.send_header("Content-Length", str(0 if same else len(page.body)))
        handler.end_headers()
        handler.wfile.write(b"" if same else page.body)


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Site]:
    """A site that is served while it is used, by HTTPS where a context is given."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Whatever the site has there."""
            site.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    site.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def feed(*entries: tuple[str, str, str], title: str = "Kestrel Post") -> Page:
    """An RSS feed of entries: id, title, text."""
    items = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{headline}</title><link>/news/{guid}</link>"
        f"<pubDate>Wed, 02 Apr 2031 08:00:00 GMT</pubDate><description>{text}</description></item>"
        for guid, headline, text in entries
    )
    xml = f"<?xml version='1.0'?><rss version='2.0'><channel><title>{title}</title>{items}</channel></rss>"
    return Page(xml.encode(), headers={"Content-Type": "application/rss+xml", "ETag": f'"{hash(xml)}"'})
