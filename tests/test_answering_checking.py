"""Drafts are shown or withheld."""

from collections.abc import Sequence

from qa.answering.checking import Checked, checked
from qa.answering.drafting import Draft
from qa.answering.evidence import Evidence
from qa.answering.prompt import NOT_SAID
from qa.types import Hit, Span
from tests.conftest import WordReader

BRIDGE = "The bridge reopened on Wednesday. The work cost 48 million crowns."
FROST = "A frost destroyed the cherries. Growers asked for nine million crowns."


def hit(article_id: str, text: str) -> Hit:
    """A passage that is a whole article."""
    return Hit(article_id, "", None, None, None, text, 0, len(text), 1.0, 1)


HITS = [hit("bridge", BRIDGE), hit("frost", FROST)]
EVIDENCE = [Evidence(HITS[0], Span(34, 66), "48 million", 4.0)]


def check(*drafts: Draft, evidence: Sequence[Evidence] = EVIDENCE) -> list[Checked]:
    """Check drafts against both passages."""
    return list(checked(iter(drafts), HITS, evidence, WordReader(), 0.6, 1.0))


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
            iter([Draft("The work cost 48 million crowns.", (mark,))]), hits, EVIDENCE, WordReader(), 0.6, 1.0
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


def test_what_was_shown_is_not_said_again() -> None:
    """In the same words, whatever their order and form; a sentence with others is shown."""
    told = "The work cost 48 million crowns."
    drafts = [Draft(text, ()) for text in (told, told, "48 million crowns the work cost.", "48 million crowns.")]
    assert [found.text for found in check(*drafts)] == [told, "48 million crowns."]


def test_nothing_is_asked_for_after_three_shown_sentences() -> None:
    """Withheld ones do not count; the drafts are left where they are."""
    said = [
        "The work cost 48 million crowns.",
        "The work cost 49 million crowns.",
        "48 million crowns.",
        "48 million.",
        "More.",
    ]
    drafts = iter([Draft(text, ()) for text in said])
    found = list(checked(drafts, HITS, EVIDENCE, WordReader(), 0.6, 1.0))
    assert [one.shown for one in found] == [True, False, True, True]
    assert next(drafts).text == "More."


def test_a_few_words_rest_on_the_sentence_they_stand_in() -> None:
    """That of the strongest evidence, whatever passage they name, and end like a sentence; a long part is not brief."""
    long = "The work on the bridge that the town had waited for cost 48 million crowns."
    hits = [hit("cost", "Ten towns gave 48 million crowns."), hit("long", long)]
    found = [Evidence(hits[1], Span(0, len(long)), "48 million", 4.0), Evidence(hits[0], Span(0, 33), "Ten towns", 3.5)]
    for text, brief in (("48 million crowns", True), ("the town had waited for so long cost 48 million crowns", False)):
        (shown,) = checked(iter([Draft(text, (1,))]), hits, found, WordReader(), 0.6, 1.0)
        assert (shown.text, shown.shown, shown.brief) == (f"{text}.", True, brief)
        assert shown.support is not None
        assert shown.support.text == long
    assert not check(Draft("The work cost 48 million crowns.", (1,)))[0].brief


def test_a_reply_that_declines_is_known() -> None:
    """Whatever its case and marks; it is never shown."""
    for text in (NOT_SAID, NOT_SAID.upper().rstrip(".")):
        (found,) = check(Draft(text, ()))
        assert (found.declines, found.shown) == (True, False)
    assert not check(Draft("The work cost 48 million crowns.", (1,)))[0].declines


def test_without_passages_or_drafts_nothing_is_shown() -> None:
    """A draft that nothing supports scores 0."""
    assert check() == []
    assert list(checked(iter([Draft("It cost 48 million.", ())]), [], EVIDENCE, WordReader(), 0.6, 1.0)) == [
        Checked("It cost 48 million.", None, False, "48 million")
    ]
    assert Checked("It cost 48 million.", None, False).score == 0.0
