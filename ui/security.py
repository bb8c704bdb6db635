"""Who may reach the page, with how much, and what the browser may do with it.

The page has no login, so it must be out of reach of every web site that is open in the same browser. It stands around
the whole application, as plain ASGI: a response streams through it, and nothing of the application is reached first.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from ui.policy import FOLDERS, HEADERS, LARGEST_BODY, LARGEST_UPLOADS, ROUTES, UPLOAD

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """Lets through what comes from this page on this machine; everything else gets 400, 403, 404 or 413."""

    def __init__(self, app: Application, port: int, uploads: Path | None = None) -> None:
        self._app = app
        # Browsers leave port 80 out.
        ends = (f":{port}", "") if port == 80 else (f":{port}",)
        self._hosts = frozenset(f"{name}{end}" for name in ("127.0.0.1", "localhost", "[::1]") for end in ends)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self._uploads = uploads
        self._arriving = 0  # bytes of uploads under way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            refusal = self._refusal(scope)
            if refusal is not None:
                await _refuse(send, *refusal)
            else:
                await self._measured(scope, receive, _with_headers(send))
        else:  # a websocket: the page opens none
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        if _header(scope, b"host").lower() not in self._hosts:
            return 400, "Unknown host."
        origin = _header(scope, b"origin")
        if origin and origin.lower() not in self._origins:
            return 403, "Another site may not use this page."
        path = scope["path"]
        if ".." in path or "\\" in path or not (path in ROUTES or path.startswith(FOLDERS)):
            return 404, "Not found."
        if _header(scope, b"sec-fetch-site") in ("cross-site", "same-site") and not _opens_the_page(scope):
            return 403, "Another site may not use this page."
        length = _header(scope, b"content-length")
        if length and not (length.isascii() and length.isdigit()):
            return 400, "Bad content length."
        if int(length or 0) > self._room(path):
            self._forget_torn()
            if int(length or 0) > self._room(path):
                return 413, "Too large."
        return None

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on while its body keeps within its room; a body may come without saying how long it is.

        What an upload says to be its length is its own from the start, so that several at once share the room.
        """
        uploading = scope["path"] == UPLOAD
        got, late, torn, started = 0, False, False, False
        held = int(_header(scope, b"content-length") or 0) if uploading else 0
        self._arriving += held

        async def counted() -> Message:
            nonlocal got, late, torn, held
            message = await receive()
            got += len(message.get("body", b""))
            torn = torn or message["type"] == "http.disconnect"
            if uploading and got > held:
                self._arriving += got - held
                held = got
            late = self._room(UPLOAD) < 0 if uploading else got > LARGEST_BODY
            return {"type": "http.disconnect"} if late else message

        async def sent(message: Message) -> None:
            nonlocal started
            if not late or started:
                started = True
                await send(message)

        try:
            await self._app(scope, counted, sent)
        except Exception:
            torn = True
            if not late:
                raise
        finally:
            self._arriving -= held
            if uploading and (torn or late):
                self._forget_torn()
        if late and not started:
            await _refuse(send, 413, "Too large.")

    def _room(self, path: str) -> int:
        if path != UPLOAD:
            return LARGEST_BODY
        return LARGEST_UPLOADS - self._arriving - (_size(self._uploads) if self._uploads else 0)

    def _forget_torn(self) -> None:
        """Delete uploads that were cut off: complete ones lie one folder deeper."""
        if self._uploads is not None and self._arriving == 0:
            for entry in os.scandir(self._uploads):
                if entry.is_file(follow_symlinks=False):
                    os.unlink(entry)


def _opens_the_page(scope: Scope) -> bool:
    """Whether a person follows a link to the page, which does not let the other site read or do anything."""
    return scope["path"] == "/" and _header(scope, b"sec-fetch-mode") == "navigate"


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _header(scope: Scope, name: bytes) -> str:
    values = [value for key, value in scope["headers"] if key.lower() == name]
    return b",".join(values).decode("latin-1")  # given twice, it equals nothing that is allowed


def _with_headers(send: Send) -> Send:
    names = frozenset(name for name, _ in HEADERS)

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in names]
            message = {**message, "headers": [*kept, *HEADERS]}
        await send(message)

    return wrapped


async def _refuse(send: Send, status: int, said: str) -> None:
    body = said.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *HEADERS,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
