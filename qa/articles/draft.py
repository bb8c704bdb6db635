"""From what a format says about an article to the article as it is stored."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from qa.articles.candidate import Candidate
from qa.articles.cleaning import clean_text, iso_date, one_line, web_address
from qa.articles.file_name import date_in_name, title_in_name
from qa.errors import InputError
from qa.types import Article

FIRST_WORDS_CHARACTERS = 80

_BROKEN = "has characters that cannot be read; U+FFFD stands for each"
_CLEANED = "had characters that nobody sees or that reorder what is read (NUL, bidi, tags); they were removed"
_NO_DATE = "states a date that is not understood; write YYYY-MM-DD"
# Of what cleaning removes, what may carry a meaning or a deceit; marks of direction are in most texts in Hebrew or Arabic.
_TELLING = re.compile("[\0\u202a-\u202e\u2066-\u2069\U000e0020-\U000e007f]")


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as its format gives it: nothing cleaned, nothing checked.

    ``made`` is the day on which the file was made, the date of last resort. ``pages`` are the indices into ``text`` at
    which its pages begin, the first of them 0; empty for what has no pages. ``notes`` are clauses about the file, made of
    constant words: what of it was lost or guessed.
    """

    text: str
    title: str | None = None
    date: str | None = None
    source: str | None = None
    url: str | None = None
    made: str | None = None
    pages: Sequence[int] = ()
    notes: Sequence[str] = ()


def finish(candidate: Candidate, draft: Draft) -> tuple[Article, tuple[str, ...]]:
    """Return the cleaned article, and clauses that say what of it was lost or guessed.

    A missing title or date is taken from the file's name, a line's title from its text. Raises InputError when no text
    is left.
    """
    text, pages = _cleaned(draft)
    if not text.strip():
        raise InputError("is empty; give it a text or remove it")
    title, date = one_line(draft.title), iso_date(draft.date)
    if candidate.given_id is None:
        title = title or one_line(title_in_name(candidate.path))
        date = date or date_in_name(candidate.path) or iso_date(draft.made)
    article = Article(
        article_id=candidate.given_id or candidate.path,
        title=title or _first_words(text),
        date=date,
        source=one_line(draft.source),
        url=web_address(draft.url),
        text=text,
        pages=pages,
    )
    notes = [*draft.notes, *losses(draft.text)]
    if draft.date and not iso_date(draft.date):
        notes.append(_NO_DATE)
    return article, tuple(dict.fromkeys(notes))


def losses(text: str) -> list[str]:
    """Return what is to be said of a text that is not cleaned yet: what of it was lost before, or will be by cleaning."""
    notes = [_BROKEN] if "\ufffd" in text else []
    if any(map(_TELLING.match, set(text) - set(clean_text(text)))):
        notes.append(_CLEANED)
    return notes


def _cleaned(draft: Draft) -> tuple[str, tuple[int, ...]]:
    """Return the cleaned text and where its pages begin in it."""
    parts = [clean_text(draft.text[start:end]) for start, end in pairwise([*draft.pages, len(draft.text)])]
    if not parts:
        return clean_text(draft.text), ()
    return "".join(parts), tuple(accumulate(map(len, parts[:-1]), initial=0))


def _first_words(text: str) -> str:
    """Return the text's beginning up to the end of a word, at most FIRST_WORDS_CHARACTERS."""
    start = text.lstrip()[: FIRST_WORDS_CHARACTERS + 1]
    words = start.split()
    if len(start) > FIRST_WORDS_CHARACTERS and not start[-1].isspace():
        words.pop()
    return " ".join(words) or start[:FIRST_WORDS_CHARACTERS]
