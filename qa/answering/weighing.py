"""How likely the generator finds each answer of the evidence, and that there is none: its own word, without writing.

Only for a model that was trained to reply in a few words of a passage or with NOT_SAID; the probability of a reply then
is that of an answer. Every reply is read behind one prompt, the one that an answer is generated from afterwards.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from qa.answering.evidence import Evidence
from qa.answering.prompt import NOT_SAID
from qa.types import Hit

MOST_WEIGHED = 8  # answers; each costs as much as writing two or three tokens
_MARK = 2  # words that "[1]" and the end of the reply count for
_LEAST = -3.0
_WIDEST = 12.0  # logits beyond which odds say no more


@dataclass(frozen=True, slots=True)
class Weighed:
    """The evidence with its strength counted anew, best first, and the log odds of an answer against none."""

    evidence: list[Evidence]
    odds: float


def weighed(
    evidence: Sequence[Evidence],
    used: Sequence[Hit],
    weigh: Callable[[Sequence[str]], Sequence[float] | None],
    weights: Mapping[str, float],
) -> Weighed | None:
    """The evidence in the prompt's passages, ``used``, by what ``weigh`` says of its answers; None where it says nothing.

    ``weigh`` gives the logarithms of the probabilities of replies. ``weights`` are those of a logistic regression over
    differences of ``strength`` and ``likelihood`` between two answers to one question; the likelihood is that of a word,
    so that a longer answer is not the worse for its length.
    """
    chosen = [e for e in evidence if e.hit in used][:MOST_WEIGHED]
    said = weigh([NOT_SAID, *(f"{e.answer} [{used.index(e.hit) + 1}]" for e in chosen)]) if chosen else None
    if said is None:
        return None
    none, *likelihoods = said
    stronger = [
        replace(e, strength=weights["strength"] * e.strength + weights["likelihood"] * of_a_word(e.answer, likelihood))
        for e, likelihood in zip(chosen, likelihoods, strict=True)
    ]
    most = max(likelihoods)
    odds = most + math.log(sum(math.exp(likelihood - most) for likelihood in likelihoods)) - none
    return Weighed(sorted(stronger, key=lambda e: -e.strength), max(-_WIDEST, min(_WIDEST, odds)))


def of_a_word(answer: str, likelihood: float) -> float:
    """The likelihood of an answer and its mark for each of their words, at least _LEAST."""
    return max(_LEAST, likelihood / (len(answer.split()) + _MARK))
