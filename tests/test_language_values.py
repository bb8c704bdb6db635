"""Numbers of a text by value."""

import pytest

from qa.language.values import numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("48 million crowns", {48_000_000}),
        ("forty-eight million crowns", {48_000_000}),
        ("48,000,000 crowns", {48_000_000}),
        ("$48M", {48_000_000}),
        ("48m", {48_000_000}),
        ("48 mln", {48_000_000}),
        ("2.5bn", {2_500_000_000}),
        ("£1.2 billion", {1_200_000_000}),
        ("5k runners", {5_000}),
        ("two hundred thousand", {200_000}),
        ("1,250 books", {1_250}),
        ("31,000 books and 9 chairs", {31_000, 9}),
        ("12,345.75", {12_345.75}),
        ("3.5 percent", {3.5}),
        ("3,5 percent", {3.5}),
        ("0.5", {0.5}),
        ("nine", {9}),
        ("eleven months", {11}),
        ("twenty-one", {21}),
        ("It rose to 10%.", {10}),
        ("on 2031-04-02", {2031, 4, 2}),
        ("no number here", set()),
        ("", set()),
    ],
)
def test_a_number_is_its_value_however_it_is_written(text: str, values: set[float]) -> None:
    """Digits, words, groups of three and scales."""
    assert numbers(text) == values


@pytest.mark.parametrize(
    ("one", "other"), [("48 million", "48 thousand"), ("1,250", "1.25"), ("5 men", "5k men"), ("19", "nine")]
)
def test_different_values_stay_different(one: str, other: str) -> None:
    """What tells a true sentence from a false one."""
    assert numbers(one) != numbers(other)


def test_a_unit_of_length_is_no_million() -> None:
    """A short scale is a word of its own: 5 mm are five."""
    assert numbers("5 mm and 7 km") == {5, 7}
