"""Candidates become articles."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.articles import ArticleReader, Candidate, scan_source
from qa.articles.candidate import candidate_from
from qa.errors import InputError
from qa.types import Article


@pytest.fixture(scope="module")
def reader() -> Iterator[ArticleReader]:
    """Yield a reader with its usual limits."""
    with ArticleReader() as reader:
        yield reader


def test_every_kind_of_candidate_is_read(reader: ArticleReader) -> None:
    """By its suffix; a line by its id."""
    html = b"<html><head><title>Ferry</title></head><body><article><p>Text of a page.</p></article></body></html>"
    line = b'{"id": "7", "title": "Ferry", "text": "Text."}'
    assert reader.read(candidate_from("a.TXT", b"date 2026-05-01 Ferry\nText.")) == Article(
        "a.TXT", "Ferry", "2026-05-01", None, None, "Text."
    )
    assert reader.read(candidate_from("a.md", b"# Ferry\nText.")).title == "Ferry"
    assert reader.read(candidate_from("2026-05-01.htm", html)) == Article(
        "2026-05-01.htm", "Ferry", "2026-05-01", None, None, "Text of a page."
    )
    assert reader.read(candidate_from("a.jsonl", line, "7")) == Article("7", "Ferry", None, None, None, "Text.")


def test_reasons_are_clauses_about_the_file(reader: ArticleReader) -> None:
    """What is wrong, and after a semicolon what to do."""
    for path, data in (
        ("a.txt", b" "),
        ("a.md", b"\x00"),
        ("a.html", b"<html></html>"),
        ("a.pdf", b"x"),
        ("a.odt", b"x"),
    ):
        with pytest.raises(InputError, match=r"^(is|has) [^\n]*; [^\n]*$"):
            reader.read(candidate_from(path, data))


def test_texts_hold_nothing_that_a_store_or_a_screen_chokes_on(reader: ArticleReader) -> None:
    """However it was written: raw, as a reference, as an escape."""
    html = b"<html><body><p>Text&#27;[31m &#x202e;of&#xe0041; a page.</p></body></html>"
    line = b'{"id": "7", "text": "Text\\u001b[31m \\u202eof\\udb40\\udc41\\ud800 a page."}'
    texts = [
        reader.read(candidate_from("a.txt", "Text\x1b[31m \u202eof\U000e0041 a page.".encode())).text,
        reader.read(candidate_from("a.html", html)).text,
        reader.read(candidate_from("a.jsonl", line, "7")).text,
    ]
    assert texts == ["Text[31m of a page."] * 3


def test_the_seeds_are_articles(reader: ArticleReader) -> None:
    """Each with its date, its headline and a body that begins after the date line."""
    seeds = Path(__file__).parent.parent / "seeds"
    candidates = [found for found in scan_source(seeds) if isinstance(found, Candidate)]
    assert candidates
    for candidate in candidates:
        article = reader.read(candidate)
        first, _, body = candidate.data.decode().partition("\n")
        assert first == f"date {article.date} {article.title}"
        assert article.text == body
