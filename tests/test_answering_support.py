"""Whether a passage says what a sentence says."""

import pytest

from qa.answering.support import best_support, word_cover
from qa.types import Hit
from tests.conftest import WordReader

SENTENCES = (
    "The harbour bridge of Port Lindal reopened on Wednesday.",
    "Mayor Edda Quist said the work had cost 48 million crowns.",
    "Ferry captains welcomed the shorter journey.",
    "A museum about the river opened beside the toll house.",
    "Nobody was hurt when a crane fell into the water.",
    "The council will vote on a second tunnel in June.",
)
TEXT = " ".join(SENTENCES)


def hit(text: str = TEXT, start: int = 1000, title: str = "Harbour bridge reopens") -> Hit:
    """A passage that begins somewhere in its article."""
    return Hit("bridge.txt", title, "2031-04-02", None, None, text, start, start + len(text), 1.0, 1)


def score(sentence: str, *hits: Hit) -> float:
    """The score of the best quote."""
    support = best_support(sentence, hits or [hit()], WordReader())
    assert support is not None
    return support.score


@pytest.mark.parametrize(
    "sentence",
    [
        "The work cost 48 million crowns.",
        "The work cost forty-eight million crowns.",
        "The work cost 48m crowns.",
        "The work cost 48,000,000 crowns.",
        "The bridge of Port Lindal reopened on Wednesday.",
        "Nobody was hurt when a crane fell.",
        "No one was hurt when a crane fell into the water.",
        "According to Mayor Quist, the work cost 48 million crowns.",
        *SENTENCES,
    ],
)
def test_what_the_passage_says_passes(sentence: str) -> None:
    """By its default threshold, 0.6; numbers count by value."""
    assert 0.6 <= score(sentence) <= 1.0


@pytest.mark.parametrize(
    "sentence",
    [
        "The work cost 49 million crowns.",
        "The work cost forty-nine million crowns.",
        "The work cost 48 crowns.",
        "The work cost 48 thousand crowns.",
        "Mayor Olaf Quist said the work had cost 48 million crowns.",
        "Brandt said the work had cost 48 million crowns.",
        "The work in Hallin had cost 48 million crowns.",
        "The work had not cost 48 million crowns.",
        "Mayor Edda Quist never said the work had cost 48 million crowns.",
        "",
        "...",
        "It is what it is.",
    ],
)
def test_a_number_a_name_or_a_negation_too_many_is_no_support_at_all(sentence: str) -> None:
    """However many other words agree."""
    assert score(sentence) == 0.0


@pytest.mark.parametrize(
    "sentence",
    [
        "Ferry captains will vote on a second tunnel in June.",
        "A crane fell onto the ferry captains beside the museum.",
        "The council welcomed the shorter museum.",
        "Captains from Port Lindal fell into the river in June.",
        "Somebody was hurt when a crane fell into the water.",
    ],
)
def test_words_from_far_apart_or_turned_round_do_not_make_a_statement(sentence: str) -> None:
    """A stitched sentence stays under the default threshold."""
    assert score(sentence) < 0.6


def test_a_negation_on_one_side_only_scores_nothing() -> None:
    """In either direction."""
    calm, hurt = hit("Nobody was hurt in Hallin.", 0, ""), hit("Growers were hurt in Hallin.", 0, "")
    assert score("Growers were hurt in Hallin.", calm) == 0.0
    assert score("Growers weren't hurt in Hallin.", hurt) == 0.0
    assert score("Growers were hurt in Hallin.", hurt) == 1.0


@pytest.mark.parametrize(
    "sentence", [*SENTENCES, f"{SENTENCES[0]} {SENTENCES[1]}", " ".join(SENTENCES), "The work cost 49 million crowns."]
)
def test_a_quote_is_at_most_three_whole_sentences_of_the_hit(sentence: str) -> None:
    """In the indices of the article's stored text."""
    support = best_support(sentence, [hit()], WordReader())
    assert support is not None
    quote = TEXT[support.span.start - 1000 : support.span.end - 1000]
    assert quote in {
        " ".join(SENTENCES[first:last]) for first in range(6) for last in range(first + 1, min(first + 3, 6) + 1)
    }


def test_the_quote_is_the_shortest_that_says_it_and_the_hit_the_best() -> None:
    """One sentence where one is enough, two where it takes two."""
    other = hit("The council will meet. The work goes on.", 0)
    for sentence, first, last in ((SENTENCES[1], 1, 2), (f"{SENTENCES[2][:-1]} and {SENTENCES[3]}", 2, 4)):
        support = best_support(sentence, [other, hit()], WordReader())
        assert support is not None
        assert support.hit == hit()
        assert TEXT[support.span.start - 1000 : support.span.end - 1000] == " ".join(SENTENCES[first:last])


def test_without_passages_there_is_nothing_to_quote() -> None:
    """And in one without text."""
    assert best_support("The work cost 48 million crowns.", [], WordReader()) is None
    assert best_support("The work cost 48 million crowns.", [hit("  \n ")], WordReader()) is None


@pytest.mark.parametrize(
    ("sentence", "cover"),
    [
        ("Work cost crowns.", 1.0),  # all in the quote
        ("The bridge cost crowns.", 1.0),  # "bridge" in the headline
        ("The work cost plenty.", 2 / 3),  # "plenty" nowhere
        ("The work cost Port Lindal crowns.", (3 + 2 * 0.5) / 5),  # two names elsewhere in the passage
        ("The work cost crowns in the museum.", (3 - 1) / 4),  # "museum" elsewhere: stitched
        ("The museum journey.", 0.0),  # never below nothing
    ],
)
def test_the_share_of_words_can_be_computed_by_hand(sentence: str, cover: float) -> None:
    """Of the quote "Mayor Edda Quist said the work had cost 48 million crowns."."""
    assert word_cover(sentence, SENTENCES[1], hit()) == pytest.approx(cover)
