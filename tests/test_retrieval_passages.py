"""How an article's text is cut into passages."""

import random
from itertools import pairwise

import pytest

from qa.language.sentences import sentence_spans
from qa.retrieval.passages import searchable_text, split_passages
from qa.types import Span

FIVE = "One two three. Four five six. Seven eight nine. Ten eleven twelve. End."


def passages(text: str, most_words: int, overlap: int) -> list[str]:
    """The texts of the passages."""
    return [text[span.start : span.end] for span in split_passages(text, most_words, overlap)]


def test_passages_share_a_sentence() -> None:
    """Each begins with the last sentence of the one before."""
    assert passages(FIVE, 6, 1) == [
        "One two three. Four five six.",
        "Four five six. Seven eight nine.",
        "Seven eight nine. Ten eleven twelve.",
        "Ten eleven twelve. End.",
    ]


def test_without_overlap_every_sentence_is_in_one_passage() -> None:
    """Overlap zero."""
    assert passages(FIVE, 6, 0) == ["One two three. Four five six.", "Seven eight nine. Ten eleven twelve.", "End."]


def test_an_overlap_of_two_sentences() -> None:
    """More than one sentence may be shared."""
    assert passages(FIVE, 9, 2) == [
        "One two three. Four five six. Seven eight nine.",
        "Four five six. Seven eight nine. Ten eleven twelve.",
        "Seven eight nine. Ten eleven twelve. End.",
    ]


def test_a_huge_sentence_stands_alone_and_whole() -> None:
    """It has more words than a passage may have, and is neither cut nor repeated."""
    huge = "Huge " + "and on " * 40 + "done."
    assert passages(f"Before it. {huge} After it.", 10, 1) == ["Before it.", huge, "After it."]


def test_no_overlap_where_it_would_leave_no_room() -> None:
    """A shared sentence that would fill the next passage by itself is left out."""
    assert passages("One two three. Four five six seven. Eight nine.", 5, 1) == [
        "One two three.",
        "Four five six seven.",
        "Eight nine.",
    ]


@pytest.mark.parametrize("text", ["", "  \n "])
def test_blank_text_has_no_passages(text: str) -> None:
    """Nothing in, nothing out."""
    assert split_passages(text, 10, 1) == ()


def test_the_rules_hold_for_many_texts() -> None:
    """Every sentence is in a passage; passages are whole sentences, in order, and short where they can be."""
    chance = random.Random(7)
    for _ in range(300):
        text = " ".join(" ".join(["Word"] * chance.randint(1, 9)) + "." for _ in range(chance.randint(1, 15)))
        most, overlap = chance.randint(1, 12), chance.randint(0, 3)
        sentences, found = sentence_spans(text), split_passages(text, most, overlap)
        inside = [[s for s in sentences if p.start <= s.start and s.end <= p.end] for p in found]
        assert {s for group in inside for s in group} == set(sentences)
        for passage, group in zip(found, inside, strict=True):
            assert passage == Span(group[0].start, group[-1].end)
            assert len(group) == 1 or len(text[passage.start : passage.end].split()) <= most
        assert [p.end for p in found] == sorted({p.end for p in found})
        assert all(len(set(a) & set(b)) <= overlap for a, b in pairwise(inside))


def test_a_passage_is_embedded_with_its_headline_and_date() -> None:
    """What is missing is left out."""
    assert searchable_text("Bridge", "2031-04-02", "It opened.") == "Bridge, 2031-04-02\nIt opened."
    assert searchable_text("Bridge", None, "It opened.") == "Bridge\nIt opened."
    assert searchable_text("", None, "It opened.") == "It opened."
