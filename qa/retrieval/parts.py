"""A question that asks several things at once, taken apart."""

import re

from qa.retrieval.query import search_terms

MOST = 4  # parts that are looked at: each is one more search
_FEWEST = 3  # words to look up; what has fewer, such as a name in a list, is no question
_ASKING = "what|who|whose|whom|when|where|which|why|how|did|does|do|is|are|was|were|has|have|had|can|could|will|would"
_BETWEEN = re.compile(
    rf"\?\s+|[,;]?\s+(?:while|whereas)\s+|[,;]\s+(?:and|but|or)\s+|\s+and\s+(?=(?:{_ASKING})\b)", re.IGNORECASE
)
_ASKS = re.compile(rf"(?:(?:and|but|by|for|from|in|of|on|since|to|until|with)\s+)?(?:{_ASKING})\b", re.IGNORECASE)


def question_parts(question: str) -> list[str]:
    """What to search for beside a question: its parts where a question mark, "and" or "while" joins them, at most MOST.

    A part may lack what it leaves to another ("and who runs it"), so that none is searched instead of the whole.
    """
    return _parts(question)[:MOST]


def questions_in(question: str) -> list[str]:
    """The questions that a question consists of, each to be answered by itself; none where it is one, or more than MOST."""
    parts = _parts(question)
    return parts if len(parts) <= MOST and all(map(_ASKS.match, parts)) else []


def _parts(question: str) -> list[str]:
    parts = [part for part in (part.strip(" ?,;") for part in _BETWEEN.split(question)) if part]
    return parts if len(parts) > 1 and all(len(search_terms(part)) >= _FEWEST for part in parts) else []
