"""The passages of articles as they are cut, kept from their embedding to the transaction that writes them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.library.spool import Spool
from qa.retrieval.passages import passage_hash, searchable_text, split_passages
from qa.settings import Settings
from qa.types import Span


@dataclass(frozen=True, slots=True)
class Cut:
    """A passage to be written: its span, the text that is embedded for it, and that text's hash."""

    span: Span
    searchable: str
    text_hash: bytes


def cut_article(title: str, date: str | None, text: str, settings: Settings) -> tuple[Cut, ...]:
    """The passages of an article."""
    spans = split_passages(text, settings.passage_words, settings.overlap_sentences)
    searchable = [searchable_text(title, date, text[span.start : span.end]) for span in spans]
    hashes = [passage_hash(title, date, text[span.start : span.end]) for span in spans]
    return tuple(map(Cut, spans, searchable, hashes))


class KeptCuts:
    """The passages of one article after the other, in a spool, to be gone through any number of times in that order."""

    def __init__(self, spool: Spool) -> None:
        """Hold no article yet; the spool must stay open."""
        self._spool = spool
        self._places: list[int] = []

    def put(self, cuts: Sequence[Cut]) -> None:
        """Keep the passages of the next article."""
        values = [(cut.span.start, cut.span.end, cut.searchable, cut.text_hash.hex()) for cut in cuts]
        self._places.append(self._spool.put(values))

    def __iter__(self) -> Iterator[list[Cut]]:
        """Yield the passages of each article."""
        for place in self._places:
            yield [
                Cut(Span(start, end), searchable, bytes.fromhex(text_hash))
                for start, end, searchable, text_hash in self._spool.get(place)
            ]
