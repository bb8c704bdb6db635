"""PDF: the text of each page, where the pages begin, and what the file says about itself."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from pypdf import PdfReader
from pypdf.errors import DependencyError

from . import RefusedError, Reply, said

HEADER_BYTES = 1024  # a PDF may begin that far into its file
FEWEST_NUMBERED = 3  # pages whose numbers are taken for such
EMPTY_PAGES = "has pages without text, perhaps pictures of it; where they are, run a text recognition (OCR) over it"

_LIGATURES = str.maketrans({"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"})
_BROKEN_WORD = re.compile(r"([^\W\d_]+)([-\u00ad\u2010])[ \t]*\n([^\W\d_]+)")
_HYPHENED = re.compile(r"[^\W\d_]+[-\u2010][^\W\d_]+")
_NUMBER = re.compile(r"\W*([0-9]{1,4})\W*")
_ENDED = re.compile(r"[.!?:;\u2026][\"'\u00bb\u201c\u201d\u2019)\]]*\Z")
_NO_TITLE = re.compile(
    r"untitled.*|microsoft (?:word|powerpoint) - .*|.*\.(?:docx?|odt|pdf|indd|qxd|tex|rtf)", re.IGNORECASE
)


def parse(data: bytes) -> Reply:
    """Return the pages' text and where each begins; ``made`` is the day on which the file was made."""
    if b"%PDF-" not in data[:HEADER_BYTES]:
        raise RefusedError("is not a PDF, whatever its name says; remove it or give it the right name")
    reader = _opened(data)
    pages = [page.extract_text().translate(_LIGATURES).strip() for page in reader.pages]
    pages = _whole_words(_without_number(_without_number(pages, 0), -1))
    if not any(pages):
        raise RefusedError(
            "has no text, only pictures of pages; run a text recognition (OCR) over it, then index it again"
        )
    parts = list(_separated(pages))
    starts = list(accumulate(map(len, parts), initial=0))[:-1]
    about: Any = reader
    return {
        "text": "".join(parts),
        "pages": starts,
        "title": _title(said(lambda: about.metadata.title)),
        "source": said(lambda: about.metadata.author),
        "made": said(lambda: about.metadata.creation_date.date().isoformat()),
        "notes": [] if all(pages) else [EMPTY_PAGES],
    }


def _without_number(pages: list[str], at: int) -> list[str]:
    """The pages without the numbers printed on them: first (0) or last (-1) lines of a number that grows with the pages.

    Left in, they would stand in the middle of the sentences that go on over the end of a page.
    """
    lines = [page.split("\n") for page in pages]
    found = [_NUMBER.fullmatch(split[at]) for split in lines]
    ahead = [int(match[1]) - index if match else None for index, match in enumerate(found)]
    shift, count = Counter(number for number in ahead if number is not None).most_common(1)[0] if any(found) else (0, 0)
    if count < max(FEWEST_NUMBERED, sum(map(bool, pages)) / 2):
        return pages
    for split, number in zip(lines, ahead, strict=True):
        if number == shift:
            del split[at]
    return ["\n".join(split).strip() for split in lines]


def _whole_words(pages: list[str]) -> list[str]:
    """The pages with the words whole that a line's end divides.

    A hyphen stays where the text has the two parts with it inside a line, too.
    """
    hyphened = {word for page in pages for word in _HYPHENED.findall(page)}

    def whole(match: re.Match[str]) -> str:
        first, mark, last = match.groups()
        parted = mark != "\u00ad" and (last[0].isupper() or first + mark + last in hyphened)
        return f"{first}{mark}{last}" if parted else first + last

    return [_BROKEN_WORD.sub(whole, page) for page in pages]


def _opened(data: bytes) -> PdfReader:
    refusal = RefusedError("is encrypted; save a copy without a password, for example by printing it into a new PDF")
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):  # many files can be opened by anyone, and not changed
            raise refusal
    except DependencyError as error:
        raise refusal from error
    return reader


def _separated(pages: list[str]) -> Iterator[str]:
    """The pages with what stands between them: a sentence may go on over the end of a page."""
    for number, page in enumerate(pages, start=1):
        yield page + ("" if number == len(pages) or not page else "\n\n" if _ENDED.search(page) else "\n")


def _title(title: str | None) -> str | None:
    """A title, unless it is what a program put there by itself."""
    return None if title is None or _NO_TITLE.fullmatch(title.strip()) else title
