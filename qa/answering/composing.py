"""Answers and refusals as values: what has been found, generated and cited so far, put together."""

import time
from collections.abc import Sequence
from dataclasses import replace

from qa.answering.citations import CitedText
from qa.answering.evidence import Evidence
from qa.answering.refusal import missing_words, refusal_text
from qa.types import Answer, Nearest, Withheld


def refused(answer: Answer, asked: str, nearest: tuple[Nearest, ...], began: float) -> Answer:
    """A refusal that helps: which words of what was ``asked`` no passage holds, and which articles come nearest."""
    missing = missing_words(asked, answer.passages)
    why = f"No passage found mentions: {missing}." if missing else "No passage found answers this question."
    return replace(
        answer,
        text=refusal_text(nearest),
        abstained=True,
        reason=" ".join(filter(None, (answer.reason, why))),
        missing=missing,
        nearest=nearest,
        timings=replace(answer.timings, total_ms=milliseconds_since(began)),
    )


def add_quotes(cited: CitedText, evidence: Sequence[Evidence], score: float) -> None:
    """Let the sentences of evidence speak for themselves."""
    for found in evidence:
        cited.add(found.text, found.hit, found.span, score, "quoted")


def grown(answer: Answer, cited: CitedText, withheld: Sequence[Withheld], began: float) -> Answer:
    """The answer with what has been cited so far; the first text to be shown is timed."""
    first = answer.timings.first_token_ms
    if first is None and cited.sentences:
        first = milliseconds_since(began)
    return replace(
        answer,
        text=cited.text,
        as_of=cited.as_of,
        sentences=tuple(cited.sentences),
        withheld=tuple(withheld),
        citations=tuple(cited.citations),
        timings=replace(answer.timings, first_token_ms=first),
    )


def milliseconds_since(began: float) -> float:
    """Milliseconds since a reading of the performance counter."""
    return round((time.perf_counter() - began) * 1000, 1)
