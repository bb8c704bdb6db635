"""Questions that are asked, stopped, forgotten and failed, without a page."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from qa.errors import ModelError
from qa.types import Answer, Article, Message, Timings
from ui.relay import relay
from ui.talk import BUSY, REMEMBERED, UNEXPECTED, Talk
from ui.turns import Turn

SOON = 5  # seconds that something may take which happens at once


class Desk:
    """Answers "once", fails, or goes on until it is closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.asked: list[tuple[str, tuple[Message, ...]]] = []
        self.any_dates: list[bool] = []

    def stream(
        self,
        question: str,
        history: Sequence[Message] = (),
        wanted: Callable[[], bool] = lambda: True,
        any_date: bool = False,
    ) -> Iterator[Answer]:
        """Yield growing answers; the "silent" one has nothing to show as long as it is wanted."""
        self.asked.append((question, tuple(history)))
        self.any_dates.append(any_date)
        try:
            yield Answer(question, question)
            if question == "fail":
                raise ModelError("no model; run qa doctor")
            if question == "crash":
                raise KeyError("secret")
            while question == "silent" and wanted():
                time.sleep(0.01)
            while question == "endless":
                yield Answer(question, question, text="So far")
            if question != "cut":
                yield Answer(question, question, text="Done", timings=Timings(total_ms=1))
        finally:
            self.closed.set()

    def article(self, article_id: str) -> Article:
        """Return nothing: no answer here cites."""
        raise AssertionError(article_id)


@pytest.fixture
def desk() -> Desk:
    """Return a desk."""
    return Desk()


@pytest.fixture
def talk(desk: Desk) -> Talk:
    """Return a talk with that desk."""
    return Talk(desk)  # type: ignore[arg-type]


def last(talk: Talk, turns: tuple[Turn, ...]) -> Turn | None:
    """Return the last that a question yields."""
    assert talk.take(turns)
    return list(talk.answers(turns))[-1]


def test_a_question_can_be_put_to_articles_of_all_dates(talk: Talk, desk: Desk) -> None:
    """The turn remembers it, and the desk is told."""
    last(talk, (talk.begun("once", any_date=True),))
    last(talk, (talk.begun("once"),))
    assert desk.any_dates == [True, False]


@pytest.mark.parametrize(
    ("question", "state", "message"),
    [
        ("once", "answered", None),
        ("fail", "error", "no model; run qa doctor"),
        ("crash", "error", UNEXPECTED),
        ("cut", "answered", None),
    ],
)
def test_every_question_ends(talk: Talk, desk: Desk, question: str, state: str, message: str | None) -> None:
    """An answer, a known error, an unexpected one and a stream that breaks off each end the turn."""
    turn = last(talk, (talk.begun(question),))
    assert turn is not None
    assert (turn.state, turn.message, turn.stopped) == (state, message, question == "cut")
    assert desk.closed.wait(SOON)


def test_a_question_is_answered_for_the_first_who_takes_it(talk: Talk) -> None:
    """The same turn is not answered twice, and a finished one not at all."""
    turns = (talk.begun("once"),)
    assert talk.take(turns)
    assert not talk.take(turns)
    assert not talk.take(())


def test_stop_ends_the_stream_and_keeps_the_text(talk: Talk, desk: Desk) -> None:
    """A stop closes the desk's stream; the turn keeps what it had, and is marked."""
    turns = (talk.begun("endless"),)
    assert talk.take(turns)
    answers = talk.answers(turns)
    while (turn := next(answers)) and not (turn.answer and turn.answer.text):
        pass
    assert talk.stop(turns)
    *_, end = answers
    assert end is not None
    assert end.stopped
    assert end.answer is not None
    assert end.answer.text == "So far"
    assert desk.closed.wait(SOON)
    assert not talk.busy(turns)


def test_stop_reaches_a_model_that_has_nothing_to_show(talk: Talk, desk: Desk) -> None:
    """It is told that nothing more is wanted, so the next question need not wait for it."""
    turns = (talk.begun("silent"),)
    assert talk.take(turns)
    answers = talk.answers(turns)
    next(answers)
    talk.stop(turns)
    assert list(answers)[-1].stopped  # type: ignore[union-attr]
    assert desk.closed.wait(SOON)


