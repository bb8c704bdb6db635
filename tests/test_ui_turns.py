"""A conversation as the browser keeps it."""

import json
from dataclasses import replace

import pytest

from qa.errors import InputError
from qa.types import Answer, Article, Citation, Hit, Message, Timings
from ui.turns import KEPT_BYTES, KEPT_TURNS, Turn, answered, failed, halted, history, new_turn, restored, stored

WORDS = " ".join(f"word{number:03}" for number in range(200))
ARTICLE = Article("a.txt", "Words", None, None, None, WORDS)


def known(article_id: str) -> Article:
    """Return the one article there is."""
    if article_id != "a.txt":
        raise InputError("unknown")
    return ARTICLE


def citing(quote: str, article_id: str = "a.txt") -> Answer:
    """Return a complete answer that cites words of the article."""
    start = max(WORDS.find(quote), 0)
    cited = Citation(1, article_id, "Words", None, None, None, quote, start, start + len(quote))
    return Answer("q", "q", text=f"{quote} [1]", citations=(cited,), timings=Timings(total_ms=5))


def test_a_quote_is_shown_in_its_surroundings() -> None:
    """Some three hundred characters stand on each side, cut at words, and join to a stretch of the text."""
    source = answered(new_turn("q"), citing("word100 word101"), known).sources[0]
    around = source.before + source.citation.quote + source.after
    assert around in WORDS
    assert 290 <= len(source.before) <= 300
    assert 290 <= len(source.after) <= 300
    assert source.before.startswith("word")
    assert source.after.endswith(tuple("0123456789"))
    assert not source.starts
    assert not source.ends


def test_a_quote_at_the_edge_has_nothing_before_it() -> None:
    """The surroundings end where the article does."""
    source = answered(new_turn("q"), citing("word000"), known).sources[0]
    assert source.before == ""
    assert source.starts


@pytest.mark.parametrize("answer", [citing("word100", "gone.txt"), citing("no such words")])
def test_a_quote_stands_alone_where_its_article_has_changed(answer: Answer) -> None:
    """An article that is gone, or says something else there, gives no surroundings."""
    source = answered(new_turn("q"), answer, known).sources[0]
    assert (source.before, source.after) == ("", "")


def test_a_turn_is_busy_until_its_answer_is_complete() -> None:
    """The total time tells that an answer is whole; a refusal is a state of its own."""
    turn = new_turn("q")
    growing = Answer("q", "q", text="So")
    assert answered(turn, growing, known).state == "busy"
    assert answered(turn, replace(growing, timings=Timings(total_ms=1)), known).state == "answered"
    assert answered(turn, replace(growing, abstained=True, timings=Timings(total_ms=1)), known).state == "refused"


def test_long_passages_are_clipped_for_the_browser() -> None:
    """A passage is kept as a snippet that ends at a word."""
    hit = Hit("a.txt", "Words", None, None, None, WORDS, 0, len(WORDS), 1.0, 1)
    turn = answered(new_turn("q"), Answer("q", "q", passages=(hit,)), known)
    assert turn.answer is not None
    kept = turn.answer.passages[0].text
    assert len(kept) <= 262
    assert WORDS.startswith(kept.removesuffix(" …"))


def test_only_a_busy_turn_can_be_halted() -> None:
    """A finished turn is unchanged."""
    turn = new_turn("q")
    assert halted(turn).stopped
    assert halted(turn).state == "answered"
    finished = failed(turn, "no")
    assert halted(finished) is finished


def test_history_is_the_last_six_turns_that_say_something() -> None:
    """Questions without an answer are left out; order is kept."""
    turns = [Turn(str(number), f"q{number}", "answered", Answer("q", "q", text=f"a{number}")) for number in range(8)]
    told = history([*turns, failed(new_turn("broken"), "no"), new_turn("now")])
    assert len(told) == 12
    assert told[0] == Message("user", "q2")
    assert told[-1] == Message("assistant", "a7")


def test_turns_come_back_from_the_browser_as_they_were() -> None:
    """What is stored is JSON, and what is restored equals what was stored."""
    turns = (answered(new_turn("q"), citing("word100"), known), failed(new_turn("r"), "no"))
    assert restored(json.loads(json.dumps(stored(turns)))) == turns


@pytest.mark.parametrize(
    "values", [None, "text", 5, {"a": 1}, [1], [{}], [{"turn_id": "a", "question": "q", "state": "?"}]]
)
def test_what_a_browser_made_up_is_left_out(values: object) -> None:
    """Values of another shape give no turn and no error."""
    assert restored(values) == ()


def test_the_newest_turns_are_kept_within_bounds() -> None:
    """At most thirty turns, fewer where they are large, and always the last one."""
    turns = [Turn(str(number), "q") for number in range(40)]
    assert [turn.turn_id for turn in restored(stored(turns))] == [str(number) for number in range(40 - KEPT_TURNS, 40)]
    large = [Turn(str(number), "字" * (KEPT_BYTES // 9)) for number in range(5)]
    assert [turn.turn_id for turn in restored(stored(large))] == ["3", "4"]
    assert len(stored([Turn("0", "x" * 2 * KEPT_BYTES)])) == 1
