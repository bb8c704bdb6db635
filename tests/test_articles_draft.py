"""Drafts become articles."""

import pytest

from qa.articles.candidate import candidate_from
from qa.articles.draft import Draft, finish
from qa.errors import InputError
from qa.types import Article

REMOVED = "had characters that nobody sees or that reorder what is read (NUL, bidi, tags); they were removed"


def test_everything_is_cleaned() -> None:
    """Text, title and source; an address or date that does not hold is unknown."""
    draft = Draft("A\r\nB\u202e", " T\nitle ", "2026-05-01T10:00", "Po\x00st", "javascript:x")
    expected = Article("n/a.txt", "T itle", "2026-05-01", "Post", None, "A\nB")
    assert finish(candidate_from("n/a.txt", b""), draft) == (expected, (REMOVED,))


def test_a_file_without_title_and_date_takes_them_from_its_name() -> None:
    """A line's file name says nothing about the line."""
    article, _ = finish(candidate_from("n/2026-05-01-ferry_opens.md", b""), Draft("Text"))
    assert (article.article_id, article.title, article.date) == (
        "n/2026-05-01-ferry_opens.md",
        "ferry opens",
        "2026-05-01",
    )
    line, _ = finish(candidate_from("2026-05-01.jsonl", b"", "x7"), Draft("Text"))
    assert (line.article_id, line.title, line.date) == ("x7", "Text", None)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("\n Ferry\nopens ", "Ferry opens"),
        ("a" * 80, "a" * 80),
        ("a" * 100, "a" * 80),
        ("a" * 78 + " bc", "a" * 78),
        ("a" * 77 + " bc\nd", "a" * 77 + " bc"),
    ],
)
def test_a_line_without_title_begins_with_its_first_words(text: str, title: str) -> None:
    """At most 80 characters, up to the end of a word."""
    assert finish(candidate_from("a.jsonl", b"", "1"), Draft(text))[0].title == title


@pytest.mark.parametrize(
    ("text", "date", "start"),
    [
        ("K\ufffdnig", None, "has characters that cannot be read"),
        ("A\0", None, "had characters that nobody sees"),
        ("A\u202eB", "2031/01/02", "had characters that nobody sees"),
        ("A", "02.01.2031", "states a date that is not understood"),
        ("A", "2031-02-30", "states a date that is not understood"),
    ],
)
def test_what_is_lost_is_noted(text: str, date: str | None, start: str) -> None:
    """Once, however often it is in the text."""
    _, (note,) = finish(candidate_from("a.txt", b""), Draft(text * 2, date=date))
    assert note.startswith(start)


def test_nothing_is_noted_where_nothing_of_worth_is_lost() -> None:
    """Escapes of a terminal, line ends, and the marks of direction that Hebrew and Arabic texts are full of."""
    draft = Draft("A\r\n\x1bB\u200f", date="2031/1/2", notes=["is a draft"])
    article, notes = finish(candidate_from("a.txt", b""), draft)
    assert (article.text, article.date, notes) == ("A\nB", "2031-01-02", ("is a draft",))


@pytest.mark.parametrize("text", ["", " \n\t", "\u202e\x00"])
def test_an_article_without_text_is_refused(text: str) -> None:
    """Also when nothing is left after cleaning."""
    with pytest.raises(InputError, match="is empty; "):
        finish(candidate_from("a.txt", b""), Draft(text, "Title"))
