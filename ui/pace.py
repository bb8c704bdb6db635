"""How fast long work goes and how long it will still take, in words for the page."""

import time
from collections.abc import Callable

_APART = 0.2  # seconds between two steps that are shown
_SETTLED = 2.0  # seconds from a stage's beginning after which its rate says something


class Pace:
    """Watches the stages of one call, each measured from what was done in it since it began."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` tells seconds."""
        self._clock = clock
        self._stage, self._began, self._first = "", 0.0, 0

    def said(self, stage: str, done: int, total: int) -> str:
        """The rate and, where the total is known, the time left; nothing while nobody can tell."""
        if stage != self._stage:
            # What is done at the start was done by a run before: it must not count for the rate.
            self._stage, self._began, self._first = stage, self._clock(), done
        passed, made = self._clock() - self._began, done - self._first
        if passed < _SETTLED or made <= 0:
            return ""
        rate = made / passed
        speed = f"{rate:,.0f} a second" if rate >= 1 else f"{60 * rate:.0f} a minute"
        return f"{speed}, {_time(max(total - done, 0) / rate)} left" if total else speed


class Seldom:
    """Hands on the first step of each stage, the last one, and of the others as many as one can see."""

    def __init__(
        self, hand_on: Callable[[tuple[str, int, int]], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``clock`` tells seconds."""
        self._hand_on, self._clock = hand_on, clock
        self._stage, self._next = "", 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take one step of progress."""
        now = self._clock()
        if stage != self._stage or now >= self._next or done == total:
            self._stage, self._next = stage, now + _APART
            self._hand_on((stage, done, total))


def _time(seconds: float) -> str:
    """A time as one would say it: rounded up, so that it is kept."""
    for unit, size in (("s", 1), ("min", 60)):
        if seconds < 90 * size:
            return f"about {int(-(-seconds // size))} {unit}"
    return f"about {seconds / 3600:.1f} h"
