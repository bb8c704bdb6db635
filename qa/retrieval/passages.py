"""An article's text is cut into passages of whole sentences; offsets are kept, so a quote can be shown in its place."""

import hashlib

from qa.language.sentences import sentence_spans
from qa.types import Span


def split_passages(text: str, most_words: int, overlap_sentences: int) -> tuple[Span, ...]:
    """Spans of whole sentences with at most ``most_words`` words each (a longer sentence stands alone).

    Each passage begins with the last ``overlap_sentences`` of the one before, where that leaves room for new ones.
    Every sentence is in at least one passage.
    """
    sentences = sentence_spans(text)
    lengths = [len(text[span.start : span.end].split()) for span in sentences]
    passages: list[Span] = []
    first = 0
    while first < len(sentences):
        last, total = first, lengths[first]
        while last + 1 < len(sentences) and total + lengths[last + 1] <= most_words:
            last += 1
            total += lengths[last]
        passages.append(Span(sentences[first].start, sentences[last].end))
        following = last + 1 - overlap_sentences
        # An overlap that would fill the next passage by itself brings nothing new: go without it.
        crowded = last + 1 < len(sentences) and sum(lengths[following : last + 2]) > most_words
        first = last + 1 if last + 1 >= len(sentences) or crowded or following <= first else following
    return tuple(passages)


def searchable_text(title: str, date: str | None, text: str) -> str:
    """What is embedded for a passage: its headline and date in front, so that a passage knows its story."""
    head = ", ".join(part for part in (title, date) if part)
    return f"{head}\n{text}" if head else text


def passage_hash(title: str, date: str | None, text: str) -> bytes:
    """The sha256 of what is embedded for a passage."""
    return hashlib.sha256(searchable_text(title, date, text).encode()).digest()
