"""Date phrases of a question become a range of publication dates, or an order.

"Last week", "in March", "since 4 May 2025" give a range, resolved against ``today``; "latest" and its like give an order.
A phrase that points to the future speaks of what an article says, not of when it appeared, and is left alone, as is
everything without a calendar date, such as "before the election".

Where a phrase stands, and on which side of it the range lies, is told here; which day, month or year it names, by
dateparser. Its own search through a sentence takes "who may run" and "the march on the capital" for months.
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from qa.language.words import FUNCTION_WORDS

if TYPE_CHECKING:
    from dateparser.date import DateDataParser

MONTH = rf"(?:{'|'.join([*calendar.month_name[1:], 'Sept', *calendar.month_abbr[1:]])})\b\.?"
YEAR = r"(?:19|20)\d\d"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
_WEEKDAY = "|".join(calendar.day_name)
_UNIT = "day|week|fortnight|month|year"
_COUNT = r"\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|(?:a )?(?:few|couple of)"
_WHEN = (  # what the calendar names by itself; the first that fits counts
    r"\d{4}-\d\d-\d\d",
    rf"(?:the )?{_DAY} (?:of )?{MONTH}(?:,? {YEAR})?",
    rf"{MONTH} (?:the )?{_DAY}(?!\d)(?:,? {YEAR})?",
    rf"{MONTH}(?:,? (?:of )?{YEAR})?",
    rf"(?:the year )?{YEAR}",
)
_AS_OF_TODAY = re.compile(r"\bas of (?:today|now|yesterday)\b", re.IGNORECASE)
_NEWEST = re.compile(
    r"\b(latest|newest|most recent(?:ly)?|recently|lately|current(?:ly)?|right now|at the moment|at present|these days|nowadays|so far|"
    r"to date|by now|now|up to date|as it stands|as of today)\b",
    re.IGNORECASE,
)

_TELLS_APART = re.compile(
    r"(?<=\w )(?:that|which|who) (?:(?:is|are|was|were|has|have) )?(?:now|currently|recently|lately)\b"
    r"|(?:,|\b(?:the|an?|this|its|his|her|their)) (?:most )?recently\b",
    re.IGNORECASE,
)
"""In a clause, "the trust that now owns the club", "the recently opened bridge", it says which one is meant, and asks for nothing."""


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
            rest = re.sub(r"\s+([?.!,)])", r"\1", f"{question[: match.start()]} {question[match.end() :]}")
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
    when = match.groupdict().get("when") or ""
    if re.search(MONTH, when, re.IGNORECASE) and not _has_year(when) and (today - end).days > 183:
        raise ValueError(f"{match.group()} lies ahead")
    return end


def _no_date(match: re.Match[str], question: str) -> bool:
    """Whether what looks like a date is none: "12 may", the verb, or a number of things, as in "up to 2000 kilos"."""
    groups = match.groupdict()
    when = groups.get("when") or ""
    if re.search(r"\bmay\b", when) and re.search(r"\b\d{1,2}(?!\d)", when):
        return True
    following = re.match(r"\s+([a-z]+)", question[match.end() :])
    only_year = bool(re.fullmatch(_WHEN[4], when, re.IGNORECASE))
    return only_year and bool(groups.get("side")) and following is not None and following[1] not in FUNCTION_WORDS


@lru_cache(maxsize=4)
def _parser(today: date) -> "DateDataParser":
    from dateparser.date import DateDataParser  # a fifth of a second to import

    settings = {"RELATIVE_BASE": datetime(*today.timetuple()[:3]), "PREFER_DATES_FROM": "past"}
    return DateDataParser(languages=["en"], settings=settings)


def _read(when: str, today: date) -> tuple[date, str]:
    """A day in what is named, and whether that is a day, week, month or year; without a year, the last that has come.

    Raises ValueError where there is no such day.
    """
    found = _parser(today).get_date_data(when)
    if found.date_obj is None:
        raise ValueError(f"{when} is no date")
    return found.date_obj.date(), found.period


def _named(match: re.Match[str], today: date) -> tuple[date, date]:
    return _stretch(match["when"], today)


def _stretch(when: str, today: date) -> tuple[date, date]:
    """First and last day of what is named, as the calendar has them; weeks begin on Monday."""
    day, period = _read(re.sub("previous", "last", when, flags=re.IGNORECASE), today)
    match period:
        case "week":
            monday = day - timedelta(days=day.weekday())
            return monday, monday + timedelta(days=6)
        case "month":
            return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
        case "year":
            return date(day.year, 1, 1), date(day.year, 12, 31)
    return day, day


def _between(match: re.Match[str], today: date) -> tuple[date, date]:
    """From the first day of the one to the last of the other; a side without a year lies next to the other side."""
    begin, end = match["from"], match["to"]
    if _has_year(end) and not _has_year(begin):
        last = _stretch(end, today)[1]
        return _stretch(begin, last)[0], last
    first = _stretch(begin, today)[0]
    last = _stretch(end, first + timedelta(days=364))[1]
    return min(first, last), max(first, last)


def _has_year(when: str) -> bool:
    return re.search(r"\d{4}", when) is not None


def _back(match: re.Match[str], today: date) -> date:
    """The day that lies so many days, weeks, months or years back."""
    count = re.sub(
        r"(?:a )?(few|couple of)", lambda some: "3" if some[1] == "few" else "2", (match["count"] or "1").lower()
    )
    return _read(f"{count} {match['unit']} ago", today)[0]


def _past(match: re.Match[str], today: date) -> tuple[date, date]:
    return _back(match, today), today


def _ago(match: re.Match[str], today: date) -> tuple[date, date]:
    """Around that day: the wider, the longer ago."""
    day = _back(match, today)
    slack = timedelta(days=0 if match["unit"].lower() == "day" else max(3, (today - day).days // 10))
    return day - slack, day + slack


def _weekday(match: re.Match[str], today: date) -> tuple[date, date]:
    """The last such day; reports of a day often appear on the next."""
    day = _read(match["when"], today)[0]
    return day, day + timedelta(days=1)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(rf"\b{text}\b", re.IGNORECASE)


_SIDE = r"(?P<side>since|after|before|prior to|until|till|up to|by)"
_ANY = "|".join(_WHEN)
_PART = (  # of a month or a year: the whole, since what is told of it often comes later
    rf"(?:in |at |by |over |during |towards )?the (?:(?:first|last|final) (?:(?:{_COUNT}) )?(?:{_UNIT})s?|beginning|start|middle|end)"
)
_PHRASES: tuple[tuple[re.Pattern[str], _Resolve], ...] = (
    (_pattern(rf"(?:between|from) (?P<from>{_ANY}) (?:and|to|until|till) (?P<to>{_ANY})"), _between),
    *((_pattern(rf"{_SIDE} (?P<when>{when})"), _named) for when in _WHEN),
    *((_pattern(rf"{_PART} of (?P<when>{when})"), _named) for when in _WHEN[3:]),
    *(
        (_pattern(rf"(?:on |in |during |of |for |at the end of |in the (?:month|year) of )?(?P<when>{when})"), _named)
        for when in _WHEN[:3]
    ),
    (_pattern(rf"(?:in |during |of |for |from )(?:early |mid-?|late )?(?P<when>{_WHEN[3]})"), _named),
    (_pattern(rf"(?P<when>{MONTH},? (?:of )?{YEAR})"), _named),
    (_pattern(rf"(?:in |during )(?P<when>{_WHEN[4]})"), _named),
    (
        _pattern(rf"(?:in |during |from |{_SIDE} )?(?P<when>(?:last|previous|this) (?:week|month|year))(?:'s)?"),
        _named,
    ),
    (
        _pattern(rf"(?:in |over |during |within )?(?:the )?(?:last|past) (?:(?P<count>{_COUNT}) )?(?P<unit>{_UNIT})s?"),
        _past,
    ),
    (_pattern(rf"(?:{_SIDE} )?(?:about )?(?P<count>{_COUNT}) (?P<unit>{_UNIT})s? ago"), _ago),
    (_pattern(rf"(?:{_SIDE} )?(?P<when>the day before yesterday|yesterday|today)(?:'s)?"), _named),
    (_pattern(rf"(?:(?:on |(?P<side>since) )(?:last )?|last )(?P<when>{_WEEKDAY})"), _weekday),
)
