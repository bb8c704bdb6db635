"""Follow-up questions."""

import pytest

from qa.retrieval.followup import completed, mentioned_words, standalone_question
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


@pytest.mark.parametrize(
    "question",
    [
        "Why?",
        "When did it reopen?",
        "What about the price?",
        "How much did they pay there?",
        "But who paid?",
        "How many ships had to wait?",
    ],
)
def test_a_question_that_leans_on_the_talk_is_completed(question: str) -> None:
    """An opening, a pronoun, too few words to find anything by, or a thing of the same story without any of these."""
    made = standalone_question(question, TALK)
    assert made.startswith(f"{question} (")
    assert "Lindal" in made


def test_a_person_is_looked_for_in_the_reply() -> None:
    """There are no names of people in the question before."""
    assert "Edda Quist" in standalone_question("How old is she?", TALK)


@pytest.mark.parametrize(
    "question",
    [
        "What did the growers' union of Hallin ask the province of Veld for?",
        "How many books does the town library of Ostmark keep on its new shelves?",
        "Were there deaths in Hallin after the storm of this February?",
        "So far, who has paid for the orchards of the Hallin valley?",
    ],
)
def test_a_question_that_names_what_it_is_about_is_left_as_it_is(question: str) -> None:
    """Another subject, named in full, needs nothing of the talk."""
    assert standalone_question(question, TALK) == question


def test_a_turn_between_does_not_hide_what_the_talk_is_about() -> None:
    """The question before the last one named it; the last one leaned on that, as the new one does."""
    talk = (*TALK, Message("user", "Who repaired it?"), Message("assistant", "A yard did [1]."))
    assert "Lindal" in standalone_question("And when did it open again?", talk)


ONLY_NAMES = {"bias": -2.0, "name in a question": 3.0}


@pytest.mark.parametrize(
    ("question", "talk", "made"),
    [
        ("Why?", TALK, "Why? (Port Lindal)"),
        ("Why the ports?", TALK, "Why the ports? (Lindal)"),  # compared by stems
        ("Why?", (Message("user", "Is it Edda [12]?"), Message("assistant", "Yes.")), "Why? (Edda)"),
        ("And then?", (Message("user", "What is it?"), Message("assistant", "it is")), "And then?"),
        ("Why?", (Message("user", "In " + " ".join(f"X{n}x" for n in range(40))),), None),
    ],
)
def test_the_likeliest_words_are_added_as_they_were_said(
    question: str, talk: tuple[Message, ...], made: str | None
) -> None:
    """With weights that choose the names of a question: none twice, at most ten."""
    found = completed(question, talk, ONLY_NAMES)
    assert found == (made or "Why? (X0x X1x X2x X3x X4x X5x X6x X7x X8x X9x)")


def test_a_word_is_known_by_its_places_and_by_how_the_question_leans() -> None:
    """Worked out by hand for one word of a question and one of the reply."""
    found = dict(mentioned_words("Who is she?", TALK))
    assert {"plain in a question", "last question", "topic", "first question", "later phrase"} <= found[
        "harbour"
    ].keys()
    assert {"name in a question", "name in a question & person", "person", "few words", "leans"} <= found[
        "Lindal"
    ].keys()
    assert {"in the reply only", "name in a reply", "name in a reply & person"} <= found["Quist"].keys()
    assert {"in both", "plain in a question", "plain in a reply"} <= found["bridge"].keys()
    assert found["Quist"]["words"] == 0 and found["Quist"]["questions"] == 1 / 6
