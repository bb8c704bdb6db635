"""Date phrases of a question."""

from datetime import date

import pytest

from qa.retrieval.dates import DateRequest, date_request

TODAY = date(2031, 6, 18)  # a Wednesday

RANGES = [
    ("last week", "2031-06-09", "2031-06-15"),
    ("this week", "2031-06-16", "2031-06-22"),
    ("last month", "2031-05-01", "2031-05-31"),
    ("this month", "2031-06-01", "2031-06-30"),
    ("last year", "2030-01-01", "2030-12-31"),
    ("this year", "2031-01-01", "2031-12-31"),
    ("yesterday", "2031-06-17", "2031-06-17"),
    ("today", "2031-06-18", "2031-06-18"),
    ("on Monday", "2031-06-16", "2031-06-17"),
    ("on Wednesday", "2031-06-11", "2031-06-12"),
    ("last Friday", "2031-06-13", "2031-06-14"),
    ("on last Friday", "2031-06-13", "2031-06-14"),
    ("in March", "2031-03-01", "2031-03-31"),
    ("in mid-March", "2031-03-01", "2031-03-31"),
    ("in August", "2030-08-01", "2030-08-31"),
    ("in June", "2031-06-01", "2031-06-30"),
    ("in March 2025", "2025-03-01", "2025-03-31"),
    ("in may 2025", "2025-05-01", "2025-05-31"),
    ("by the middle of March 2025", "2025-03-01", "2025-03-31"),
    ("March 2025", "2025-03-01", "2025-03-31"),
    ("in March of 2025", "2025-03-01", "2025-03-31"),
    ("in 2025", "2025-01-01", "2025-12-31"),
    ("in the last few months of 2024", "2024-01-01", "2024-12-31"),
    ("at the end of March", "2031-03-01", "2031-03-31"),
    ("in the first week of March 2025", "2025-03-01", "2025-03-31"),
    ("in February 2028", "2028-02-01", "2028-02-29"),
    ("since March", "2031-03-01", None),
    ("since last week", "2031-06-09", None),
    ("since yesterday", "2031-06-17", None),
    ("since Monday", "2031-06-16", None),
    ("since 4 May 2025", "2025-05-04", None),
    ("after 4 May 2025", "2025-05-05", None),
    ("after last month", "2031-06-01", None),
    ("before 2025", None, "2024-12-31"),
    ("before last year", None, "2029-12-31"),
    ("prior to 4 May 2025", None, "2025-05-03"),
    ("until March", None, "2031-03-31"),
    ("by 2030-01-31", None, "2030-01-31"),
    ("between March and May", "2031-03-01", "2031-05-31"),
    ("between November and February", "2030-11-01", "2031-02-28"),
    ("between March and May 2025", "2025-03-01", "2025-05-31"),
    ("from 2019 to 2021", "2019-01-01", "2021-12-31"),
    ("between 2031-01-05 and 2031-02-03", "2031-01-05", "2031-02-03"),
    ("between May 2030 and March 2030", "2030-03-31", "2030-05-01"),
    ("3 days ago", "2031-06-15", "2031-06-15"),
    ("a week ago", "2031-06-08", "2031-06-14"),
    ("about two months ago", "2031-04-12", "2031-04-24"),
    ("in the past 3 months", "2031-03-18", "2031-06-18"),
    ("over the past fortnight", "2031-06-04", "2031-06-18"),
    ("until 3 days ago", None, "2031-06-15"),
    ("before two weeks ago", None, "2031-05-31"),
    ("since two weeks ago", "2031-06-01", None),
    ("a couple of weeks ago", "2031-06-01", "2031-06-07"),
    ("previous month", "2031-05-01", "2031-05-31"),
    ("the day before yesterday", "2031-06-16", "2031-06-16"),
    ("since the day before yesterday", "2031-06-16", None),
    ("over the last few weeks", "2031-05-28", "2031-06-18"),
    ("in the past year", "2030-06-18", "2031-06-18"),
    ("on 2031-05-01", "2031-05-01", "2031-05-01"),
    ("on 4 March", "2031-03-04", "2031-03-04"),
    ("on the 4th of March, 2030", "2030-03-04", "2030-03-04"),
    ("on March 4", "2031-03-04", "2031-03-04"),
    ("on Sept. 3", "2030-09-03", "2030-09-03"),
    ("on 29 February 2028", "2028-02-29", "2028-02-29"),
    ("on 29 February", "2028-02-29", "2028-02-29"),
    ("ON 4 MARCH", "2031-03-04", "2031-03-04"),
]

UNTOUCHED = [
    "Who may run for mayor?",
    "How did the march on the capital end?",
    "What happened before the election?",
    "What is planned for next week?",
    "What opens in May 2099?",
    "What is due by 2040?",
    "What opens on 2031-06-19?",
    "What must be done by Monday?",
    "What was said on 31 February?",
    "What was said on 32 March?",
    "What was said on the 31st of February?",
    "What was said on 29 February 2029?",
    "What was said on 2031-02-30?",
    "How large is the 2030 budget?",
    "What has been decided since the storm?",
    "Who was born 9999 years ago?",
    "Is the second reading over?",
]


