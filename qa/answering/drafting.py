"""The generator's reply, sentence by sentence, each with the marks it carries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from qa.answering.marks import take_marks
from qa.language.sentences import sentence_spans

_SENTENCE_ENDS = ".!?\"'”’)"
_MARKS = re.compile(r"(?:\s*[\[【(][\d,\s]*[\]】)])*")
_BEGUN = re.compile(r"(?:\s*[\[【(][\d,\s]*[\]】)])*+\s*+(?![\[【(][\d,\s]*$)\W*\w")
"""A word behind a full stop and its marks, the last of which may still be being written."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence the generator wrote, without marks, and the passages, 1..n, it names for it."""

    text: str
    marks: tuple[int, ...]


def drafts(pieces: Iterator[str], known: int) -> Iterator[Draft]:
    """Sentences as soon as they are complete; ``known`` is the number of passages the generator was given.

    A sentence is complete when the next one has begun with a word, since marks may stand behind the full stop, and no
    quotation is open. It is looked for after every character, so that the size of the pieces changes nothing.
    """
    written, done = "", 0
    for character in chain.from_iterable(pieces):
        written += character
        spans = sentence_spans(written[done:]) if character.isalnum() and not _quoting(written[done:]) else ()
        if len(spans) > 1 and _BEGUN.match(written, done + spans[0].end):
            draft, length = _draft(written[done:], spans[0].end, known)
            if draft.text:
                yield draft
            done += length
    while written[done:].strip():
        spans = sentence_spans(written[done:])
        draft, length = _draft(written[done:], spans[0].end, known)
        # A model that ran out of tokens leaves its last sentence unfinished; alone, "640" may be a whole answer.
        if draft.text and (done == 0 or draft.text[-1] in _SENTENCE_ENDS):
            yield draft
        done += length


def _draft(text: str, end: int, known: int) -> tuple[Draft, int]:
    """The sentence that ends at ``end`` with the marks that follow it, and where the next one begins."""
    marks = _MARKS.match(text, end)
    following = marks.end() if marks else end
    return Draft(*take_marks(text[:following], known)), following


def _quoting(text: str) -> bool:
    """Whether a quotation is open: a full stop inside it ends no sentence of ours."""
    return text.count('"') % 2 == 1 or text.count("“") > text.count("”")
