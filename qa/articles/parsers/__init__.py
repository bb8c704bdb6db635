"""What runs inside the limited process: each file parses one kind of file, named like it.

Nothing here imports anything else of this project, since ``child.py`` loads this folder as a package of its own; hence
the relative imports. ``parse(data)`` returns what JSON can say: for a file that is one article its ``text`` and what is
known about it, for a file of several its ``entries``.
"""

import contextlib
from collections.abc import Callable
from typing import Any

Reply = dict[str, Any]

BROKEN_SHARE = 0.5  # of characters beyond ASCII; bytes of another encoding are hardly ever whole characters of UTF-8


class RefusedError(Exception):
    """Why a file cannot become an article: a clause about it that says what to do, made of constant words."""


def mended(data: bytes, encoding: str = "utf-8") -> str | None:
    """The text, with U+FFFD for characters that are broken, None where so many are that it is in another encoding.

    A file that is cut off within a character, or has a bad one in it, would else be taken for one of that other encoding.
    """
    try:
        text = data.decode(encoding, "replace")
        if text.count("\ufffd") > BROKEN_SHARE * sum(character > "\x7f" for character in text):
            text = data.decode(encoding)  # in which such characters may stand
    except (LookupError, ValueError):
        return None
    return text


def in_utf_8(data: bytes) -> bytes:
    """Markup that was meant to be UTF-8, or UTF-16 by its mark, with U+FFFD for what is broken; other markup as it is."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    with contextlib.suppress(ValueError):
        data.decode(encoding)
        return data
    text = mended(data, encoding)
    return data if text is None else text.encode()


def said(value: Callable[[], Any]) -> str | None:
    """What a file says about itself, None where it says nothing, or nothing that a library can read: no text is lost by it."""
    with contextlib.suppress(Exception):
        return str(found) if (found := value()) else None
    return None
