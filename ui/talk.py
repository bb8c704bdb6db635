"""What happens when a person asks, stops, retries or clears: turns in, turns out, no widgets."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from qa.errors import QAError
from qa.types import Answer
from ui.desk import Desk
from ui.relay import relay
from ui.turns import LONGEST_QUESTION, Turn, answered, failed, halted, history, new_turn

LOG = logging.getLogger(__name__)
UNEXPECTED = "Something went wrong; try again, and see the log of the program that serves this page."
BUSY = "An answer is being written; stop it first, or wait for it."
REMEMBERED = 64


@dataclass(slots=True)
class _Run:
    """How far a question has come; ``forgotten``: its conversation was cleared meanwhile."""

    turn: Turn
    taken: bool = False
    done: bool = False
    forgotten: bool = False
    stopped: threading.Event = field(default_factory=threading.Event)


class Talk:
    """Runs questions, and remembers how far the newest have come, so that a stop or a reload loses nothing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._model = threading.Lock()

    def objection(self, question: str, turns: tuple[Turn, ...]) -> str:
        """Return why a question is not taken, or nothing."""
        if not question.strip():
            return "Type a question first."
        if len(question) > LONGEST_QUESTION:
            return f"A question can have 4,000 characters; this one has {len(question):,}, so shorten it."
        return BUSY if self.busy(turns) else ""

    def busy(self, turns: tuple[Turn, ...]) -> bool:
        """Return whether the last turn still gets its answer."""
        run = self._run(turns)
        return run is not None and not run.done

    def begun(self, question: str, any_date: bool = False) -> Turn:
        """Return a new busy turn, to be answered once."""
        turn = new_turn(question.strip(), any_date)
        self._runs[turn.turn_id] = _Run(turn)
        for turn_id in [turn_id for turn_id, run in self._runs.items() if run.done][
            : max(0, len(self._runs) - REMEMBERED)
        ]:
            del self._runs[turn_id]
        return turn

    def take(self, turns: tuple[Turn, ...]) -> bool:
        """Return whether the last turn waits to be answered; it does so only for the first who asks."""
        run = self._run(turns)
        if run is None or run.taken or run.done:
            return False
        run.taken = True
        return True

    def answers(self, turns: tuple[Turn, ...]) -> Iterator[Turn | None]:
        """Yield the last turn as it grows, until it is answered, refused, failed or stopped; None: forgotten."""
        run = self._runs[turns[-1].turn_id]
        try:
            for answer in relay(self._asking(run, turns[:-1]), run.stopped):
                run.turn = answered(run.turn, answer, self._desk.article)
                yield run.turn
            run.turn = halted(run.turn)
        except QAError as error:
            run.turn = failed(run.turn, str(error))
        except Exception:
            LOG.exception("A question failed")
            run.turn = failed(run.turn, UNEXPECTED)
        finally:  # also when the page is left
            run.done = True
            run.stopped.set()
        yield None if run.forgotten else run.turn

    def stop(self, turns: tuple[Turn, ...], forget: bool = False) -> bool:
        """Stop the last turn; returns whether ``answers`` is still there to show it."""
        run = self._run(turns)
        if run is None:
            return False
        run.forgotten = run.forgotten or forget
        run.stopped.set()
        shows = run.taken and not run.done
        run.done = run.done or not shows
        return shows

    def interrupted(self, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        """Return the turns with the last one stopped, and as far as it came."""
        self.stop(turns)
        return self.as_far_as_it_came(turns)

    def as_far_as_it_came(self, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        """Return the turns with the last one as it is now; in another tab it may go on.

        One that still waits stays busy: a page that has just begun it may show itself once more before it asks.
        """
        run = self._run(turns)
        if run and not run.taken and not run.done:
            return turns
        last = run.turn if run else halted(turns[-1]) if turns else None
        return (*turns[:-1], halted(last)) if last else ()

    def _run(self, turns: tuple[Turn, ...]) -> _Run | None:
        return self._runs.get(turns[-1].turn_id) if turns and turns[-1].state == "busy" else None

    def _asking(self, run: _Run, before: tuple[Turn, ...]) -> Callable[[Callable[[Answer], None]], None]:
        def call(emit: Callable[[Answer], None]) -> None:
            # A stopped answer may still hold the model for a moment: the next one waits for it here.
            while not self._model.acquire(timeout=0.1):
                if run.stopped.is_set():
                    return
            try:
                turn = run.turn
                stream = self._desk.stream(
                    turn.question, history(before), wanted=lambda: not run.stopped.is_set(), any_date=turn.any_date
                )
                with closing(stream) as answers:  # type: ignore[type-var]
                    for answer in answers:
                        if run.stopped.is_set():
                            return
                        emit(answer)
            finally:
                self._model.release()

        return call
