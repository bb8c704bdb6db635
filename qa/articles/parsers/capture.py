"""One capture of a web archive: the page in a record of its own."""

import contextlib
from email.message import Message
from typing import Any

import brotli
from warcio.bufferedreaders import BufferedReader

from . import RefusedError, Reply
from .html import parse as page
from .warc import PIECE_BYTES, opened, read_head

PAGE_BYTES = 50_000_000


def parse(data: bytes, guessed: str | None = None) -> Reply:
    """Return what the page gives, at the address where it was captured; ``guessed`` as for a page.

    When it was captured says nothing about when it was published: its date is what the page states, or none.
    """
    record = next(opened(data))
    read_head(record)
    found = page(_in_utf_8(_payload(record), record), guessed)
    return {**found, "url": record.rec_headers.get_header("WARC-Target-URI")}


def _payload(record: Any) -> bytes:
    """The page's bytes, put together and unpacked as its server had packed them for the way."""
    pieces, size, stream = [], 0, record.content_stream()
    while piece := stream.read(PIECE_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > PAGE_BYTES:
            raise RefusedError(f"is larger than {PAGE_BYTES // 1_000_000} MB; save what it says as text")
    return b"".join(pieces)


class _Brotli:
    """What warcio unpacks Brotli with, since its own way fails with the module's present version."""

    unused_data = b""

    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    def decompress(self, data: bytes) -> bytes:
        """Return what more data stand for, as much of it as a page may have."""
        return bytes(self._decompressor.process(data, output_buffer_limit=PAGE_BYTES + 1))

    def flush(self) -> bytes:
        """Return nothing: all was returned."""
        return b""


BufferedReader.DECOMPRESSORS["br"] = _Brotli


def _in_utf_8(payload: bytes, record: Any) -> bytes:
    """The page in UTF-8, where its server named the encoding, which counts more than what stands in the page."""
    headers = record.http_headers or record.rec_headers
    said = Message()
    said["Content-Type"] = headers.get_header("Content-Type") or ""
    charset = said.get_content_charset()
    with contextlib.suppress(LookupError, ValueError):
        return payload.decode(charset).encode() if charset else payload
    return payload
