"""What the retrieved passages hold for a question: the reader's answers, each in its sentence, best first."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qa.language.sentences import sentence_spans
from qa.language.values import numbers
from qa.language.words import content_stems
from qa.types import Hit, Reader, Span

_TIE = 0.15  # of a logit for each rank: between equally good readings the better passage decides


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence (or a few) of a hit that holds an answer; ``answer`` stands in it word for word."""

    hit: Hit
    span: Span  # in the article's stored text, whole sentences
    answer: str
    margin: float

    @property
    def text(self) -> str:
        """The sentences as they stand in the article."""
        return self.hit.text[self.span.start - self.hit.start : self.span.end - self.hit.start]


def find_evidence(question: str, hits: Sequence[Hit], reader: Reader) -> list[Evidence]:
    """The best answer of each hit, best first; one per sentence where passages overlap."""
    found: dict[tuple[str, Span], tuple[float, Evidence]] = {}
    for rank, (hit, reading) in enumerate(zip(hits, reader.read(question, hits), strict=True)):
        span = _sentences_around(hit, reading.start, reading.end)
        answer = hit.text[reading.start - hit.start : reading.end - hit.start]
        evidence = Evidence(hit, span, answer, reading.margin)
        order = reading.margin - _TIE * rank
        if order > found.get((hit.article_id, span), (-math.inf, None))[0]:
            found[hit.article_id, span] = (order, evidence)
    return [evidence for _, evidence in sorted(found.values(), key=lambda pair: -pair[0])]


def _sentences_around(hit: Hit, start: int, end: int) -> Span:
    """The sentences of a hit that the span touches, in the article's indices."""
    touched = [s for s in sentence_spans(hit.text) if s.start < end - hit.start and s.end > start - hit.start]
    return Span(hit.start + touched[0].start, hit.start + touched[-1].end) if touched else Span(hit.start, hit.end)


def newest_first(evidence: Sequence[Evidence], within: float = 3.0) -> list[Evidence]:
    """Evidence whose margin comes ``within`` so many logits of the best, newest article first, then the rest."""
    close = [e for e in evidence if e.margin >= evidence[0].margin - within]
    return sorted(close, key=lambda e: e.hit.date or "", reverse=True) + list(evidence[len(close) :])


def answers_with(sentence: str, evidence: Sequence[Evidence], within: float = 2.0) -> bool:
    """Whether a sentence gives the answer of evidence that comes ``within`` so many logits of the best.

    Its numbers must be there, or where it has none, half of its stems.
    """
    for found in evidence:
        if found.margin >= evidence[0].margin - within:
            asked_numbers, stems = numbers(found.answer), set(content_stems(found.answer))
            if asked_numbers and asked_numbers <= numbers(sentence):
                return True
            if not asked_numbers and stems and 2 * len(stems & set(content_stems(sentence))) >= len(stems):
                return True
    return False
