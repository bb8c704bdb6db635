"""How likely the generator finds the answers of the evidence."""

import math
from collections.abc import Sequence

import pytest

from qa.answering.evidence import Evidence
from qa.answering.prompt import NOT_SAID
from qa.answering.weighing import MOST_WEIGHED, of_a_word, weighed
from qa.types import Hit, Span

BOTH = {"strength": 1.0, "likelihood": 1.0}
FIRST, SECOND, THIRD = (
    Hit(name, "Bridge", None, None, None, text, 0, len(text), 1.0, rank)
    for rank, (name, text) in enumerate(
        {"a": "It cost 48 crowns.", "b": "It cost 50 crowns.", "c": "Nobody knows."}.items()
    )
)


def found(hit: Hit, answer: str, strength: float) -> Evidence:
    """Evidence whose sentence is the whole hit."""
    return Evidence(hit, Span(0, len(hit.text)), answer, strength)


EVIDENCE = [found(FIRST, "48 crowns", 2.0), found(THIRD, "Nobody", 1.5), found(SECOND, "50 crowns", 1.0)]


class Scale:
    """Gives each reply its logarithm by a table and remembers what it was asked."""

    def __init__(self, table: dict[str, float]) -> None:
        self.table, self.asked = table, list[str]()

    def __call__(self, replies: Sequence[str]) -> list[float]:
        """The logarithms of replies."""
        self.asked += replies
        return [self.table[reply] for reply in replies]


def test_an_answer_is_weighed_as_the_reply_that_gives_it() -> None:
    """With the number of its passage in the prompt; evidence outside of the prompt is not weighed."""
    scale = Scale({NOT_SAID: -3.0, "48 crowns [2]": -4.0, "50 crowns [1]": -1.0})
    result = weighed(EVIDENCE, [SECOND, FIRST], scale, BOTH)
    assert scale.asked == [NOT_SAID, "48 crowns [2]", "50 crowns [1]"]
    assert result is not None
    # Two words and the mark, which counts for two: 1 - 1/4 and 2 - 4/4.
    assert [(e.answer, e.strength) for e in result.evidence] == [("48 crowns", 1.0), ("50 crowns", 0.75)]
    assert result.odds == pytest.approx(math.log(math.exp(-4) + math.exp(-1)) + 3)


def test_the_weights_decide_what_counts() -> None:
    """The strength alone leaves the order as it was."""
    scale = Scale({NOT_SAID: -3.0, "48 crowns [1]": -9.0, "50 crowns [2]": -1.0})
    result = weighed(EVIDENCE, [FIRST, SECOND], scale, {"strength": 1.0, "likelihood": 0.0})
    assert result is not None
    assert [e.answer for e in result.evidence] == ["48 crowns", "50 crowns"]


def test_a_long_answer_is_not_the_worse_for_its_length() -> None:
    """The likelihood counts by the word, and never below -3."""
    assert of_a_word("48 crowns", -4.0) == of_a_word("forty eight crowns and six", -7.0) == -1.0
    assert of_a_word("48 crowns", -400.0) == -3.0


def test_far_odds_are_cut() -> None:
    """So that one figure cannot outweigh all others; nor can it overflow."""
    for answer, none, odds in ((-1.0, -900.0, 12.0), (-900.0, -1.0, -12.0)):
        result = weighed(EVIDENCE[:1], [FIRST], Scale({NOT_SAID: none, "48 crowns [1]": answer}), BOTH)
        assert result is not None
        assert result.odds == odds


def test_only_so_many_are_weighed() -> None:
    """The strongest."""
    many = [found(FIRST, f"answer {n}", -float(n)) for n in range(MOST_WEIGHED + 3)]
    scale = Scale({NOT_SAID: 0.0} | {f"answer {n} [1]": -1.0 for n in range(MOST_WEIGHED + 3)})
    result = weighed(many, [FIRST], scale, BOTH)
    assert result is not None
    assert [e.answer for e in result.evidence] == [f"answer {n}" for n in range(MOST_WEIGHED)]


def test_nothing_is_weighed_without_an_answer_or_by_a_model_that_cannot() -> None:
    """No evidence in the prompt; a model that says nothing of replies."""
    assert weighed(EVIDENCE[:1], [SECOND], Scale({}), BOTH) is None
    assert weighed(EVIDENCE, [FIRST], lambda _: None, BOTH) is None
