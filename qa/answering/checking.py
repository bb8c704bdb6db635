"""Every sentence the generator drafts is shown or withheld, by what the passages say and by what was asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.answering.drafting import Draft
from qa.answering.evidence import Evidence, evidence_given, stands_in
from qa.answering.prompt import NOT_SAID
from qa.answering.support import Support, best_support
from qa.language.words import content_stems, words
from qa.types import Hit, Reader

MOST_SHOWN = 3  # sentences of one answer
_FEW = 8  # words; what is no longer is hardly a sentence
_SAME = 0.8  # share of common stems from which two sentences say the same


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft with the quote that supports it best, and whether it may be shown."""

    text: str
    support: Support | None
    shown: bool
    answer: str | None = None  # of the evidence, if it gives one

    @property
    def declines(self) -> bool:
        """Whether it says that the passages give no answer."""
        return words(self.text) == words(NOT_SAID)

    @property
    def brief(self) -> bool:
        """Whether it is no more than a few words of the sentence it rests on."""
        return self.support is not None and len(words(self.text)) <= _FEW and _is_part(self.text, self.support)

    @property
    def score(self) -> float:
        """The score of the support check."""
        return self.support.score if self.support else 0.0


def checked(
    drafts: Iterator[Draft],
    passages: Sequence[Hit],
    evidence: Sequence[Evidence],
    reader: Reader,
    support_above: float,
    within: float,
) -> Iterator[Checked]:
    """Check drafts one by one until MOST_SHOWN may be shown.

    A draft's own marks are tried first; where the passages they name do not support it, all others are. A sentence must
    also give an answer of the evidence, one that comes ``within`` so many logits of the best: a true sentence beside the
    point is no answer. A few words rest on the sentence of that evidence in which they stand.
    """
    shown: list[set[str]] = []
    for draft in drafts:
        stems = set(content_stems(draft.text))
        if any(len(stems & told) >= _SAME * len(stems | told) for told in shown):
            continue  # small models say one thing twice
        given = evidence_given(draft.text, evidence, within)
        support = Support(given.hit, given.span, 1.0) if given else None
        if support is None or not _is_part(draft.text, support):
            support = best_support(draft.text, [passages[mark - 1] for mark in draft.marks], reader)
            if support is None or support.score < support_above:
                support = best_support(draft.text, passages, reader)
        accepted = given is not None and support is not None and support.score >= support_above
        shown += [stems] if accepted else []
        # A few words end like a sentence, since others follow.
        text = f"{draft.text}." if accepted and draft.text[-1].isalnum() else draft.text
        yield Checked(text, support, accepted, given.answer if given else None)
        if len(shown) == MOST_SHOWN:
            return


def _is_part(text: str, support: Support) -> bool:
    said, quote = words(text), words(support.text)
    return len(said) < len(quote) and stands_in(said, quote)
