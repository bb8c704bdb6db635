"""The dates of a follow-up: its own go before those of the questions it follows, which complete or move them.

After "How full was the lake in September 2025?", "and in October?" means that of 2025, and "the year before?" September 2024.
"""

import calendar
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta

from qa.retrieval.dates import MONTH, YEAR, date_request
from qa.retrieval.followup import leans

Stretch = tuple[date, date]
_MOVES = re.compile(
    r"\W*(?:(?:and|but|or|what about|how about)\b\W*)?(?:in |for |during )?(?:(?:the|a|one) (?P<unit>week|month|year) "
    r"(?P<way>before|earlier|after|later)|the (?P<to>previous|following|next) (?P<of>week|month|year))(?: that| then)?\W*",
    re.IGNORECASE,
)
_WITHOUT_YEAR = re.compile(
    r"(?P<word>\b(?:in|on|of|to|by|and|for|from|since|until|after|before|between|early|late) |\d(?:st|nd|rd|th)? |\bmid-)"
    rf"(?P<day>{MONTH}(?: \d{{1,2}})?)(?![\w-]|,? (?:of )?{YEAR})",
    re.IGNORECASE,
)


def with_own_dates(standalone: str, question: str, before: Sequence[str], today: date) -> str:
    """A follow-up with the words it lacks, behind it in ``standalone``, and ``before``, the questions that it follows.

    Where it has dates of its own, those words lose theirs.
    """
    added = standalone[len(question) :]
    if not added:
        return standalone
    asked = _dated(question, _stretch_of(before, today), today)
    return asked + _without_dates(added, today) if _has_dates(asked, today) else standalone


def _stretch_of(turns: Sequence[str], today: date) -> Stretch | None:
    """The dates that the last of some questions asks for, by itself or by those before it."""
    stretch: Stretch | None = None
    for turn in turns:
        request = date_request(_dated(turn, stretch, today), today)
        if request.since and request.until:
            stretch = date.fromisoformat(request.since), date.fromisoformat(request.until)
        elif not leans(turn):
            stretch = None
    return stretch


def _dated(question: str, stretch: Stretch | None, today: date) -> str:
    """The question with its dates told in full, where they depend on a stretch of time before."""
    if stretch is None:
        return question
    if moves := _MOVES.fullmatch(question):
        later = (moves["way"] or moves["to"]).lower() in ("after", "later", "following", "next")
        with suppress(ValueError, OverflowError):  # the first and the last year there are
            return f"And {_named(_moved(stretch, (moves['unit'] or moves['of']).lower(), 1 if later else -1))}?"
    completed = _WITHOUT_YEAR.sub(lambda named: f"{named['word']}{named['day']} {stretch[0].year}", question)
    return completed if _has_dates(completed, today) else question


def _moved(stretch: Stretch, unit: str, step: int) -> Stretch:
    first, last = stretch
    if unit == "week":
        return first + timedelta(days=7 * step), last + timedelta(days=7 * step)
    months = step * (12 if unit == "year" else 1)
    return _plus(first, months), _plus(last + timedelta(days=1), months) - timedelta(days=1)


def _plus(day: date, months: int) -> date:
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _named(stretch: Stretch) -> str:
    first, last = stretch
    following = last + timedelta(days=1)
    if first.day == following.day == 1 and _plus(first, 1) == following:
        return f"in {calendar.month_name[first.month]} {first.year}"
    if first.day == following.day == 1 and first.month == 1 and _plus(first, 12) == following:
        return f"in {first.year}"
    return f"between {first} and {last}"


def _has_dates(text: str, today: date) -> bool:
    request = date_request(text, today)
    return bool(request.since or request.until)


def _without_dates(added: str, today: date) -> str:
    # A bare May or March may be a name or a walk.
    words = re.sub(rf"\b(?:{YEAR}|(?!Mar|May){MONTH})(?!\w)", "", date_request(added, today).question)
    return f" ({kept})" if (kept := " ".join(words.strip(" ()").split())) else ""
