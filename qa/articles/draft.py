"""From what a format says about an article to the article as it is stored."""

from dataclasses import dataclass

from qa.articles.candidate import Candidate
from qa.articles.cleaning import clean_text, iso_date, one_line, web_address
from qa.articles.file_name import date_in_name, title_in_name
from qa.errors import InputError
from qa.types import Article

FIRST_WORDS_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as its format gives it: nothing cleaned, nothing checked."""

    text: str
    title: str | None = None
    date: str | None = None
    source: str | None = None
    url: str | None = None


def finish(candidate: Candidate, draft: Draft) -> Article:
    """Return the cleaned article; a missing title or date is taken from the file's name, a line's title from its text.

    Raises InputError when no text is left.
    """
    text = clean_text(draft.text)
    if not text.strip():
        raise InputError("is empty; give it a text or remove it")
    title, date = one_line(draft.title), iso_date(draft.date)
    if candidate.given_id is None:
        title = title or one_line(title_in_name(candidate.path))
        date = date or date_in_name(candidate.path)
    return Article(
        article_id=candidate.given_id or candidate.path,
        title=title or _first_words(text),
        date=date,
        source=one_line(draft.source),
        url=web_address(draft.url),
        text=text,
    )


def _first_words(text: str) -> str:
    """Return the text's beginning up to the end of a word, at most FIRST_WORDS_CHARACTERS."""
    start = text.lstrip()[: FIRST_WORDS_CHARACTERS + 1]
    words = start.split()
    if len(start) > FIRST_WORDS_CHARACTERS and not start[-1].isspace():
        words.pop()
    return " ".join(words) or start[:FIRST_WORDS_CHARACTERS]
