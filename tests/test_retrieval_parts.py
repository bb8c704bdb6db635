"""Questions that ask several things, taken apart."""

import pytest

from qa.retrieval.parts import MOST, question_parts, questions_in


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Who won the rowing race, and which club lost its boat?",
            ["Who won the rowing race", "which club lost its boat"],
        ),
        ("Who won the rowing race? Which club lost its boat?", ["Who won the rowing race", "Which club lost its boat"]),
        (
            "Does the Courier call the bridge safe, while the Herald calls it rotten?",
            ["Does the Courier call the bridge safe", "the Herald calls it rotten"],
        ),
        (
            "What does the new bridge cost and who pays the county share?",
            ["What does the new bridge cost", "who pays the county share"],
        ),
    ],
)
def test_what_is_joined_is_taken_apart(question: str, parts: list[str]) -> None:
    """At a question mark, at "while", and at "and" before what can be asked."""
    assert question_parts(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "Who won the race?",
        "What do salt and pepper cost?",
        "Who came from Lindal, Hallin, and Orme?",
        "Who won the rowing race, and why?",
        "How many goals fell in the last match?  (derby Port Lindal)",
        "?",
        "",
    ],
)
def test_one_question_stays_whole(question: str) -> None:
    """So does one of whose parts one holds too little to be searched for."""
    assert question_parts(question) == []


def test_a_pasted_page_is_not_searched_a_hundred_times() -> None:
    """The first parts are searched for; all of it is, as the whole."""
    assert len(question_parts("Who won the rowing race? " * 100)) == MOST


@pytest.mark.parametrize(
    ("question", "consists"),
    [
        ("Who won the rowing race, and which club lost its boat?", True),
        ("Who won the rowing race, and in which river did it end?", True),
        ("Who won the race, and who lost it?", True),
        ("Did the club win the rowing race, and did the town pay for the boat?", True),
        ("Who was busy with the boats and did not care about strangers?", False),
        ("Who rowed for Lindal while the harbour bridge stayed closed?", False),
        ("Which club from Orme, and from Hallin before that, won the race?", False),
        ("Who won the rowing race? " * (MOST + 1), False),
    ],
)
def test_only_what_asks_is_answered_by_itself(question: str, consists: bool) -> None:
    """Each part has to be a question, and there are to be no more of them than are looked at."""
    assert bool(questions_in(question)) is consists
