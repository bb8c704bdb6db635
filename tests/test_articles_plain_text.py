"""Articles in .txt files."""

import random

import pytest

from qa.articles import clean_text
from qa.articles.draft import Draft
from qa.articles.plain_text import read_plain_text


def test_a_date_line_gives_date_and_headline() -> None:
    """The text is what follows the line's end, with its blank lines."""
    assert read_plain_text(b"date 2026-05-01 Ferry opens\n\nBody.\n") == Draft("\nBody.\n", "Ferry opens", "2026-05-01")
    assert read_plain_text(b" \tdate\t2026-05-01  Ferry\r\nBody.") == Draft("Body.", "Ferry", "2026-05-01")
    assert read_plain_text(b"\xef\xbb\xbfdate 2026-05-01\nBody.") == Draft("Body.", None, "2026-05-01")
    assert read_plain_text(b"date 2026-05-01 Only a headline") == Draft("", "Only a headline", "2026-05-01")


@pytest.mark.parametrize(
    "first",
    [
        "date 2026-02-30 Ferry",
        "date 2026-5-1 Ferry",
        "Date 2026-05-01 Ferry",
        "date 2026-05-01Ferry",
        "\ndate 2026-05-01 F",
    ]
    + ["update 2026-05-01 Ferry", "date: 2026-05-01 Ferry"],
)
def test_any_other_first_line_is_text(first: str) -> None:
    """Also one with a date that the calendar lacks, and a date line that is not the first line."""
    assert read_plain_text(f"{first}\nBody.".encode()) == Draft(f"{first}\nBody.")


def test_offsets_count_from_the_end_of_the_date_line() -> None:
    """Over random bodies and line ends: the text is the cleaned body, whatever the headline."""
    chance = random.Random(3)
    for _ in range(500):
        body = "".join(chance.choices("ab \n\t\u00e9\u4e2d\u202e\U0001f600", k=chance.randrange(30)))
        headline = "".join(chance.choices("xy \u00e9\u202e", k=chance.randrange(10)))
        end = chance.choice(["\n", "\r\n", "\u2028"])
        draft = read_plain_text(f"date 2026-05-01 {headline}{end}{body}".encode())
        assert draft.text == clean_text(body)
        assert draft.date == "2026-05-01"
