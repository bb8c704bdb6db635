"""Every sentence the generator drafts is shown or withheld, by what the passages say and by what was asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.answering.drafting import Draft
from qa.answering.evidence import Evidence, answers_with
from qa.answering.support import Support, best_support
from qa.types import Embedder, Hit

MOST_SHOWN = 3  # sentences of one answer


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft with the quote that supports it best, and whether it may be shown."""

    text: str
    support: Support | None
    shown: bool

    @property
    def score(self) -> float:
        """The score of the support check."""
        return self.support.score if self.support else 0.0


def checked(
    drafts: Iterator[Draft],
    passages: Sequence[Hit],
    evidence: Sequence[Evidence],
    embedder: Embedder,
    support_above: float,
) -> Iterator[Checked]:
    """Check drafts one by one until MOST_SHOWN may be shown.

    A draft's own marks are tried first; where the passages they name do not support it, all others are. A sentence must
    also give an answer that the evidence gives: a true sentence beside the point is no answer.
    """
    shown = 0
    for draft in drafts:
        support = best_support(draft.text, [passages[mark - 1] for mark in draft.marks], embedder)
        if support is None or support.score < support_above:
            support = best_support(draft.text, passages, embedder)
        supported = support is not None and support.score >= support_above
        accepted = supported and answers_with(draft.text, evidence)
        shown += accepted
        yield Checked(draft.text, support, accepted)
        if shown == MOST_SHOWN:
            return