def test_leaving_the_page_ends_the_stream(talk: Talk, desk: Desk) -> None:
    """Closing the answers closes the desk's stream, and the reloaded page gets the text so far."""
    turns = (talk.begun("endless"),)
    assert talk.take(turns)
    answers = talk.answers(turns)
    while (turn := next(answers)) and not (turn.answer and turn.answer.text):
        pass
    answers.close()  # type: ignore[attr-defined]
    assert desk.closed.wait(SOON)
    (kept,) = talk.interrupted(turns)
    assert kept.stopped
    assert kept.answer is not None
    assert kept.answer.text == "So far"


def test_another_tab_sees_an_answer_as_far_as_it_has_come_and_does_not_stop_it(talk: Talk) -> None:
    """What it shows is marked as incomplete; the first tab goes on."""
    turns = (talk.begun("endless"),)
    assert talk.take(turns)
    answers = talk.answers(turns)
    while (turn := next(answers)) and not (turn.answer and turn.answer.text):
        pass
    (seen,) = talk.as_far_as_it_came(turns)
    assert seen.stopped and seen.answer and seen.answer.text == "So far"
    assert talk.busy(turns)
    talk.stop(turns)
    assert list(answers)[-1].stopped  # type: ignore[union-attr]


def test_a_question_that_waits_is_no_answer_cut_off(talk: Talk) -> None:
    """A page that shows itself between a question and its answer leaves the question to be answered."""
    turns = (talk.begun("once"),)
    assert talk.as_far_as_it_came(turns) == turns
    assert talk.take(turns)
    assert list(talk.answers(turns))[-1].state == "answered"  # type: ignore[union-attr]
    assert talk.interrupted((talk.begun("once"),))[0].stopped


def test_a_running_question_is_remembered_however_many_were_begun_since(talk: Talk) -> None:
    """Those that are done make room for others."""
    turns = (talk.begun("endless"),)
    assert talk.take(turns)
    answers = talk.answers(turns)
    next(answers)
    for _ in range(2 * REMEMBERED):
        talk.stop((talk.begun("once"),))
    assert talk.stop(turns)
    assert list(answers)[-1].stopped  # type: ignore[union-attr]
    assert len(talk._runs) <= REMEMBERED + 1


def test_a_forgotten_question_is_not_shown(talk: Talk) -> None:
    """After Clear the last thing a running question yields is nothing."""
    turns = (talk.begun("endless"),)
    assert talk.take(turns)
    answers = talk.answers(turns)
    next(answers)
    assert talk.stop(turns, forget=True)
    *_, end = answers
    assert end is None


def test_a_question_that_waits_can_be_stopped_before_it_is_asked(talk: Talk, desk: Desk) -> None:
    """Nobody shows it then, and it is not asked any more."""
    turns = (talk.begun("once"),)
    assert not talk.stop(turns)
    assert not talk.take(turns)
    assert talk.interrupted(turns)[0].stopped
    assert desk.asked == []


def test_a_question_after_a_stopped_one_waits_for_the_model(talk: Talk, desk: Desk) -> None:
    """Two streams never run side by side."""
    first = (talk.begun("endless"),)
    assert talk.take(first)
    answers = talk.answers(first)
    next(answers)
    talk.stop(first)
    list(answers)
    turn = last(talk, (talk.begun("once"),))
    assert turn is not None
    assert turn.state == "answered"
    assert desk.asked == [("endless", ()), ("once", ())]


def test_what_cannot_be_asked_is_said(talk: Talk) -> None:
    """Blank, endless, and while another answer is written."""
    assert talk.objection(" \n", ()) == "Type a question first."
    assert "4,000 characters" in talk.objection("x" * 4001, ())
    assert talk.objection("x" * 4000, ()) == ""
    assert talk.objection("once", (talk.begun("once"),)) == BUSY
    assert talk.objection("once", (Turn("from an earlier server", "q"),)) == ""


def test_a_relay_hands_over_in_order_and_raises_at_the_end() -> None:
    """Items come as they were emitted; what the call raises comes after them."""

    def call(emit: object) -> None:
        assert callable(emit)
        emit(1)
        emit(2)
        raise ValueError("three")

    got: list[int] = []
    with pytest.raises(ValueError, match="three"):
        got.extend(relay(call, threading.Event()))
    items: Iterator[int] = relay(call, threading.Event())
    assert [next(items), next(items)] == [1, 2]
