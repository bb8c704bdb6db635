"""A follow-up question gets what it leaves unsaid from the turns before it, without a model.

A question that stands by itself is never changed.
"""

import re
from collections.abc import Sequence

from qa.language.words import FUNCTION_WORDS, content_stems, stem, words
from qa.types import Message

_OPENING = re.compile(r"\s*(?:and|but|so(?! far)|then|also|what about|how about)\b", re.IGNORECASE)
_POINTS_NOWHERE = re.compile(  # "is there a plan", "there were", "this year"
    r"\b(?:(?:is|are|was|were|been|be) there|there (?:is|are|was|were|has|have|will)|"
    r"(?:this|these) (?:days?|weeks?|months?|years?|morning|evening|weekend|spring|summer|autumn|winter)(?:'s)?)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|this|these|those|there|that one|the same|"
    r"the (?:former|latter|others?)|else|instead)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<!^)\b[A-Z][\w'’-]+")  # the first word of a question is capitalised anyway
_MOST_ADDED = 10  # words; more would drown the question
_FEW = 2  # content words under which a question without any name hardly stands alone


def standalone_question(question: str, history: Sequence[Message]) -> str:
    """The question with the missing words of the conversation behind it in brackets, or as it is.

    Taken are the content words of the last question and the names of the last answer that the question lacks.
    """
    asked = [message.content for message in history if message.role == "user"]
    if not asked or not _depends(question):
        return question
    replies = [message.content for message in history if message.role == "assistant"]
    present = set(content_stems(question))
    added: dict[str, str] = {}
    for text in (asked[-1], _named_in(replies[-1]) if replies else ""):
        for word in re.findall(r"[^\s\"“”()\[\]?!,;:]+", text):
            key = stem((words(word) or [""])[-1])
            if key and key not in present and key not in added and not set(words(word)) <= FUNCTION_WORDS:
                added[key] = word.rstrip(".")
    return f"{question} ({' '.join(list(added.values())[:_MOST_ADDED])})" if added else question


def _depends(question: str) -> bool:
    """Whether a question leans on what was said: an opening "and", a pronoun no name explains, or too little to find."""
    plain = _POINTS_NOWHERE.sub(lambda phrase: "_" * len(phrase.group()), question)
    pronoun, name = _PRONOUN.search(plain), _NAME.search(plain)
    explained = name is not None and (pronoun is None or name.start() < pronoun.start())
    too_short = len(set(content_stems(question))) < _FEW and name is None
    return bool(_OPENING.match(question)) or too_short or (pronoun is not None and not explained)


def _named_in(text: str) -> str:
    return " ".join(re.findall(r"\b[A-Z][\w'’-]+", text))
