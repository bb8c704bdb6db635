"""The answers to the parts of a question, as one answer: what is known is said, and what is not is named."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from qa.answering.citations import text_of
from qa.types import Answer, Citation, Hit, Sentence


def as_one(question: str, standalone: str, parts: Sequence[Answer]) -> Answer:
    """The parts in their order, their citations numbered through; refused parts are named in the reason.

    At least one part is answered, and all count their times from the same beginning. The confidence is the mean of the parts'.
    """
    said = [part for part in parts if not part.abstained]
    places: dict[int, int] = {}  # of passages, by their ids
    passages: list[Hit] = []
    for hit in (hit for part in parts for hit in part.passages):
        if hit.passage_id not in places:
            places[hit.passage_id] = len(passages)
            passages.append(hit)
    citations: list[Citation] = []
    sentences: list[Sentence] = []
    conflicts = []
    for part in said:
        numbers = {citation.number: _number(citation, citations) for citation in part.citations}
        for sentence in part.sentences:
            told = replace(sentence, citations=tuple(numbers[n] for n in sentence.citations))
            if all((told.text, told.citations) != (other.text, other.citations) for other in sentences):
                sentences.append(told)  # one sentence may answer two parts, and is said once
        conflicts += [replace(conflict, citation=numbers[conflict.citation]) for conflict in part.conflicts]
    missing = list(dict.fromkeys(part.missing for part in parts if part.missing))
    reasons = [f"The articles do not say: {part.question}?" if part.abstained else part.reason for part in parts]
    first = next((part.timings.first_token_ms for part in said if part.timings.first_token_ms is not None), None)
    ranged = next((part for part in said if part.since or part.until), said[0])

    def places_of(indices: Sequence[tuple[Answer, int]]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(places[part.passages[index].passage_id] for part, index in indices))

    return replace(
        said[0],
        question=question,
        standalone_question=standalone,
        text=text_of(sentences),
        short_answer=said[0].short_answer if len(said) == 1 else None,
        reason=" ".join(dict.fromkeys(filter(None, reasons))) or None,
        confidence=round(fmean(part.confidence for part in parts), 4),
        missing=", ".join(missing) or None,
        as_of=max((citation.date for citation in citations if citation.date), default=None),
        since=ranged.since,
        until=ranged.until,
        sentences=tuple(sentences),
        withheld=tuple(one for part in parts for one in part.withheld),
        conflicts=tuple(conflicts),
        citations=tuple(citations),
        passages=tuple(passages),
        prompted=places_of([(part, index) for part in parts for index in part.prompted]),
        cut=places_of([(part, index) for part in parts for index in part.cut]),
        timings=replace(parts[0].timings, first_token_ms=first, total_ms=parts[-1].timings.total_ms),
    )


def _number(citation: Citation, known: list[Citation]) -> int:
    """The number of a quote among those known; a new one is added."""
    for other in known:
        if (other.article_id, other.start, other.end) == (citation.article_id, citation.start, citation.end):
            return other.number
    known.append(replace(citation, number=len(known) + 1))
    return len(known)
