"""The adapters between the widgets of the page and what happens (ui/talk.py, ui/shelf.py)."""

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from ui.desk import Desk
from ui.render import conversation_html, notice_html, turn_html
from ui.shelf import Shelf
from ui.talk import BUSY, Talk
from ui.turns import KEPT_TURNS, Turn, failed, halted, restored, stored

FULL = "The desk is busy with other questions; try again in a moment."
NOTHING_YET = "There is no question to ask again."
Kept = Any  # the conversation as the browser holds it; read it with restored()


class Page:
    """The adapters: each takes the values of widgets and returns values for widgets."""

    def __init__(self, desk: Desk, examples: Sequence[str]) -> None:
        self._talk = Talk(desk)
        self._shelf = Shelf(desk)
        self._examples = tuple(examples)

    def load(self, kept: Kept) -> tuple[str, str, Kept, str]:
        """Show what the browser kept, with an answer that is being written elsewhere or was cut off as far as it came."""
        before = restored(kept)
        turns = self._talk.as_far_as_it_came(before)
        # Left alone where nothing changed: a question asked while the page loads stands there, and only there.
        return *self._shown(turns), gr.skip() if turns == before else stored(turns), self._shelf.listing("")

    def welcome(self, kept: Kept) -> object:
        """Say anew how many articles there are, where the conversation is empty."""
        return gr.skip() if restored(kept) else self._shelf.welcome()

    def begin(self, question: str, kept: Kept) -> tuple[Any, ...]:
        """Take a question, or say why not."""
        turns = restored(kept)
        objection = self._talk.objection(question or "", turns)
        if objection:
            return gr.skip(), notice_html(objection), gr.skip(), gr.skip(), gr.skip()
        return "", *self._asked((*turns, self._talk.begun(question)))

    def example(self, kept: Kept, event: gr.EventData) -> tuple[Any, ...]:
        """Take an example question."""
        number = event._data.get("number") if isinstance(event._data, dict) else None
        if not isinstance(number, int) or not 0 <= number < len(self._examples):
            return (gr.skip(),) * 5
        return self.begin(self._examples[number], kept)

    def retry(self, kept: Kept) -> tuple[Any, ...]:
        """Take the last question again, in place of its answer."""
        turns = restored(kept)
        return self._again(turns, any_date=bool(turns) and turns[-1].any_date)

    def widen(self, kept: Kept) -> tuple[Any, ...]:
        """Take the last question again, of articles of all dates, in place of its answer."""
        return self._again(restored(kept), any_date=True)

    def _again(self, turns: tuple[Turn, ...], any_date: bool) -> tuple[Any, ...]:
        objection = (BUSY if self._talk.busy(turns) else "") if turns else NOTHING_YET
        if objection:
            return gr.skip(), notice_html(objection), gr.skip(), gr.skip(), gr.skip()
        return gr.skip(), *self._asked((*turns[:-1], self._talk.begun(turns[-1].question, any_date)))

    def ask(self, kept: Kept) -> Iterator[tuple[Any, Any, Any]]:
        """Show the answer as it grows, and keep it when it is complete; nobody else writes there meanwhile."""
        turns = restored(kept)
        if not self._talk.take(turns):
            yield gr.skip(), gr.skip(), gr.skip()
            return
        for turn in self._talk.answers(turns):
            if turn is None:
                yield *self._shown(()), []
            else:
                yield gr.skip(), turn_html(turn), gr.skip() if turn.state == "busy" else stored((*turns[:-1], turn))

    def full(self, kept: Kept) -> tuple[Any, Any]:
        """Say that too many questions wait."""
        turns = restored(kept)
        if not self._talk.busy(turns) or self._talk.stop(turns):
            return gr.skip(), gr.skip()
        turn = failed(turns[-1], FULL)
        return turn_html(turn), stored((*turns[:-1], turn))

    def stop(self, kept: Kept) -> tuple[Any, Any]:
        """Keep the answer as far as it came; while it is written, whoever writes it shows that."""
        turns = restored(kept)
        if not turns or turns[-1].state != "busy" or self._talk.stop(turns):
            return gr.skip(), gr.skip()
        turns = self._talk.interrupted(turns)
        return turn_html(turns[-1]), stored(turns)

    def clear(self, kept: Kept) -> tuple[Any, ...]:
        """Forget the conversation; while an answer is written, whoever writes it shows that."""
        if self._talk.stop(restored(kept), forget=True):
            return "", notice_html(""), gr.skip(), gr.skip(), gr.skip()
        return "", notice_html(""), *self._shown(()), []

    def filter(self, words: str) -> str:
        """Show the articles that match."""
        return self._shelf.listing(words or "")

    def add(self, files: list[str] | None, words: str) -> Iterator[tuple[Any, Any, Any]]:
        """Take uploaded files in."""
        if files:
            yield from self._until_done(self._shelf.add(files), words)
        else:
            yield gr.skip(), gr.skip(), gr.skip()

    def reindex(self, words: str) -> Iterator[tuple[Any, Any, Any]]:
        """Read every known source again."""
        yield from self._until_done(self._shelf.reindex(), words)

    def discard(self, words: str, event: gr.EventData) -> tuple[str, str]:
        """Remove one article."""
        article = event._data.get("article") if isinstance(event._data, dict) else None
        return self._shelf.remove(str(article)), self._shelf.listing(words or "")

    def _until_done(self, reports: Iterator[str], words: str) -> Iterator[tuple[Any, Any, Any]]:
        for report in reports:
            yield report, gr.skip(), None
        yield gr.skip(), self._shelf.listing(words or ""), None

    def _asked(self, turns: tuple[Turn, ...]) -> tuple[Any, ...]:
        turns = (*map(halted, turns[-KEPT_TURNS:-1]), turns[-1])
        return notice_html(""), *self._shown(turns), stored(turns)

    def _shown(self, turns: tuple[Turn, ...]) -> tuple[str, str]:
        if not turns:
            return "", self._shelf.welcome()
        return conversation_html(turns[:-1]), turn_html(turns[-1])
