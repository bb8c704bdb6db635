"""Where the sentences of a text begin and end."""

import re

from sentencex import get_sentence_boundaries

from qa.types import Span

_PARAGRAPH = re.compile(r"[^\n]+(?:\n(?!\s*\n)[^\n]*)*")
_ROW = re.compile(r"\||\t|\S {2,}\S|^\s*(?:[-*•#]|\d+[.)])\s")
"""A line that stands for itself: a table row (bars, tabs, columns of blanks), a list item, a markdown heading."""
_LONGEST = 600  # characters; text without full stops is cut so that a passage can be filled evenly


def sentence_spans(text: str) -> tuple[Span, ...]:
    """Spans of the sentences of a text, in order, without surrounding blanks; rows of tables count as sentences.

    Boundaries come from the rules of sentencex (abbreviations, initials, quotes). No sentence crosses an empty line.
    """
    spans: list[Span] = []
    for paragraph in _PARAGRAPH.finditer(text):
        for start, end in _blocks(text, paragraph.start(), paragraph.end()):
            position = start
            for boundary in get_sentence_boundaries("en", text[start:end]):
                # Lengths of the pieces, not the reported indices: the pieces are what is certain to be ours.
                length = len(boundary["text"])
                spans.extend(_trimmed(text, position, position + length))
                position += length
            spans.extend(_trimmed(text, position, end))
    return tuple(spans)


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
