"""A question that asks several things at once, taken apart, so that each of them can be searched by itself, too."""

import re

from qa.retrieval.query import search_terms

MOST = 4  # parts: each is one more search
_FEWEST = 3  # words to look up; what has fewer, such as a name in a list, is no question
_ASKING = "what|who|whose|whom|when|where|which|why|how|did|does|do|is|are|was|were|has|have|had|can|could|will|would"
_BETWEEN = re.compile(
    rf"\?\s+|[,;]?\s+(?:while|whereas)\s+|[,;]\s+(?:and|but|or)\s+|\s+and\s+(?=(?:{_ASKING})\b)", re.IGNORECASE
)


def question_parts(question: str) -> list[str]:
    """The parts of a question that are joined by a question mark, "and" or "while"; none where it has only one.

    A part may lack what it leaves to another ("and who runs it"): parts are searched beside the whole, not instead of it.
    """
    parts = [part.strip(" ?,;") for part in _BETWEEN.split(question)]
    parts = [part for part in parts if part]
    told = len(parts) > 1 and all(len(search_terms(part)) >= _FEWEST for part in parts)
    return parts[:MOST] if told else []
