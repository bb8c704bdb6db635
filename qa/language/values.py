"""Numbers and kinds of answers: what a sentence must have in common with its source, to the digit."""

import re

from text_to_num import alpha2digit

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SCALED = re.compile(r"(\d+(?:[.,]\d+)*)[ -](1000000000|1000000|1000|100)(?!\d)")
_SCALES = {"bn": "billion", "mn": "million", "mln": "million", "m": "million", "k": "thousand"}
_SHORT_SCALE = re.compile(r"(\d)\s?(bn|mn|mln|m|k)\b", re.IGNORECASE)


def numbers(text: str) -> frozenset[float]:
    """The numbers of a text by value: "48 million", "forty-eight million" and "48,000,000" are one number."""
    spelled = _SHORT_SCALE.sub(lambda match: f"{match[1]} {_SCALES[match[2].lower()]}", text)
    digits = alpha2digit(spelled, "en")
    values = set()
    for match in _SCALED.finditer(digits):
        values.add(round(_value(match[1]) * int(match[2]), 6))
    for match in _NUMBER.finditer(_SCALED.sub(" ", digits)):
        values.add(_value(match.group()))
    return frozenset(values)


def _value(digits: str) -> float:
    """A comma before three digits groups; any other comma, and the last point, is the decimal sign."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        return float(digits.replace(",", ""))
    whole, _, fraction = digits.replace(",", ".").rpartition(".")
    return float(f"{whole.replace('.', '') or '0'}.{fraction}") if whole else float(fraction)
