"""RSS and Atom feeds: their entries, with as much text as the feed has."""

import contextlib
import io
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from time import strftime
from typing import Any

import feedparser

from . import RefusedError, Reply, decoded, in_utf_8
from .html import text_of

_DECLARATION = re.compile(
    rb"""(\s*<\?xml\b[^>\x80-\xff]*?(?:encoding\s*=\s*["']([\w.:-]{1,40})["'][^>\x80-\xff]*)?\?>)|(?=\s*<)"""
)
_TWO_BYTES = ("utf-16", "utf16", "ucs", "utf-32", "utf32")  # it is not, where its declaration can be read
_MARKUP = ("text/html", "application/xhtml+xml")


def parse(data: bytes, guessed: str | None = None) -> Reply:
    """Return a feed's entries, the feed's title as their source; ``place`` is an entry's number from 1.

    ``guessed`` is its encoding where it is neither in UTF-8 nor in the one it names.
    """
    declaration = _DECLARATION.match(data)
    if declaration:  # otherwise it has a mark, is in UTF-16, or no feed
        named = (declaration[2] or b"").decode().lower()
        text = decoded(data, None if named.startswith(_TWO_BYTES) else named, guessed)
        data = b'<?xml version="1.0" encoding="utf-8"?>' + text[declaration.end() :].encode("utf-8", "replace")
    # A stream, since feedparser would open a string that looks like an address or a path.
    found = feedparser.parse(io.BytesIO(in_utf_8(data)), sanitize_html=False, resolve_relative_uris=False)
    if not found.get("version"):
        raise RefusedError("is not an RSS or Atom feed; remove it or give it the right name")
    if not found.entries:
        raise RefusedError("is a feed without entries, or damaged before the first; fetch it again or remove it")
    source = found.feed.get("title")
    return {"entries": [_entry(number, entry, source) for number, entry in enumerate(found.entries, start=1)]}


def _entry(number: int, entry: Any, source: str | None) -> dict[str, Any]:
    contents = [*entry.get("content", ()), entry.get("summary_detail") or {}]
    longest = max(contents, key=lambda content: len(content.get("value") or ""))
    title = _title(entry)
    text = longest.get("value") or title
    if not text:
        return {"place": number, "refused": "has no text; the feed must bring a content or a summary"}
    return {
        "place": number,
        "id": entry.get("id"),
        "title": title,
        "date": _day(entry, "published") or _day(entry, "updated") or entry.get("published") or entry.get("updated"),
        "source": (entry.get("source") or {}).get("title") or source,
        "url": entry.get("link"),
        "html" if longest.get("type") in _MARKUP else "text": text,
    }


def _title(entry: Any) -> str | None:
    title = entry.get("title")
    is_markup = (entry.get("title_detail") or {}).get("type") in _MARKUP and "<" in (title or "")
    return text_of(title) if is_markup else title


def _day(entry: Any, name: str) -> str | None:
    """The day of a date where its author was; feedparser's own reading, in universal time, for odd forms."""
    written = str(entry.get(name) or "")
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        with contextlib.suppress(ValueError, TypeError):
            return read(written).date().isoformat()
    with contextlib.suppress(ValueError, TypeError):
        return strftime("%Y-%m-%d", entry.get(f"{name}_parsed"))
    return None
