"""A conversation as the page keeps it: turns that survive a reload, small enough for the browser's storage."""

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from qa.errors import InputError
from qa.types import Answer, Article, Citation, Message

State = Literal["busy", "answered", "refused", "error"]

KEPT_TURNS = 30
KEPT_BYTES = 800_000  # a request may have one megabyte
HISTORY_TURNS = 6
CONTEXT_CHARACTERS = 300
READ_CHARACTERS = 260
LONGEST_QUESTION = 4_000


@dataclass(frozen=True, slots=True)
class Source:
    """A citation with the text of its article around the quote; ``before + quote + after`` is a stretch of it."""

    citation: Citation
    before: str = ""
    after: str = ""
    starts: bool = True  # whether ``before`` reaches back to the article's first character
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and as much of its answer as there is; ``message`` is the one line of an error."""

    turn_id: str
    question: str
    state: State = "busy"
    answer: Answer | None = None
    sources: tuple[Source, ...] = ()
    message: str | None = None
    stopped: bool = False
    any_date: bool = False  # asked of articles of all dates, whatever the question says


_STORED = TypeAdapter(Turn)


def new_turn(question: str, any_date: bool = False) -> Turn:
    """Return a turn that waits for its answer."""
    return Turn(turn_id=secrets.token_hex(8), question=question, any_date=any_date)


def answered(turn: Turn, answer: Answer, article: Callable[[str], Article]) -> Turn:
    """Return the turn with an answer; it stays busy until the answer is complete (its total time is known)."""
    state: State = "busy"
    if answer.timings.total_ms > 0:
        state = "refused" if answer.abstained else "answered"
    known = {source.citation: source for source in turn.sources}
    sources = tuple(known.get(citation) or _surrounded(citation, article) for citation in answer.citations)
    passages = tuple(replace(hit, text=_clipped(hit.text), pages=()) for hit in answer.passages)
    return replace(turn, state=state, answer=replace(answer, passages=passages), sources=sources)


def failed(turn: Turn, message: str) -> Turn:
    """Return the turn with an error in place of an answer."""
    return replace(turn, state="error", message=message)


def halted(turn: Turn) -> Turn:
    """Return a busy turn as it is when it gets no further; a finished one is returned unchanged."""
    return replace(turn, state="answered", stopped=True) if turn.state == "busy" else turn


def history(turns: Iterable[Turn]) -> tuple[Message, ...]:
    """Return the last questions and answers that say something, oldest first."""
    told = [turn for turn in turns if turn.answer is not None and turn.answer.text]
    messages: list[Message] = []
    for turn in told[-HISTORY_TURNS:]:
        messages.append(Message("user", turn.question))
        messages.append(Message("assistant", turn.answer.text if turn.answer else ""))
    return tuple(messages)


def stored(turns: Iterable[Turn]) -> list[Any]:
    """Return the newest turns as JSON values, within what the browser keeps."""
    values = [_STORED.dump_python(turn, mode="json") for turn in turns][-KEPT_TURNS:]
    sizes = [len(json.dumps(value, ensure_ascii=False).encode(errors="replace")) for value in values]
    while len(values) > 1 and sum(sizes) > KEPT_BYTES:
        del values[0], sizes[0]
    return values


def restored(values: object) -> tuple[Turn, ...]:
    """Return the turns a browser kept; what does not parse is left out."""
    turns: list[Turn] = []
    for value in values[-KEPT_TURNS:] if isinstance(values, list) else ():
        try:
            turns.append(_STORED.validate_python(value))
        except ValidationError:
            continue
    return tuple(turns)


def _surrounded(citation: Citation, article: Callable[[str], Article]) -> Source:
    try:
        text = article(citation.article_id).text
    except InputError:  # removed since it was read: the quote still stands
        return Source(citation)
    start, end = citation.start, citation.end
    if text[start:end] != citation.quote:
        return Source(citation)
    first, last = max(0, start - CONTEXT_CHARACTERS), min(len(text), end + CONTEXT_CHARACTERS)
    before, after = text[first:start], text[end:last]
    if first > 0:
        before = before.partition(" ")[2] or before
    if last < len(text):
        after = after.rpartition(" ")[0] or after
    return Source(citation, before, after, starts=first == 0, ends=last == len(text))


def _clipped(text: str) -> str:
    if len(text) <= READ_CHARACTERS:
        return text
    return text[:READ_CHARACTERS].rpartition(" ")[0] + " …"
