"""The dates of a follow-up."""

from datetime import date

import pytest

from qa.retrieval.carried import with_own_dates

TODAY = date(2031, 6, 18)  # a Wednesday
LEVEL = "How full was Lake Odd in September 2029?"
USED = "How many used the harbour in 2029?"


@pytest.mark.parametrize(
    ("before", "question", "added", "standalone"),
    [
        ([LEVEL], "And in October?", " (full Lake Odd September 2029)", "And in October 2029? (full Lake Odd)"),
        ([LEVEL], "and in mid-may?", " (Lake Odd 2029)", "and in mid-may 2029? (Lake Odd)"),
        ([LEVEL], "and since may?", " (Lake Odd 2029)", "and since may 2029? (Lake Odd)"),
        ([LEVEL], "And on 4 October?", " (Lake Odd)", "And on 4 October 2029? (Lake Odd)"),
        ([LEVEL], "And on October 4?", " (Lake Odd)", "And on October 4 2029? (Lake Odd)"),
        ([LEVEL], "And between May and July?", " (Lake Odd)", "And between May 2029 and July 2029? (Lake Odd)"),
        ([LEVEL], "And in October 2028?", " (Lake Odd September 2029)", "And in October 2028? (Lake Odd)"),
        ([LEVEL], "And last week?", " (Lake Odd September 2029)", "And last week? (Lake Odd)"),
        ([LEVEL], "And in October?", " (September 2029)", "And in October 2029?"),
        ([LEVEL], "And in October?", " (Ann May September)", "And in October 2029? (Ann May)"),
        ([LEVEL], "And the year before?", " (Lake Odd September 2029)", "And in September 2028? (Lake Odd)"),
        ([LEVEL], "What about the month after?", " (Lake Odd)", "And in October 2029? (Lake Odd)"),
        ([USED], "and the year before that?", " (used harbour 2029)", "And in 2028? (used harbour)"),
        ([USED], "And a year later?", " (used harbour)", "And in 2030? (used harbour)"),
        ([USED], "The following year?", " (used harbour)", "And in 2030? (used harbour)"),
        ([USED, "And the year before?"], "And the previous year?", " (used harbour)", "And in 2027? (used harbour)"),
        (["What fell last week?"], "And the week before?", " (fell)", "And between 2031-06-02 and 2031-06-08? (fell)"),
        (["What fell in February 2028?"], "A year earlier?", " (fell)", "And in February 2027? (fell)"),
        (["What fell on 29 February 2028?"], "A year earlier?", " (fell)", "And between 2027-02-28 and 2027-02-28? (fell)"),
    ],
)  # fmt: skip
def test_its_own_dates_are_told_in_full(before: list[str], question: str, added: str, standalone: str) -> None:
    """And take the place of those that it was given by the questions before."""
    assert with_own_dates(f"{question}{added}", question, before, TODAY) == standalone


@pytest.mark.parametrize(
    ("before", "question", "added"),
    [
        ([LEVEL], "Who may fish there?", " (Lake Odd September 2029)"),  # the verb
        ([LEVEL], "Was it more than a year earlier?", " (Lake Odd September 2029)"),
        ([LEVEL], "And the year before the flood?", " (Lake Odd)"),
        ([LEVEL], "What fell in October?", ""),  # it stands by itself
        (["How full was Lake Odd?"], "And the year before?", " (full Lake Odd)"),  # before what?
        ([LEVEL, "Who runs the Odd Club?"], "And in May?", " (runs Odd Club)"),  # another subject between
        (["How full was it in March 2031?"], "And in December?", " (full)"),  # that is still to come
        (["Who came since 2029?"], "And the year before?", " (came)"),  # no stretch with two ends
        ([], "And in May?", " (any)"),
        (["What fell on 0001-01-01?"], "And the year before?", " (fell)"),
        (["What fell on 9999-12-31?"], "And the year after?", " (fell)"),
    ],
)
def test_what_names_no_dates_of_its_own_is_left_as_it_is(before: list[str], question: str, added: str) -> None:
    """A month without a year is then the last that has come, as in a first question."""
    assert with_own_dates(f"{question}{added}", question, before, TODAY) == f"{question}{added}"
