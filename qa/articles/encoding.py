"""The text in a file's bytes, whatever its encoding."""

import codecs
import re

from charset_normalizer import from_bytes

from qa.errors import InputError

# UTF-32 stands first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Of the one-byte encodings of Latin script only the Western European one, as in the encoding standard of browsers:
# a guess among them from a few accented letters is wrong more often than right.
_LEGACY = ["cp1252", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp932", "euc_jp", "gb18030", "big5", "euc_kr"]
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_BINARY_SHARE = 0.3  # of characters that are controls
_BROKEN_SHARE = 0.1  # of non-ASCII characters that are not valid UTF-8
_NOT_TEXT = "is not text (binary data); convert it to UTF-8 text or remove it"


def decode(data: bytes) -> str:
    """Return the text of a file: by its byte order mark, as UTF-8, else by the most likely older encoding.

    Bytes here and there that are not UTF-8 in a text that otherwise is become U+FFFD. Raises InputError for
    binary data.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    text = _decode_marked(data)
    if text is None:
        if b"\0" in data:
            raise InputError(_NOT_TEXT)
        text = _decode_utf8(data)
    if text is None:
        text = _decode_legacy(data)
    if len(text) - len(_CONTROLS.sub("", text)) > _BINARY_SHARE * len(text):
        raise InputError(_NOT_TEXT)
    return text


def _decode_marked(data: bytes) -> str | None:
    """Return the text of UTF-32 or UTF-16 by its byte order mark; None where there is none."""
    codec = next((codec for mark, codec in _MARKS if data.startswith(mark)), None)
    if codec is None:
        return None
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        reason = f"is not the {codec.upper()} text its first bytes announce; save it again as UTF-8 or remove it"
        raise InputError(reason) from error


def _decode_utf8(data: bytes) -> str | None:
    """Return the text as UTF-8, forgiving few broken characters; None where it is no UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        text = data.decode(errors="replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text if text.count("\ufffd") <= _BROKEN_SHARE * beyond_ascii else None


def _decode_legacy(data: bytes) -> str:
    """Return the text in the older encoding that charset_normalizer finds most likely."""
    best = from_bytes(data, cp_isolation=_LEGACY).best()
    if best is None:
        raise InputError(_NOT_TEXT)
    return data.decode(best.encoding, errors="replace")
