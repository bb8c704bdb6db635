"""Date phrases of a question become a range of publication dates, or an order.

"Last week", "in March", "since 4 May 2025" give a range, resolved against ``today``; "latest" and its like give an order.
A phrase that points to the future speaks of what an article says, not of when it appeared, and is left alone, as is
everything without a calendar date, such as "before the election".
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from qa.language.words import FUNCTION_WORDS

_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}
_MONTHS["sept"] = 9
_DAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_COUNTS = {
    "a": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "few": 3,
    "couple of": 2,
}

_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(_COUNTS)})"
_WHEN = (  # what names a stretch of time by itself; the first that fits counts
    r"(?P<iso>\d{4}-\d\d-\d\d)",
    rf"(?:the )?{_DAY} (?:of )?{_MONTH}(?:,? {_YEAR})?",
    rf"{_MONTH} (?:the )?{_DAY}(?!\d)(?:,? {_YEAR})?",
    rf"{_MONTH}(?:,? (?:of )?{_YEAR})?",
    rf"(?:the year )?{_YEAR}",
)
_AS_OF_TODAY = re.compile(r"\bas of (?:today|now|yesterday)\b", re.IGNORECASE)
_NEWEST = re.compile(
    r"\b(latest|newest|most recent(?:ly)?|current(?:ly)?|right now|at the moment|at present|these days|nowadays|so far|"
    r"to date|by now|now|up to date|as it stands|as of today)\b",
    re.IGNORECASE,
)

_TELLS_APART = re.compile(r"(?<=\w )(?:that|which) (?:(?:is|are) )?(?:now|currently)\b", re.IGNORECASE)
"""In a clause, "the trust that now owns the club", it says which one is meant, and asks for nothing."""


@dataclass(frozen=True, slots=True)
class DateRequest:
    """What a question says about dates: an inclusive range, an order, and the question without the phrase."""

    question: str
    since: str | None = None
    until: str | None = None
    newest: bool = False


def date_request(question: str, today: date) -> DateRequest:
    """Read the date phrases of a question; relative ones resolve against ``today``."""
    newest = bool(_NEWEST.search(_TELLS_APART.sub("", question)))
    for pattern, resolve in _PHRASES:
        match = pattern.search(_AS_OF_TODAY.sub(lambda phrase: "_" * len(phrase.group()), question))
        if not match:
            continue
        try:
            if _no_date(match, question):
                continue
            since, until = _on_side(match, resolve(match, today), today)
        except (ValueError, OverflowError):  # 31 February: what else the question says is not guessed at
            break
        if (since or until or today) <= today:
            rest = re.sub(r"\s+([?.!,])", r"\1", f"{question[: match.start()]} {question[match.end() :]}")
            first, last = (day.isoformat() if day else None for day in (since, until))
            return DateRequest(" ".join(rest.split()), first, last, newest)
    return DateRequest(question, newest=newest)


Range = tuple[date | None, date | None]
_Resolve = Callable[[re.Match[str], date], tuple[date, date]]


def _on_side(match: re.Match[str], named: tuple[date, date], today: date) -> Range:
    """The stretch that is named, or all that lies since or before it."""
    first, last = named
    match (match.groupdict().get("side") or "").lower():
        case "since":
            return first, None
        case "after":
            return last + timedelta(days=1), None
        case "before" | "prior to":
            return None, _past_end(match, first - timedelta(days=1), today)
        case "until" | "till" | "up to" | "by":
            return None, _past_end(match, last, today)
    return first, last


def _past_end(match: re.Match[str], end: date, today: date) -> date:
    """The end of a stretch; a day without a year that comes sooner than it has passed is meant to come: ValueError."""
    groups = match.groupdict()
    if groups.get("month") and not groups.get("year") and (today - end).days > 183:
        raise ValueError(f"{match.group()} lies ahead")
    return end


def _no_date(match: re.Match[str], question: str) -> bool:
    """Whether what looks like a date is none: "12 may", the verb, or a number of things, as in "up to 2000 kilos"."""
    groups = match.groupdict()
    if groups.get("month") == "may" and groups.get("day"):
        return True
    following = re.match(r"\s+([a-z]+)", question[match.end() :])
    only_year = bool(groups.get("year")) and not groups.get("month") and not groups.get("iso")
    return only_year and bool(groups.get("side")) and following is not None and following[1] not in FUNCTION_WORDS


def _named(match: re.Match[str], today: date) -> tuple[date, date]:
    """First and last day of a named day, month or year; without a year, the last time it has come."""
    part = match.groupdict()
    if part.get("iso"):
        day = date.fromisoformat(part["iso"])
        return day, day
    year, day_number = int(part.get("year") or 0), int(part.get("day") or 0)
    if not part.get("month"):
        return date(year, 1, 1), date(year, 12, 31)
    month = _MONTHS[part["month"].lower()]
    first = date(year, month, day_number or 1) if year else _last_come(month, day_number or 1, today)
    return first, first if day_number else first.replace(day=calendar.monthrange(first.year, month)[1])


def _last_come(month: int, day: int, today: date) -> date:
    """The last time a day of the year has come. Raises ValueError when it never does."""
    for year in range(today.year, today.year - 9, -1):  # 29 February is missing for eight years around 1900
        if day <= calendar.monthrange(year, month)[1] and date(year, month, day) <= today:
            return date(year, month, day)
    raise ValueError(f"there is no day {day} in month {month}")


def _between(match: re.Match[str], today: date) -> tuple[date, date]:
    """From the first day of the one to the last of the other; a side without a year lies next to the other side."""
    begin, end = (
        next(found for when in _WHEN if (found := re.fullmatch(when, match.group(side), re.IGNORECASE)))
        for side in ("from", "to")
    )
    if _has_year(end) and not _has_year(begin):
        last = _named(end, today)[1]
        return _named(begin, last)[0], last
    first = _named(begin, today)[0]
    last = _named(end, first + timedelta(days=364))[1]
    return min(first, last), max(first, last)


def _has_year(match: re.Match[str]) -> bool:
    return any(match.groupdict().get(key) for key in ("iso", "year"))


def _calendar_unit(match: re.Match[str], today: date) -> tuple[date, date]:
    """This or last week (from Monday), month or year, as the calendar has them."""
    back = match.group("which").lower() in ("last", "previous")
    unit = match.group("unit").lower()
    if unit == "week":
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return monday, monday + timedelta(days=6)
    if unit == "year":
        return date(today.year - back, 1, 1), date(today.year - back, 12, 31)
    year, month = (today.year, today.month - back) if today.month > back else (today.year - 1, 12)
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _days(match: re.Match[str]) -> int:
    count = _COUNTS.get((match.group("count") or "one").lower(), 0) or int(match.group("count"))
    return count * {"day": 1, "week": 7, "fortnight": 14, "month": 30, "year": 365}[match.group("unit").lower()]


def _past(match: re.Match[str], today: date) -> tuple[date, date]:
    return today - timedelta(days=_days(match)), today


def _ago(match: re.Match[str], today: date) -> tuple[date, date]:
    days = _days(match)
    slack = timedelta(days=0 if match.group("unit").lower() == "day" else max(3, days // 10))
    return today - timedelta(days=days) - slack, today - timedelta(days=days) + slack


def _weekday(match: re.Match[str], today: date) -> tuple[date, date]:
    """The last such day; reports of a day often appear on the next."""
    day = today - timedelta(days=(today.weekday() - _DAYS[match.group("weekday").lower()]) % 7 or 7)
    return day, day + timedelta(days=1)


def _relative_day(match: re.Match[str], today: date) -> tuple[date, date]:
    day = today - timedelta(days=match.group("word").lower() == "yesterday")
    return day, day


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(rf"\b{text}\b", re.IGNORECASE)


_SIDE = r"(?P<side>since|after|before|prior to|until|till|up to|by)"
_ANY = "|".join(re.sub(r"\?P<\w+>", "?:", when) for when in _WHEN)
_PHRASES: tuple[tuple[re.Pattern[str], _Resolve], ...] = (
    (_pattern(rf"(?:between|from) (?P<from>{_ANY}) (?:and|to|until|till) (?P<to>{_ANY})"), _between),
    *((_pattern(rf"{_SIDE} {when}"), _named) for when in _WHEN),
    *(
        (_pattern(rf"(?:on |in |during |of |for |at the end of |in the (?:month|year) of )?{when}"), _named)
        for when in _WHEN[:3]
    ),
    (_pattern(rf"(?:in |during |of |for |from )(?:early |mid-?|late )?{_WHEN[3]}"), _named),
    (_pattern(rf"{_MONTH},? (?:of )?{_YEAR}"), _named),
    (_pattern(rf"(?:in |during ){_WHEN[4]}"), _named),
    (
        _pattern(rf"(?:in |during |from |{_SIDE} )?(?P<which>last|previous|this) (?P<unit>week|month|year)(?:'s)?"),
        _calendar_unit,
    ),
    (
        _pattern(
            rf"(?:in |over |during |within )?(?:the )?(?:last|past) (?:{_COUNT} )?(?P<unit>day|week|fortnight|month|year)s?"
        ),
        _past,
    ),
    (_pattern(rf"(?:{_SIDE} )?(?:about )?{_COUNT} (?P<unit>day|week|month|year)s? ago"), _ago),
    (_pattern(rf"(?:{_SIDE} )?(?P<word>yesterday|today)(?:'s)?"), _relative_day),
    (_pattern(rf"(?:(?:on |(?P<side>since) )(?:last )?|last )(?P<weekday>{'|'.join(_DAYS)})"), _weekday),
)
