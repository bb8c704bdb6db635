"""Web archives (WARC): which pages were captured, and where the newest capture of each one lies."""

import io
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from warcio.archiveiterator import WARCIterator
from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeadersParser

from . import RefusedError, Reply

MOST_RECORDS = 200_000
EXPANDED_BYTES = 2_000_000_000
PIECE_BYTES = 1 << 16

_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_PADDING = b"\r\n\0 "
_DAMAGED = "is damaged, cut short or compressed as a whole; what came before it counts, replace the file"


def parse(data: bytes) -> Reply:
    """Return the newest capture of each page: ``id`` is its address, ``place`` the number of its record from 1.

    ``start`` and ``end`` are those of the whole record, ``hash`` that of the page as it was sent.
    """
    # for each address, by what was captured: the time it was last seen so, and the entry
    captures: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {}
    damage: list[dict[str, Any]] = []
    number = 0
    try:
        for number, record, capture in _captures(data):
            headers = record.rec_headers
            seen = captures.setdefault(headers.get_header("WARC-Target-URI") or "", {})
            taken = (headers.get_header("WARC-Date") or "").rstrip("Z")
            digest = headers.get_header("WARC-Payload-Digest") or (capture or {}).get("hash", "")
            if capture is not None:
                seen[digest] = (taken, {"place": number, **capture})
            elif digest in seen:  # the page was as it had been
                seen[digest] = (taken, seen[digest][1])
    except (RefusedError, MemoryError):
        raise
    except Exception as error:  # whatever a broken head makes the library meet
        if not captures:
            raise RefusedError("is not a WARC file, is compressed as a whole, or is damaged; replace it") from error
        damage = [{"place": number + 1, "refused": _DAMAGED}]
    newest = (
        max(reversed(seen.values()), key=lambda one: one[0])[1] | {"id": at} for at, seen in captures.items() if seen
    )
    entries = sorted(newest, key=lambda entry: int(entry["place"])) + damage
    if not entries:
        raise RefusedError("holds no pages, as no HTML was captured in it; remove it")
    return {"entries": entries}


def opened(data: bytes) -> WARCIterator:
    """The records of an archive; warcio would take the end of a file within a page's head for the end of all."""
    return WARCIterator(io.BytesIO(data), no_record_parse=True)


def read_head(record: Any) -> None:
    """Read the head of what a web server answered, so that the page comes next."""
    if record.rec_type == "response" and str(record.rec_headers.get_header("WARC-Target-URI")).startswith("http"):
        record.http_headers = StatusAndHeadersParser(ArcWarcRecordLoader.HTTP_TYPES, verify=False).parse(
            record.raw_stream
        )


def _captures(data: bytes) -> Iterator[tuple[int, Any, dict[str, Any] | None]]:
    """Yield number and record of each page with where it lies, and of each note that a page had not changed with None.

    Raises EOFError where a record ends before it is whole, and what warcio raises.
    """
    expanded = end = 0
    records = opened(data)
    for number, record in enumerate(records, start=1):
        expanded += max(0, int(record.rec_headers.get_header("Content-Length")))
        if number > MOST_RECORDS or expanded > EXPANDED_BYTES:
            raise RefusedError(
                f"holds over {MOST_RECORDS:,} records, or more than {EXPANDED_BYTES // 1_000_000} MB; split it"
            )
        read_head(record)
        digest = sha256()
        while piece := record.raw_stream.read(PIECE_BYTES):
            digest.update(piece)
        if record.raw_stream.limit:  # what is left of the length that its head states
            raise EOFError
        start = records.get_record_offset()
        end = start + records.get_record_length()
        if record.rec_type == "revisit":
            yield number, record, None
        elif _is_page(record):
            yield number, record, {"start": start, "end": end, "hash": digest.hexdigest()}
    if data[end:].strip(_PADDING):
        raise EOFError


def _is_page(record: Any) -> bool:
    """Whether a record is a web page as its server sent it, without an error, or as a crawler saved it."""
    if record.rec_type == "resource":
        sent, status = record.rec_headers.get_header("Content-Type"), "200"
    elif record.http_headers is not None:
        sent, status = record.http_headers.get_header("Content-Type"), record.http_headers.get_statuscode()
    else:
        return False
    return status == "200" and (sent or "").partition(";")[0].strip().lower() in _PAGE_TYPES
