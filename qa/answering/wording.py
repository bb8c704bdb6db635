"""What a model in this process may write: each sentence with the number of a passage that there is, from the first letter on.

A rule is asked before every token. It looks at texts, so that it holds for the tokens of any model.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from qa.answering.prompt import NOT_SAID
from qa.language.sentences import sentence_spans

_SPAN_AND_MARK = re.compile(r"(?P<span>.+?) (?:\[(?P<number>\d*)(?P<closed>\]?))?", re.DOTALL)
_SURROGATES = "".join(map(chr, range(0xDC80, 0xDD00)))
_NO_BEGINNING = re.compile(r"[\s.,;:!?)\]}]")


class ReplyRule(Protocol):
    """What may follow what is written."""

    def choose(self, text: str, longer: Iterable[str | None]) -> int | None:
        """Which of some longer texts, the likeliest first, may be written next; one that is None ends the reply.

        Bytes that are no whole character yet are surrogates (PEP 383). None where none may.
        """


class Spans:
    """Words of one passage as they stand there, and its mark; or that the passages do not say.

    For a model that has learned to answer in such words (models/generator/README.md).
    """

    def __init__(self, passages: Sequence[str]) -> None:
        """Take the texts of the passages as the model reads them, the first of which is [1]."""
        self._passages = passages

    def choose(self, text: str, longer: Iterable[str | None]) -> int | None:
        """The first that is the beginning of such a reply."""
        fits = (self._is_whole(text) if one is None else self._begins(one) for one in longer)
        return next((at for at, fit in enumerate(fits) if fit), None)

    def _begins(self, text: str) -> bool:
        return NOT_SAID.startswith(text) or any(_stands(text, p) for p in self._passages) or self._is_marked(text)

    def _is_whole(self, text: str) -> bool:
        return text == NOT_SAID or (text.endswith("]") and self._is_marked(text))

    def _is_marked(self, text: str) -> bool:
        """Whether it is a passage's words with its mark, which may still be incomplete."""
        marked = _SPAN_AND_MARK.fullmatch(text)
        return marked is not None and any(
            (str(number) == marked["number"] if marked["closed"] else str(number).startswith(marked["number"] or ""))
            and _stands(marked["span"], passage, whole=True)
            for number, passage in enumerate(self._passages, start=1)
        )


def _stands(text: str, passage: str, whole: bool = False) -> bool:
    """Whether a text stands in a passage from a word's beginning on; ``whole``, to a word's end."""
    if not text or _NO_BEGINNING.match(text):
        return not text
    said = text.rstrip(_SURROGATES)
    begun = text[len(said) :].encode("utf-8", errors="surrogateescape")
    end = r"(?!\w)" if whole else ""
    places = re.finditer(rf"(?<!\w){re.escape(said)}{end}", passage)
    return any(passage[place.end() : place.end() + 1].encode().startswith(begun) for place in places)


class Marked:
    """Sentences in the model's own words, none of which ends without the mark of a passage; brackets are for marks only."""

    def __init__(self, passages: Sequence[str]) -> None:
        """Take the texts of the passages, of which only their number counts here."""
        self._numbers = [str(number) for number in range(1, len(passages) + 1)]
        self._mark = re.compile(rf"\[(?:{'|'.join(self._numbers)})\]")
        self._ending = False  # whether the reply would have ended but for the mark of its last sentence

    def choose(self, text: str, longer: Iterable[str | None]) -> int | None:
        """The first that may stand; where the likeliest would end a sentence that has no mark, the first that begins one."""
        if self._ending and self._may_end(text):
            return None
        due = self._ending
        for at, one in enumerate(longer):
            if one is None:
                if self._may_end(text):
                    return at
                due = self._ending = True
            elif self._brackets_are_marks(one):
                if _goes_on_a_mark(text, one) if due else not self._lacks_mark(one):
                    return at
                due = True
        return None

    def _may_end(self, text: str) -> bool:
        return text.strip() == NOT_SAID or not re.search(r"\w", self._unmarked(text))

    def _lacks_mark(self, text: str) -> bool:
        """Whether a sentence has begun behind one without a mark."""
        rest = self._unmarked(text)
        return any(re.search(r"\w", rest[span.start : span.end]) for span in sentence_spans(rest)[1:])

    def _unmarked(self, text: str) -> str:
        """What stands behind the last mark, and behind the full stop that may follow it."""
        whole = text.encode("utf-8", errors="ignore").decode()
        return self._mark.split(whole)[-1].lstrip(" \n.,;:!?")

    def _brackets_are_marks(self, text: str) -> bool:
        _, bracket, unfinished = self._mark.sub("", text).partition("[")
        return not bracket or any(number.startswith(unfinished) for number in self._numbers)


def _goes_on_a_mark(text: str, longer: str) -> bool:
    """Whether what a longer text adds is a part of a mark, or the one space before it."""
    added = longer[len(text) :]
    if re.search(r"\[\d*$", text):
        return re.fullmatch(r"\d*\]?", added) is not None
    return re.fullmatch(r"\[\d*\]?" if text.endswith(" ") else r" ?\[\d*\]?| ", added) is not None
