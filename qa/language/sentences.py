"""Where the sentences of a text begin and end."""

import re
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

from qa.types import Span

_PARAGRAPH = re.compile(r"[^\n]+(?:\n(?!\s*\n)[^\n]*)*")
_ROW = re.compile(r"\||\t|\S {2,}\S|^\s*(?:[-*•#]|\d+[.)])\s")
"""A line that stands for itself: a table row (bars, tabs, columns of blanks), a list item, a markdown heading."""
_AT_ONCE = 10_000  # characters; of text without blanks, sentencex takes time with the square of their number
_ENDS = re.compile(r".*[\s。！？]", re.DOTALL)  # the last place in a text where it may be cut
_LONGEST = 600  # characters; text without full stops is cut so that a passage can be filled evenly


def sentence_spans(text: str) -> tuple[Span, ...]:
    """Spans of the sentences of a text, in order, without surrounding blanks; rows of tables count as sentences.

    Boundaries come from the rules of sentencex (abbreviations, initials, quotes). No sentence crosses an empty line.
    """
    spans: list[Span] = []
    for paragraph in _PARAGRAPH.finditer(text):
        for start, end in _blocks(text, paragraph.start(), paragraph.end()):
            position = start
            for length in _lengths(text, start, end):
                spans.extend(_trimmed(text, position, position + length))
                position += length
            spans.extend(_trimmed(text, position, end))
    return tuple(spans)


def _lengths(text: str, start: int, end: int) -> Iterator[int]:
    """How long each sentence of a stretch is; the end of a very long stretch's parts counts as that of a sentence."""
    while start < end:
        part = text[start : min(start + _AT_ONCE, end)]
        if start + len(part) < end and (cut := _ENDS.match(part)):
            part = cut[0]
        # Lengths of the pieces, not the reported indices: the pieces are what is certain to be ours.
        found = [len(boundary["text"]) for boundary in get_sentence_boundaries("en", part)]
        last = len(part) - sum(found[:-1])
        if start + len(part) < end and len(found) > 1:  # where the part was cut, a sentence may go on
            part, found = part[:-last], found[:-1]
        yield from found
        yield from [len(part) - sum(found)] * (len(part) > sum(found))
        start += len(part)


def _blocks(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Stretches of a paragraph in which a line end is only a blank; every row stands alone."""
    blocks: list[tuple[int, int]] = []
    position, in_row = start, True
    for line in text[start:end].splitlines(keepends=True):
        row = bool(_ROW.search(line))
        if row or in_row:
            blocks.append((position, position + len(line)))
        else:
            blocks[-1] = (blocks[-1][0], position + len(line))
        position, in_row = position + len(line), row
    return blocks


def _trimmed(text: str, start: int, end: int) -> list[Span]:
    piece = text[start:end]
    start, end = start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))
    spans = []
    while end - start > _LONGEST:
        cut = text.rfind(" ", start + 1, start + _LONGEST)
        cut = cut if cut > start else start + _LONGEST
        spans.append(Span(start, start + len(text[start:cut].rstrip())))
        start = cut + len(text[cut:end]) - len(text[cut:end].lstrip())
    if start < end:
        spans.append(Span(start, end))
    return spans
