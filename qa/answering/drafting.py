"""The generator's reply, sentence by sentence, each with the marks it carries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.answering.marks import take_marks
from qa.language.sentences import sentence_spans

_MARKS = re.compile(r"(?:\s*[\[【(][\d,\s]*[\]】)])*")
_ONLY_MARKS = re.compile(r"(?:\s*[\[【(][\d,\s]*[\]】)])*\s*(?:[\[【(][\d,\s]*)?")
"""Marks behind a full stop, the last of them perhaps still being written."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence the generator wrote, without marks, and the passages, 1..n, it names for it."""

    text: str
    marks: tuple[int, ...]


def drafts(pieces: Iterator[str], known: int) -> Iterator[Draft]:
    """Sentences as soon as they are complete; ``known`` is the number of passages the generator was given.

    A sentence is complete when the next one has begun with a word: marks may stand behind the full stop.
    """
    written, done = "", 0
    for piece in pieces:
        written += piece
        spans = sentence_spans(written[done:])
        for span in spans[:-1]:
            if not _ONLY_MARKS.fullmatch(written, done + span.end):
                draft, length = _draft(written[done:], span.end, known)
                yield draft
                done += length
                break
    while written[done:].strip():
        spans = sentence_spans(written[done:])
        draft, length = _draft(written[done:], spans[0].end, known)
        if draft.text:
            yield draft
        done += length


def _draft(text: str, end: int, known: int) -> tuple[Draft, int]:
    """The sentence that ends at ``end`` with the marks that follow it, and where the next one begins."""
    marks = _MARKS.match(text, end)
    following = marks.end() if marks else end
    return Draft(*take_marks(text[:following], known)), following
