"""Drafts are shown or withheld."""

from collections.abc import Iterator, Sequence

from qa.answering.checking import Checked, checked
from qa.answering.drafting import Draft
from qa.answering.evidence import Evidence
from qa.types import Hit, Span
from tests.conftest import WordEmbedder

BRIDGE = "The bridge reopened on Wednesday. The work cost 48 million crowns."
FROST = "A frost destroyed the cherries. Growers asked for nine million crowns."


def hit(article_id: str, text: str) -> Hit:
    """A passage that is a whole article."""
    return Hit(article_id, "", None, None, None, text, 0, len(text), 1.0, 1)


HITS = [hit("bridge", BRIDGE), hit("frost", FROST)]
EVIDENCE = [Evidence(HITS[0], Span(34, 66), "48 million", 4.0)]


def check(*drafts: Draft, evidence: Sequence[Evidence] = EVIDENCE) -> list[Checked]:
    """Check drafts against both passages."""
    return list(checked(iter(drafts), HITS, evidence, WordEmbedder(), 0.6))


def test_a_supported_sentence_that_answers_is_shown_with_its_quote() -> None:
    """By the passage its mark names, by another where the mark is wrong or missing."""
    for marks in ((1,), (2,), (), (2, 1)):
        (found,) = check(Draft("The work cost 48 million crowns.", marks))
        assert found.shown
        assert found.support is not None
        assert (found.support.hit.article_id, found.support.span, found.score) == ("bridge", Span(34, 66), 1.0)


def test_its_own_mark_comes_before_a_better_quote() -> None:
    """Where the passage it names supports it well enough."""
    hits = [hit("long", "The work cost 48 million crowns in all."), hit("short", "The work cost 48 million crowns.")]
    for mark, article_id in ((1, "long"), (2, "short")):
        (found,) = checked(
            iter([Draft("The work cost 48 million crowns.", (mark,))]), hits, EVIDENCE, WordEmbedder(), 0.6
        )
        assert found.support is not None
        assert found.support.hit.article_id == article_id


def test_what_no_passage_says_is_withheld() -> None:
    """Whatever it cites."""
    (found,) = check(Draft("The work cost 49 million crowns.", (1,)))
    assert (found.shown, found.score) == (False, 0.0)


def test_a_sentence_must_give_the_answer() -> None:
    """A true one beside the point is withheld, before it and after it, with the score of its support."""
    beside, answer = Draft("A frost destroyed the cherries.", (2,)), Draft("The work cost 48 million crowns.", (1,))
    assert [(found.shown, found.score) for found in check(beside, answer, beside)] == [
        (False, 1.0),
        (True, 1.0),
        (False, 1.0),
    ]


def test_nothing_is_asked_for_after_three_shown_sentences() -> None:
    """Withheld ones do not count; the drafts are left where they are."""
    taken = []

    def drafts() -> Iterator[Draft]:
        for number in range(9):
            taken.append(number)
            yield Draft("The work cost 49 million crowns." if number == 1 else "The work cost 48 million crowns.", ())

    found = list(checked(drafts(), HITS, EVIDENCE, WordEmbedder(), 0.6))
    assert [one.shown for one in found] == [True, False, True, True]
    assert taken == [0, 1, 2, 3]


def test_without_passages_or_drafts_nothing_is_shown() -> None:
    """A draft that nothing supports scores 0."""
    assert check() == []
    assert list(checked(iter([Draft("It cost 48 million.", ())]), [], EVIDENCE, WordEmbedder(), 0.6)) == [
        Checked("It cost 48 million.", None, False)
    ]
    assert Checked("It cost 48 million.", None, False).score == 0.0
