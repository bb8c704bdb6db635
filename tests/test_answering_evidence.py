"""What the passages hold for a question."""

import pytest

from qa.answering.evidence import Evidence, answers_with, find_evidence, newest_first
from qa.types import Hit, Reading, Span
from tests.conftest import WordReader

TEXT = "The bridge reopened. The work cost 48 million crowns. It rained."
ANSWER = (TEXT.index("48"), TEXT.index(" crowns"))


def hit(article_id: str = "a", text: str = TEXT, start: int = 0, date: str | None = None) -> Hit:
    """A passage."""
    return Hit(article_id, "Bridge", date, None, None, text, start, start + len(text), 1.0, start)


def evidence(answer: str, margin: float, date: str | None = None) -> Evidence:
    """Evidence whose sentence is its answer."""
    return Evidence(hit(text=answer, date=date), Span(0, len(answer)), answer, margin)


class TableReader:
    """Reads from a table: article id to start, end and margin."""

    def __init__(self, **table: tuple[int, int, float]) -> None:
        self.table = table

    def read(self, question: str, hits: list[Hit]) -> list[Reading]:
        """One entry of the table for each hit."""
        return [Reading(*self.table[hit.article_id]) for hit in hits]


def test_an_answer_brings_its_whole_sentence() -> None:
    """In the indices of the stored text, wherever the passage begins in it."""
    found = find_evidence("cost?", [hit(start=70)], TableReader(a=(70 + ANSWER[0], 70 + ANSWER[1], 2.0)))
    assert [(e.answer, e.text, e.span, e.margin) for e in found] == [
        ("48 million", "The work cost 48 million crowns.", Span(70 + 21, 70 + 53), 2.0)
    ]


def test_an_answer_over_a_full_stop_brings_both_sentences() -> None:
    """Never half of one."""
    assert (
        find_evidence("?", [hit()], TableReader(a=(4, 25, 0.0)))[0].text
        == "The bridge reopened. The work cost 48 million crowns."
    )


def test_the_best_comes_first_and_ranks_break_near_ties() -> None:
    """Each rank costs 0.15: a margin 0.1 better one rank later does not win, one 0.2 better does."""
    hits = [hit("a"), hit("b")]
    for better, order in ((0.1, "ab"), (0.2, "ba")):
        found = find_evidence("?", hits, TableReader(a=(0, 3, 1.0), b=(0, 3, 1.0 + better)))
        assert "".join(e.hit.article_id for e in found) == order


def test_a_sentence_in_two_overlapping_passages_counts_once() -> None:
    """With its better reading."""
    later = hit(text=TEXT[21:], start=21)
    reader = TableReader(a=(ANSWER[0], ANSWER[1], 1.0))
    assert len(find_evidence("?", [hit(), later], reader)) == 1
    assert find_evidence("?", [], reader) == []


def test_the_fake_reader_is_what_it_says() -> None:
    """Two of the three stems of the question stand in the second sentence: 10 * 2/3 - 5."""
    found = find_evidence("What did the work cost Hallin?", [hit()], WordReader())[0]
    assert (found.text, found.margin) == ("The work cost 48 million crowns.", pytest.approx(10 * 2 / 3 - 5))


def test_the_newest_goes_first_among_what_is_as_good() -> None:
    """Within three logits of the best; the rest stays behind in its order."""
    old, new, undated, far = (
        evidence("x", 5, "2031-01-01"),
        evidence("x", 2, "2031-06-01"),
        evidence("x", 3),
        evidence("x", 1.9, "2032-01-01"),
    )
    assert newest_first([old, undated, new, far]) == [new, old, undated, far]


@pytest.mark.parametrize(
    ("sentence", "answers"),
    [
        ("It cost 48 million.", True),
        ("It cost forty-eight million.", True),
        ("It cost 49 million.", False),
        ("The bridge reopened.", False),
        ("Edda Quist opened it.", True),  # half of the stems of the second answer
        ("Hallin is a valley.", False),  # the third answer is more than two logits behind
    ],
)
def test_a_sentence_answers_with_the_numbers_or_half_the_words_of_good_evidence(sentence: str, answers: bool) -> None:
    """Answers: "48 million crowns", "Mayor Edda Quist of Lindal", and far behind "Hallin"."""
    found = [evidence("48 million crowns", 4.0), evidence("Mayor Edda Quist of Lindal", 2.0), evidence("Hallin", 1.9)]
    assert answers_with(sentence, found) is answers
    assert answers_with(sentence, []) is False
