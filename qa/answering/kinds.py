"""What kind of answer a question asks for, and whether words are of that kind."""

import calendar
import re
from typing import Literal

from qa.language.values import numbers

Kind = Literal["number", "time", "name"]

_DATES = "|".join([*calendar.month_name[1:], *calendar.day_name])
_ASKS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"\b(?:when|(?:what|which) (?:date|day|month|year|time)|since when|how long ago)\b", re.IGNORECASE), "time"),
    (
        re.compile(
            r"\bhow (?:many|much|old|long|far|big|deep|high|tall|large|full|wide|fast|heavy|often)\b|\b(?:what|which) (?:is the |was the "
            r"|are the |were the )?(?:\w+ )?(?:percentage|price|figure|sum|number|cost|costs|length|height|quantity|amount|volume|"
            r"share|level|age|size|turnout|total)\b",
            re.IGNORECASE,
        ),
        "number",
    ),
    (re.compile(r"\b(?:who|whom|whose|where|what (?:is|was) the name|(?:what|which) (?:town|city|village|country|company|"
                r"club|person|man|woman|place))\b", re.IGNORECASE), "name"),
)  # fmt: skip
_TIME = re.compile(
    rf"\b(?:{_DATES}|\d{{4}}|spring|summer|autumn|winter|week|weeks|yesterday|today|tomorrow)\b", re.IGNORECASE
)


def asked_kind(question: str) -> Kind | None:
    """The kind a question asks for, or None where its words do not tell."""
    found = [(match.start(), kind) for pattern, kind in _ASKS if (match := pattern.search(question))]
    return min(found)[1] if found else None


def is_of_kind(kind: Kind, answer: str) -> bool:
    """Whether the words of an answer may be of a kind: a number, a time, or a name."""
    if kind == "number":
        return bool(numbers(answer)) or bool(
            re.search(r"\b(?:half|third|quarter|twice|none|no|one|two|three)\b", answer, re.IGNORECASE)
        )
    if kind == "time":
        return bool(_TIME.search(answer)) or bool(numbers(answer))
    return any(word[0].isupper() for word in answer.split())
