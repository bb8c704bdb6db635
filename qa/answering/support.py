"""Whether a passage says what a sentence says: the check every generated sentence has to pass.

Names, numbers and a negation must stand in the quote or right beside it. The rest counts a quarter by the share of its words
that the quote holds, and else by the close reader, trained to tell what a passage says from what it does not, and not by
the generator, which does not judge itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.language.sentences import sentence_spans
from qa.language.values import numbers
from qa.language.words import content_stems, names, stem, words
from qa.types import Hit, Reader, Span

MOST_QUOTED = 3  # whole sentences in one quote
_JUDGED = 0.75  # what the trained judgement counts; the rest is the share of words (models/close_reader/README.md)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|denied|denies|refused|cannot)\b|n['’]t\b", re.IGNORECASE
)
_OPENINGS = frozenset("according additionally although based currently despite earlier finally however later meanwhile nearly no "
                      "recently since today yes yesterday".split())  # fmt: skip


@dataclass(frozen=True, slots=True)
class Support:
    """The quote that supports a sentence best, whole sentences of the hit, and how well (0..1; 0: something is missing)."""

    hit: Hit
    span: Span  # in the article's stored text
    score: float

    @property
    def text(self) -> str:
        """The quote, as it stands in the article."""
        return self.hit.text[self.span.start - self.hit.start : self.span.end - self.hit.start]


def best_support(sentence: str, hits: Sequence[Hit], reader: Reader) -> Support | None:
    """The best quote for a sentence among the hits, or None where there is nothing to quote."""
    quotes = [(hit, *found) for hit in hits if (found := _best_quote(sentence, hit))]
    possible = [hit for hit, _, cover in quotes if cover]
    surely = dict(zip(possible, reader.supports(sentence, possible), strict=True)) if possible else {}
    best: Support | None = None
    for hit, quote, cover in quotes:
        score = round((1 - _JUDGED) * cover + _JUDGED * surely[hit], 4) if cover else 0.0
        if best is None or score > best.score:
            best = Support(hit, Span(hit.start + quote.start, hit.start + quote.end), score)
    return best


def _best_quote(sentence: str, hit: Hit) -> tuple[Span, float] | None:
    """The run of up to three sentences of a hit that covers most of a sentence's words, with that share."""
    spans = sentence_spans(hit.text)
    runs = [
        Span(spans[first].start, spans[last].end)
        for first in range(len(spans))
        for last in range(first, min(first + MOST_QUOTED, len(spans)))
    ]
    covers = [(word_cover(sentence, hit.text[run.start : run.end], hit), run) for run in runs]
    if not covers:
        return None
    # Among runs that hold as much, the shortest says it most plainly.
    cover, run = max(covers, key=lambda pair: (round(pair[0], 1), pair[1].start - pair[1].end))
    return run, cover


def word_cover(sentence: str, quote: str, hit: Hit) -> float:
    """The share of a sentence's content words that a quote holds; 0 when a name, a number or a negation is not there.

    The headline belongs to the quote, since it names what the text calls "the project". A name elsewhere in the passage
    counts half; any other word that only the rest of the passage holds counts against a sentence, which may be stitched
    together from statements that have nothing to do with each other.
    """
    near = f"{hit.title} {quote}"
    if not numbers(sentence) <= numbers(near):
        return 0.0
    named = set(names(sentence)) - _opening(sentence, hit)
    if not named <= set(words(f"{hit.title} {hit.text}")):
        return 0.0
    if bool(_NEGATION.search(sentence)) != bool(_NEGATION.search(quote)):
        return 0.0
    stems, held, beside = content_stems(sentence), set(content_stems(near)), set(content_stems(hit.text))
    if not stems:
        return 0.0
    named_stems = {stem(name) for name in named}
    worth = sum(1.0 if s in held else 0.0 if s not in beside else 0.5 if s in named_stems else -1.0 for s in stems)
    return max(0.0, worth / len(stems))


def _opening(sentence: str, hit: Hit) -> set[str]:
    """The first word, where it is capitalised only for being the first: it opens sentences, or a form of it is in the passage."""
    first = next(iter(words(sentence)), "")
    known = first in _OPENINGS or stem(first) in content_stems(f"{hit.title} {hit.text}")
    return {first} if known else set()
