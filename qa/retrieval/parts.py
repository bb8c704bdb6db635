"""A question that asks several things at once, taken apart."""

import re

from qa.language.words import FUNCTION_WORDS, words

MOST = 4  # parts that are looked at: each is one more search
_FEWEST = 3  # words to look up in a part that is searched for: what has fewer finds anything
_ASKING = "what|who|whose|whom|when|where|which|why|how"
_VERB = "did|does|do|is|are|was|were|has|have|had|can|could|will|would"
# Behind a question mark, words in brackets are what a follow-up lacked (followup.py), and no part.
_BETWEEN = re.compile(
    rf"\?\s+(?![\s(])|[,;]?\s+(?:while|whereas)\s+|[,;]\s+(?:and|but|or)\s+|\s+and\s+(?=(?:{_ASKING}|{_VERB})\b)",
    re.IGNORECASE,
)
_ASKS = re.compile(rf"(?:(?:and|but|by|for|from|in|of|on|since|to|until|with)\s+)?(?:{_ASKING})\b", re.IGNORECASE)
_YES_OR_NO = re.compile(rf"(?:{_VERB})\b", re.IGNORECASE)


def question_parts(question: str) -> list[str]:
    """What to search for beside a question: its parts where a question mark, "and" or "while" joins them, at most MOST.

    A part may lack what it leaves to another ("and who runs it"), so that none is searched instead of the whole.
    """
    return _parts(question, _FEWEST)[:MOST]


def questions_in(question: str) -> list[str]:
    """The questions that a question consists of, each to be answered by itself; none where it is one, or more than MOST.

    A verb begins a question only behind another one: in "who was busy and did not care" there is one question.
    """
    parts = _parts(question, 1)
    alike = next((asks for asks in (_ASKS, _YES_OR_NO) if all(map(asks.match, parts))), None)
    return parts if alike and len(parts) <= MOST else []


def _parts(question: str, fewest: int) -> list[str]:
    """The parts, where there are several of so many words to look up."""
    parts = [part for part in (part.strip(" ?,;") for part in _BETWEEN.split(question)) if part]
    told = all(sum(word not in FUNCTION_WORDS for word in words(part)) >= fewest for part in parts)
    return parts if len(parts) > 1 and told else []
