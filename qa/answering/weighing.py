"""How likely the generator finds each answer of the evidence, and that there is none: its own word, without writing.

Only for a model that was trained to reply in a few words of a passage or with NOT_SAID; the probability of a reply then
is that of an answer. Every reply is read behind one prompt, the one that an answer is generated from afterwards.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from qa.answering.drafting import Draft
from qa.answering.evidence import Evidence, sentences_around
from qa.answering.prompt import NOT_SAID
from qa.types import Hit

MOST_WEIGHED = 8  # answers; each costs as much as writing two or three tokens
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
    differences of ``strength`` and ``likelihood`` between two answers to one question.
    """
    chosen = [e for e in evidence if e.hit in used][:MOST_WEIGHED]
    said = weigh([NOT_SAID, *(f"{e.answer} [{used.index(e.hit) + 1}]" for e in chosen)]) if chosen else None
    if said is None:
        return None
    none, *likelihoods = said
    stronger = [
        replace(e, strength=weights["strength"] * e.strength + weights["likelihood"] * likelihood)
        for e, likelihood in zip(chosen, likelihoods, strict=True)
    ]
    most = max(likelihoods)
    odds = most + math.log(sum(math.exp(likelihood - most) for likelihood in likelihoods)) - none
    return Weighed(sorted(stronger, key=lambda e: -e.strength), max(-_WIDEST, min(_WIDEST, odds)))


def in_its_sentence(draft: Draft, used: Sequence[Hit], evidence: Sequence[Evidence]) -> Evidence | None:
    """A reply's few words as evidence, where they stand word for word in the passage it names; else None.

    It is as strong as what the reader found in the same sentence, or as the weakest of all.
    """
    words = draft.text.rstrip(".")
    for hit in (used[mark - 1] for mark in draft.marks):
        at = hit.text.find(words)
        if at >= 0:
            span = sentences_around(hit, hit.start + at, hit.start + at + len(words))
            beside = [e.strength for e in evidence if e.hit == hit and e.span == span]
            return Evidence(hit, span, words, max(beside, default=min(e.strength for e in evidence)))
    return None
