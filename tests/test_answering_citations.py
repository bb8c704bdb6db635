"""Quotes and their numbers."""

from dataclasses import replace

from qa.answering.citations import CitedText
from qa.types import Citation, Hit, Sentence, Span

TEXT = "The bridge reopened. The work cost 48 million crowns."
FIRST, SECOND = Span(100, 120), Span(121, 153)


def hit(article_id: str, date: str | None = None) -> Hit:
    """A passage that begins at 100 in its article."""
    return Hit(
        article_id,
        f"Title of {article_id}",
        date,
        "Courier",
        "https://courier.example/1",
        TEXT,
        100,
        100 + len(TEXT),
        1.0,
        1,
    )


def test_numbers_follow_first_use_and_a_quote_keeps_its_own() -> None:
    """The same span of another article is another quote."""
    cited = CitedText()
    for article_id, span in (("b", FIRST), ("a", SECOND), ("a", FIRST), ("a", SECOND)):
        cited.add("Open.", hit(article_id), span, 0.9, "generated")
    assert [(c.number, c.article_id, c.start) for c in cited.citations] == [(1, "b", 100), (2, "a", 121), (3, "a", 100)]
    assert [s.citations for s in cited.sentences] == [(1,), (2,), (3,), (2,)]
    assert cited.text == "Open. [1] Open. [2] Open. [3] Open. [2]"


def test_a_citation_says_the_page_on_which_it_begins() -> None:
    """An empty page begins where the next one does; what has no pages says nothing."""
    for pages, page in (
        ((), None),
        ((0,), 1),
        ((0, 100), 2),
        ((0, 101), 1),
        ((0, 50, 50, 120, 200), 3),
        ((0, 99, 100), 3),
    ):
        cited = CitedText()
        cited.add("Open.", replace(hit("a"), pages=pages), FIRST, 0.9, "generated")
        assert cited.citations[0].page == page


def test_a_citation_carries_the_row_of_its_article_and_the_slice_it_quotes() -> None:
    """Title, date, source and address come from the library, never from a model."""
    cited = CitedText()
    cited.add("It cost 48 million.", hit("a", "2031-04-02"), SECOND, 0.91239, "generated")
    assert cited.citations == [
        Citation(
            1,
            "a",
            "Title of a",
            "2031-04-02",
            "Courier",
            "https://courier.example/1",
            "The work cost 48 million crowns.",
            121,
            153,
        )
    ]
    assert cited.sentences == [Sentence("It cost 48 million.", (1,), True, 0.9124, "generated")]


def test_as_of_is_the_newest_date_among_the_citations() -> None:
    """Undated ones do not count; without any there is none."""
    cited = CitedText()
    assert cited.as_of is None
    for article_id, date, newest in (
        ("a", None, None),
        ("b", "2031-04-02", "2031-04-02"),
        ("c", "2030-12-31", "2031-04-02"),
    ):
        cited.add("Open.", hit(article_id, date), FIRST, 1.0, "quoted")
        assert cited.as_of == newest


def test_no_mark_is_left_in_a_sentence() -> None:
    """What an article writes in square brackets gets round ones; blanks and line ends become single blanks."""
    cited = CitedText()
    cited.add(" As shown [1], it\n cost  48 [2, 3]. ", hit("a"), FIRST, 1.0, "quoted")
    assert cited.sentences[0].text == "As shown (1), it cost 48 (2, 3)."
    assert cited.text == "As shown (1), it cost 48 (2, 3). [1]"


def test_the_short_answer_stands_in_a_cited_quote() -> None:
    """The first candidate that does, or none."""
    cited = CitedText()
    assert cited.short_answer(["48 million"]) is None
    cited.add("It cost 48 million.", hit("a"), SECOND, 1.0, "generated")
    assert cited.short_answer(["", "reopened", "48 million", "crowns"]) == "48 million"
    assert cited.short_answer(["reopened"]) is None
    assert cited.short_answer(["8 million", "THE WORK"]) == "The work"
