"""A piece of HTML inside another file, such as the content of a feed's entry."""

from . import RefusedError, Reply
from .html import text_of


def parse(data: bytes) -> Reply:
    """Return the text of a piece of HTML, given in UTF-8."""
    text = text_of(data.decode("utf-8", "replace"))
    if not text:
        raise RefusedError("has no text in its HTML; give it one or remove it")
    return {"text": text}
