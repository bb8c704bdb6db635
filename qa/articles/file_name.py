"""What a file's name says about its article, and names that no screen should show as they are."""

import re
from pathlib import PurePosixPath

from qa.articles.candidate import article_suffix
from qa.articles.cleaning import clean_text, is_calendar_date

_DATE = re.compile(r"(?<![0-9])([0-9]{4})([-_]?)([0-9]{2})\2([0-9]{2})(?![0-9])")


def date_in_name(path: str) -> str | None:
    """Return the real date with which a file's name starts or else ends (``YYYY-MM-DD``, also with '_' or nothing)."""
    stem = _stem(path)
    at_the_edges = [match for match in _DATE.finditer(stem) if match.start() == 0 or match.end() == len(stem)]
    return next((date for match in at_the_edges if (date := _real_date(match))), None)


def title_in_name(path: str) -> str:
    """Return the file's name without suffix, '-' and '_' as blanks, without its date where more than that remains."""
    stem = _stem(path)
    match = next((match for match in _DATE.finditer(stem) if _real_date(match)), None)
    if match is None:
        return _words(stem)
    return _words(f"{stem[: match.start()]} {stem[match.end() :]}") or stem


def is_fit(name: str) -> bool:
    """Return whether a name holds only what a stored text may hold, and is one line."""
    return clean_text(name) == name and "\n" not in name and "\t" not in name


def printable(path: str) -> str:
    """Return the path with characters that make a name unfit, and bytes that are no UTF-8, as escapes."""
    shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(character if is_fit(character) else ascii(character)[1:-1] for character in shown)


def _stem(path: str) -> str:
    name = PurePosixPath(path).name
    return name[: len(name) - len(article_suffix(name) or "")]


def _words(stem: str) -> str:
    return " ".join(re.sub("[-_]", " ", stem).split())


def _real_date(match: re.Match[str]) -> str | None:
    value = f"{match[1]}-{match[3]}-{match[4]}"
    return value if is_calendar_date(value) else None
