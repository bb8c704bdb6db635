"""The text in a file's bytes, whatever its encoding."""

import codecs
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from charset_normalizer import from_bytes

from qa.articles.alphabets import LANGUAGES, is_written_with
from qa.articles.language import CHARACTERS, likely_languages
from qa.errors import InputError

# UTF-32 stands first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ONE_BYTE = [
    "cp1252",
    "cp1250",
    "cp1254",
    "iso8859_2",
    "cp1251",
    "koi8_r",
    "cp866",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp1257",
]
_SEVERAL_BYTES = ["cp932", "euc_jp", "gb18030", "big5", "euc_kr"]
LEGACY = (*_ONE_BYTE, *_SEVERAL_BYTES)

_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_BINARY_SHARE = 0.3  # of characters that are controls
_STRANGE_SHARE = 0.02  # the same, where nothing else tells a text
_BROKEN_SHARE = 0.1  # of non-ASCII characters that are not valid UTF-8
_STRAY_NULS = 0.01  # of bytes: up to there they are something a program left in a text
_UTF_16_NULS = 0.03  # of bytes: blanks alone are more in most texts
_OTHER_NULS = 0.02  # of the NULs in UTF-16: those that stand where the others do not
_FEW = 12  # characters beyond ASCII, among which a name from abroad or a sign weighs too much to refuse the text
# Shares of the characters beyond ASCII that belong into the text's language: from there on a reading may be right where
# charset_normalizer finds it likely, too, and where it does not.
_LISTED_FITTING, _ALONE_FITTING = 0.5, 0.85

# Where sentences end, and tags: none of these bytes is a part of a character of several bytes in any of the encodings.
_SENTENCE_END = re.compile(rb"(?<=[.!?])\s|[\r\n]")
_TAG = re.compile(rb"<[^<>]{1,5000}>")

_NOT_TEXT = "is not text (binary data); convert it to UTF-8 text or remove it"
_UNKNOWN = "is in an encoding that is not known; save it as UTF-8"


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, and what is to be said about how it was found: clauses about the file."""

    text: str
    notes: tuple[str, ...] = ()


def decode(data: bytes) -> Decoded:
    """Return the text of a file: by its byte order mark, as UTF-8 or UTF-16, else by the most likely older encoding.

    Bytes here and there that are not of the encoding become U+FFFD. Raises InputError for binary data, and for an
    encoding that is not known.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    text = _decode_marked(data)
    if text is not None:
        encoding = "marked"
    else:
        encoding = _utf_16_order(data) or likely_encoding(data)
        text = data.decode(encoding, "replace")
    if _control_share(text) > _BINARY_SHARE:
        raise InputError(_NOT_TEXT)
    return Decoded(text, guess_notes(encoding))


def guess_notes(encoding: str) -> tuple[str, ...]:
    """Return what is to be said of a file that was read in an encoding that ``likely_encoding`` gave."""
    if encoding not in LEGACY:
        return ()
    return (f"was read as {encoding}, the likeliest of the older encodings; save it as UTF-8 if it reads wrongly",)


def likely_encoding(data: bytes) -> str:
    """Return the name of the encoding that bytes without a mark are most likely in: "utf-8" or one of LEGACY.

    Raises InputError where they are binary data, or in none of these.
    """
    if data.count(0) > _STRAY_NULS * len(data):
        raise InputError(_NOT_TEXT)
    if _is_utf_8(data):
        return "utf-8"
    found = _by_fitting(_sample(data))
    if not found:
        strange = _control_share(data.decode("latin-1")) > _STRANGE_SHARE
        raise InputError(_NOT_TEXT if strange else _UNKNOWN)
    return found[0]


def _by_fitting(sample: bytes) -> list[str]:
    """Return the encodings that a sample may be in, the likeliest first.

    Where they read it equally well, as is common with few letters beyond ASCII, the order is that of charset_normalizer.
    """
    matches = from_bytes(sample, cp_isolation=list(LEGACY))
    listed = [match.encoding for match in matches if match.encoding in LEGACY]
    order = listed + [encoding for encoding in LEGACY if encoding not in listed]
    beyond_ascii = len(sample) - len(sample.decode("ascii", "ignore"))
    fitting = {encoding: _fitting(sample, encoding) for encoding in order}
    floor = {encoding: _LISTED_FITTING if encoding in listed else _ALONE_FITTING for encoding in order}
    if beyond_ascii < _FEW:
        floor |= dict.fromkeys(listed, 0.0)
    return sorted(
        (encoding for encoding in order if fitting[encoding] >= floor[encoding]),
        key=lambda encoding: fitting[encoding],
        reverse=True,
    )


def _fitting(sample: bytes, encoding: str) -> float:
    """Return how well a sample reads in an encoding, 0 where it is not in it."""
    try:
        errors = "strict" if encoding in _SEVERAL_BYTES else "replace"
        text = codecs.getincrementaldecoder(encoding)(errors).decode(sample)  # the end may be that of half a character
    except UnicodeDecodeError:
        return 0.0
    return _share_in_place(text, LANGUAGES.get(encoding))


def _share_in_place(text: str, possible: Collection[str] | None = None) -> float:
    """Return which share of the characters beyond ASCII belongs into the language of a text, rounded to hundredths.

    That of each language it may be in, weighted with how likely it is in that one; only the ``possible`` ones count.
    """
    places = Counter(place for place in zip(" " + text, text, text[1:] + " ", strict=False) if not place[1].isascii())
    if not places:
        return 1.0
    written = sum(
        probability * sum(count for place, count in places.items() if is_written_with(language, *place))
        for language, probability in likely_languages(text).items()
        if possible is None or language in possible
    )
    return round(written / places.total(), 2)


def _sample(data: bytes) -> bytes:
    """Return the first sentences that are not ASCII, without what stands in tags, together about CHARACTERS bytes."""
    sample = b""
    for sentence in _SENTENCE_END.split(_TAG.sub(b" ", data)):
        if not sentence.isascii():
            sample += sentence[: CHARACTERS - len(sample)] + b" "
        if len(sample) >= CHARACTERS:
            break
    return sample


def _is_utf_8(data: bytes) -> bool:
    """Return whether it is UTF-8, forgiving few broken characters."""
    try:
        data.decode()
    except UnicodeDecodeError:
        text = data.decode(errors="replace")
    else:
        return True
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text.count("\ufffd") <= _BROKEN_SHARE * beyond_ascii


def _utf_16_order(data: bytes) -> str | None:
    """Return the UTF-16 codec of text without a mark, None for others: NULs stand in every second byte only.

    In text without blanks, digits and Latin letters, such as Chinese, there are none that would tell.
    """
    nuls = data[::2].count(0), data[1::2].count(0)
    if len(data) % 2 or sum(nuls) < _UTF_16_NULS * len(data) or min(nuls) > _OTHER_NULS * sum(nuls):
        return None
    codec = "utf-16-be" if nuls[0] > nuls[1] else "utf-16-le"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return None
    return codec if sum(nuls) and _share_in_place(text[:CHARACTERS]) >= _ALONE_FITTING else None


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


def _control_share(text: str) -> float:
    return (len(text) - len(_CONTROLS.sub("", text))) / max(1, len(text))
