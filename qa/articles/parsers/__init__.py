"""What runs inside the limited process: each file parses one kind of file, named like it.

Nothing here imports anything else of this project, since ``child.py`` loads this folder as a package of its own; hence
the relative imports. ``parse(data)`` returns what JSON can say: for a file that is one article its ``text`` and what is
known about it, for a file of several its ``entries``.
"""

import codecs
import contextlib
from collections.abc import Callable
from typing import Any

Reply = dict[str, Any]
TELLING_BYTES = 20_000_000  # in base64 still less than a reply may have

# What is named so is mostly in an encoding that holds more: browsers read it so, too.
_WIDER = {
    "iso8859-1": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949",
    "shift_jis": "cp932",
}  # fmt: skip
_UNTHINKING = ("cp1252", "ascii")  # what programs name that do not know

BROKEN_SHARE = 0.5  # of characters beyond ASCII; bytes of another encoding are hardly ever whole characters of UTF-8


class RefusedError(Exception):
    """Why a file cannot become an article: a clause about it that says what to do, made of constant words."""


class UndecodedError(Exception):
    """Bytes that are in no encoding that their file names: it takes knowledge of languages to tell, which is not here.

    ``parse`` is called again then, with the encoding as a second value. ``data`` is as much as is needed to tell.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data[:TELLING_BYTES]


def decoded(data: bytes, named: str | None, guessed: str | None) -> str:
    """Return the text of bytes in the encoding that their file names, else in UTF-8, else in the one that was guessed.

    A few characters that are broken do not make Unicode another encoding.

    Raises UndecodedError where they are in neither and none was guessed.
    """
    encodings = ["utf-8"]
    with contextlib.suppress(LookupError, ValueError):
        name = codecs.lookup(named or "utf-8").name
        name = _WIDER.get(name, name)
        encodings.insert(1 if name in _UNTHINKING else 0, name)
    for encoding in encodings:
        with contextlib.suppress(LookupError, ValueError):
            return data.decode(encoding)
    for encoding in encodings:
        if encoding.startswith("utf") and (text := mended(data, encoding)) is not None:
            return text
    if guessed is None:
        raise UndecodedError(data)
    return data.decode(guessed, "replace")


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
