"""The rate of long work and the time left, with a clock that is told what to say."""

import pytest

from ui.listing import progress_html
from ui.pace import Pace, Seldom


@pytest.mark.parametrize(
    ("seconds", "done", "total", "said"),
    [
        (1.0, 50, 100, ""),  # too early to tell
        (10.0, 0, 100, ""),  # nothing done yet
        (10.0, 120, 1320, "12 a second, about 2 min left"),
        (10.0, 120, 0, "12 a second"),
        (100.0, 50, 80, "30 a minute, about 60 s left"),
        (10.0, 20, 520, "2 a second, about 5 min left"),
        (10.0, 10, 10_810, "1 a second, about 3.0 h left"),
        (10.0, 120, 120, "12 a second, about 0 s left"),
    ],
)
def test_the_rate_and_the_time_left_are_reckoned_from_what_was_done(
    seconds: float, done: int, total: int, said: str
) -> None:
    """From the beginning of the stage."""
    times = iter([0.0, 0.0, seconds])
    pace = Pace(lambda: next(times))
    assert pace.said("embedding", 0, total) == ""
    assert pace.said("embedding", done, total) == said


def test_what_an_earlier_run_did_does_not_count_and_each_stage_begins_anew() -> None:
    """A thousand were embedded before; ten more took five seconds."""
    times = iter([0.0, 0.0, 5.0, 50.0, 50.0, 55.0])
    pace = Pace(lambda: next(times))
    assert pace.said("embedding", 1000, 1100) == ""
    assert pace.said("embedding", 1010, 1100) == "2 a second, about 45 s left"
    assert pace.said("publishing", 0, 0) == ""
    assert pace.said("publishing", 5, 0) == "1 a second"


def test_the_page_shows_it_beside_the_numbers() -> None:
    """Where there are any."""
    assert "<span>10 of 100, 2 a second</span>" in progress_html("embedding", 10, 100, "2 a second")
    assert "<span>2 a second</span>" in progress_html("reading", 0, 0, "2 a second")


def test_of_many_steps_few_are_shown() -> None:
    """Each stage's first, its end, and one every fifth of a second, by a clock that goes on a twentieth a step."""
    shown, times = list[tuple[str, int, int]](), iter(number / 20 for number in range(100))
    seldom = Seldom(shown.append, lambda: next(times))
    for done in range(11):
        seldom("reading", done, 10)
    seldom("cutting", 0, 10)
    assert shown == [("reading", done, 10) for done in (0, 4, 8, 10)] + [("cutting", 0, 10)]
