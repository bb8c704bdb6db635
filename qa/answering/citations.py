"""Quotes get their numbers, in order of first use, and an answer its text."""

import re
from bisect import bisect_right
from collections.abc import Sequence

from qa.answering.marks import without_marks
from qa.language.words import content_stems
from qa.types import Citation, Hit, Origin, Sentence, Span

_SAME = 0.8  # share of stems that have been told from which a sentence tells nothing new


def text_of(sentences: Sequence[Sentence]) -> str:
    """Sentences joined by a blank, each ending in its marks."""
    return " ".join(f"{s.text} {''.join(f'[{n}]' for n in s.citations)}" for s in sentences)


class CitedText:
    """An answer as it grows: sentences that are supported, and the quotes they rest on."""

    def __init__(self) -> None:
        """Begin empty."""
        self.sentences: list[Sentence] = []
        self.citations: list[Citation] = []

    def add(self, text: str, hit: Hit, span: Span, score: float, origin: Origin) -> None:
        """Add a sentence with the quote that supports it; a quote used before keeps its number."""
        plain = " ".join(without_marks(text).split())
        self.sentences.append(Sentence(plain, (self._number(hit, span),), True, round(score, 4), origin))

    def quote(self, text: str, hit: Hit, span: Span, score: float) -> int:
        """The number of a quote, which is added as a sentence of its own unless a sentence rests on it already."""
        known = len(self.citations)
        number = self._number(hit, span)
        if number > known:
            self.add(text, hit, span, score, "quoted")
        return number

    def tells(self, sentence: str) -> bool:
        """Whether a sentence says no more than what has been added, by the stems of its words."""
        told = {stem for added in self.sentences for stem in content_stems(added.text)}
        said = set(content_stems(sentence))
        return len(said & told) >= _SAME * len(said) > 0

    @property
    def text(self) -> str:
        """The text of the answer."""
        return text_of(self.sentences)

    @property
    def as_of(self) -> str | None:
        """The newest date among the citations."""
        return max((c.date for c in self.citations if c.date), default=None)

    def short_answer(self, candidates: Sequence[str]) -> str | None:
        """The first of the candidates that stands in a cited quote, as it stands there: whole words, in any case."""
        for candidate in filter(None, candidates):
            wanted = re.compile(rf"(?<!\w){re.escape(candidate)}(?!\w)", re.IGNORECASE)
            for citation in self.citations:
                if match := wanted.search(citation.quote):
                    return match.group()
        return None

    def _number(self, hit: Hit, span: Span) -> int:
        for citation in self.citations:
            if (citation.article_id, citation.start, citation.end) == (hit.article_id, span.start, span.end):
                return citation.number
        quote = hit.text[span.start - hit.start : span.end - hit.start]
        number = len(self.citations) + 1
        page = bisect_right(hit.pages, span.start) or None
        about = (hit.article_id, hit.title, hit.date, hit.source, hit.url)
        self.citations.append(Citation(number, *about, quote, span.start, span.end, page, hit.language))
        return number
