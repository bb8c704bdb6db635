"""What the retrieved passages hold for a question: the reader's answers, each in its sentence, best first."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qa.language.sentences import sentence_spans
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