@pytest.mark.parametrize(("phrase", "since", "until"), RANGES)
def test_a_phrase_becomes_a_range_and_leaves_the_question(phrase: str, since: str | None, until: str | None) -> None:
    """Inclusive, resolved against today; a day or month without a year is the last that has come."""
    assert date_request(f"What happened {phrase}?", TODAY) == DateRequest("What happened?", since, until)


@pytest.mark.parametrize("question", UNTOUCHED)
def test_what_names_no_past_date_is_left_alone(question: str) -> None:
    """Verbs, events, the future and days that never come."""
    assert date_request(question, TODAY) == DateRequest(question)


@pytest.mark.parametrize(
    ("today", "phrase", "since", "until"),
    [
        (date(2031, 1, 31), "last month", "2030-12-01", "2030-12-31"),
        (date(2031, 3, 31), "last month", "2031-02-01", "2031-02-28"),
        (date(2028, 3, 1), "last month", "2028-02-01", "2028-02-29"),
        (date(2031, 1, 1), "last week", "2030-12-23", "2030-12-29"),
        (date(2031, 1, 1), "yesterday", "2030-12-31", "2030-12-31"),
        (date(2028, 2, 29), "last year", "2027-01-01", "2027-12-31"),
        (date(2031, 4, 10), "between March and May", "2031-03-01", "2031-05-31"),
        (date(2031, 6, 15), "last week", "2031-06-02", "2031-06-08"),
    ],
)
def test_phrases_across_the_ends_of_months_and_years(today: date, phrase: str, since: str, until: str) -> None:
    """A week begins on Monday; January follows December."""
    request = date_request(f"What happened {phrase}?", today)
    assert (request.since, request.until) == (since, until)


def test_a_possessive_goes_with_its_phrase() -> None:
    """What is left can still be searched."""
    assert date_request("What did last week's vote decide?", TODAY).question == "What did vote decide?"


@pytest.mark.parametrize(
    "phrase",
    [
        "latest",
        "newest",
        "most recent",
        "current",
        "currently",
        "right now",
        "so far",
        "these days",
        "LATEST",
        "as of today",
        "to date",
        "recently",
        "lately",
    ],
)
def test_newest_words_ask_for_an_order_and_not_for_a_range(phrase: str) -> None:
    """The question keeps the word."""
    question = f"What is {phrase} known of the bridge?"
    assert date_request(question, TODAY) == DateRequest(question, newest=True)


@pytest.mark.parametrize(
    "question", ["What is known of the bridge?", "Who has knowledge of it?", "How are the latecomers?"]
)
def test_other_words_ask_for_no_order(question: str) -> None:
    """A part of a word is not the word."""
    assert not date_request(question, TODAY).newest


@pytest.mark.parametrize(
    ("question", "newest"),
    [
        ("How many belong to the trust that now owns the club?", False),
        ("What stood in the hall which is currently a museum?", False),
        ("Who now owns the club?", True),
        ("Which now leads?", True),
        ("What does the trust that now owns the club say now?", True),
        ("Who leads the trust that recently bought the club?", False),
        ("What did the recently elected mayor promise?", False),
        ("Which company, recently covered by two papers, was bought?", False),
        ("How many died in the recent flood?", False),
        ("Which bridge did the council recently close?", True),
    ],
)
def test_now_in_a_clause_tells_things_apart(question: str, newest: bool) -> None:
    """It says which trust is meant, and nothing of what is asked about it."""
    assert date_request(question, TODAY).newest is newest


def test_a_range_and_an_order_go_together() -> None:
    """The latest since March is ordered and restricted."""
    request = date_request("What is the latest on the bridge since March?", TODAY)
    assert request == DateRequest("What is the latest on the bridge?", "2031-03-01", None, newest=True)


def test_any_string_is_legal() -> None:
    """No text raises."""
    for question in (
        "",
        "\0",
        "last",
        "in in in March March",
        "between and",
        "0001-01-01",
        "999 years ago " * 200,
        "😀",
    ):
        assert isinstance(date_request(question, TODAY), DateRequest)
        assert isinstance(date_request(question, date.min), DateRequest)
        assert isinstance(date_request(question, date.max), DateRequest)


@pytest.mark.parametrize(
    "question",
    [
        "Will the bridge reopen by 1 August?", "What is due before 30 November?", "How many of the 12 may leave?",
        "Can it carry up to 2000 kilos?", "Was it after 1900 crowns were paid?",
    ],
)  # fmt: skip
def test_a_day_to_come_and_a_number_of_things_are_no_range(question: str) -> None:
    """A day without a year lies ahead where that is nearer than the last time it came."""
    assert date_request(question, TODAY) == DateRequest(question)


def test_a_day_without_a_year_that_has_just_passed_is_the_end_of_a_range() -> None:
    """Until that day."""
    assert date_request("What was known by 1 May?", TODAY) == DateRequest("What was known?", None, "2031-05-01")
