"""What is taken out of texts, titles, dates and addresses before they are stored."""

import re
from datetime import date

LINE_CHARACTERS = 300

_LINE_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029]")
# C0 and C1 controls but tab and line feed; marks that reorder what is read (bidi); tag characters, which carry text
# that no screen shows; halves of surrogate pairs, which no UTF-8 store accepts.
_REMOVED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)
# What no screen shows and what parts a word: soft hyphen, zero width space, word joiner, byte order mark, fillers. The joiners
# U+200C and U+200D are none of them: Persian and emoji are written with them.
_INVISIBLE = re.compile("[\u00ad\u034f\u115f\u1160\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]")
_WEB_ADDRESS = re.compile(r"https?://[^\s\"<>`\\]{1,2000}", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?:[T ].*)?", re.DOTALL)


def clean_text(text: str) -> str:
    r"""Return the text with line ends as ``\n`` and without control, bidi and tag characters; nothing else changes."""
    return _REMOVED.sub("", _LINE_ENDS.sub("\n", text))


def visible_text(text: str) -> str:
    """Return the text without what no screen shows, so that its words are those that are read: for the search, not to be quoted."""
    return _INVISIBLE.sub("", text)


def one_line(value: str | None, limit: int = LINE_CHARACTERS) -> str | None:
    """Return a cleaned value on one line with single blanks, cut to ``limit`` characters; None for nothing."""
    return " ".join(clean_text(value or "").split())[:limit].rstrip() or None


def web_address(value: str | None) -> str | None:
    """Return an http(s) address without blanks, quotes and control characters, else None."""
    address = (value or "").strip()
    return address if _WEB_ADDRESS.fullmatch(address) and clean_text(address) == address else None


def iso_date(value: str | None) -> str | None:
    """Return the day that a date or datetime begins with as ``YYYY-MM-DD``, None for one that the calendar lacks.

    It may be written 2031-01-02, 2031/01/02 or 2031.1.2: with the year in front, nobody puts the day before the month.
    Other forms are None.
    """
    match = _DATE.fullmatch((value or "").strip())
    if match is None:
        return None
    day = f"{match[1]}-{match[3]:0>2}-{match[4]:0>2}"
    return day if is_calendar_date(day) else None


def is_calendar_date(value: str) -> bool:
    """Return whether a ``YYYY-MM-DD`` string names a day that exists."""
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
