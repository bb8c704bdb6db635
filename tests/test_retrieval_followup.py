"""Follow-up questions."""

import pytest

from qa.retrieval.followup import standalone_question
from qa.types import Message

TALK = (
    Message("user", "How long was the harbour bridge of Port Lindal closed?"),
    Message("assistant", "The bridge was closed for eleven months, Mayor Edda Quist said [1]."),
)


@pytest.mark.parametrize("question", ["And what did she say it cost?", "Who won?", "", "Why?"])
def test_the_first_question_is_never_changed(question: str) -> None:
    """Without a question before it there is nothing to take words from."""
    assert standalone_question(question, ()) == question
    assert standalone_question(question, TALK[1:]) == question


def test_a_follow_up_gets_the_words_it_lacks() -> None:
    """Content words of the last question, then names of the last answer, none twice, in brackets behind it."""
    assert standalone_question("And what did she say it cost?", TALK) == (
        "And what did she say it cost? (long harbour bridge Port Lindal closed Mayor Edda Quist)"
    )


@pytest.mark.parametrize(
    "question",
    [
        "Why?",
        "When did it reopen?",
        "What about the price?",
        "How much did they pay there?",
        "But who paid?",
        "What else happened?",
    ],
)
def test_a_question_that_leans_on_the_talk_is_completed(question: str) -> None:
    """An opening, a pronoun nothing explains, or too few words to find anything by."""
    made = standalone_question(question, TALK)
    assert made.startswith(f"{question} (")
    assert "Lindal" in made


@pytest.mark.parametrize(
    "question",
    [
        "What did the growers' union ask the province for?",
        "What did Edda Quist say about it?",
        "How many books does the town library keep?",
        "Is there a plan for the Hallin orchards?",
        "Were there deaths in Hallin after the storm?",
        "What did this year's frost destroy in Hallin?",
        "What happened in Hallin this week?",
        "So far, who has paid for the Hallin orchards?",
    ],
)
def test_a_question_that_stands_by_itself_is_never_changed(question: str) -> None:
    """Names explain pronouns; "is there" and "this year" point to nothing that was said."""
    assert standalone_question(question, TALK) == question


def test_words_that_the_question_has_are_not_repeated() -> None:
    """Compared by their stems."""
    made = standalone_question("And which bridges of the harbours?", TALK)
    assert made == "And which bridges of the harbours? (long Port Lindal closed Mayor Edda Quist)"


def test_only_the_last_turn_counts_and_at_most_ten_words() -> None:
    """A long question before does not drown the new one."""
    talk = (*TALK, Message("user", " ".join(f"word{number}" for number in range(40))), Message("assistant", "No."))
    added = standalone_question("And then?", talk).partition("(")[2].rstrip(")").split()
    assert added == [f"word{number}" for number in range(10)]


def test_a_follow_up_to_nothing_stays_as_it_is() -> None:
    """Where the turn before holds no content there is nothing to add."""
    assert (
        standalone_question("And then?", (Message("user", "What is it?"), Message("assistant", "it is"))) == "And then?"
    )
