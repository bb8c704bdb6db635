"""A follow-up question gets what it leaves unsaid from the turns before it, by a regression over their words.

A question that names something and leans on nothing that was said is never changed. Which words a person would repeat
in another one depends on where they stand and on how it leans on what was said. Weights, data and script: models/followup/.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from qa.language.words import FUNCTION_WORDS, content_stems, stem, words
from qa.types import Message
from qa.weights import own_weights

FOLLOWUP_SHA256 = "bd82f4f57ab645027a8ac725928694749358faa13e2b27c990cc91efddf3df11"
_OPENING = re.compile(r"\s*(?:and|but|so(?! far)|then|also|what about|how about)\b", re.IGNORECASE)
_POINTS_NOWHERE = re.compile(  # "is there a plan", "there were", "this year"
    r"\b(?:(?:is|are|was|were|been|be) there|there (?:is|are|was|were|has|have|will)|"
    r"(?:this|these) (?:days?|weeks?|months?|years?|morning|evening|weekend|spring|summer|autumn|winter|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday)(?:'s)?)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|this|these|those|there|that one|the same|"
    r"the (?:former|latter|others?)|else|instead)\b",
    re.IGNORECASE,
)
_PRONOUNS = {
    **dict.fromkeys(("he", "she", "him", "her", "his", "hers"), "person"),
    **dict.fromkeys(("they", "them", "their", "theirs"), "they"),
    **dict.fromkeys(("it", "its"), "it"),
    "there": "there",
}
_NAME = re.compile(r"(?<!^)\b[A-Z][\w'’-]+")  # the first word of a question is capitalised anyway
_TOKEN = re.compile(r"[^\W_]+(?:['’.-](?=[^\W_])[^\W_]+)*")
_BREAK = re.compile(r"[.,;:!?()\[\]\"“”]")
_MARK = re.compile(r"\[\d+\]")
_FEW = 2  # content words under which a question without any name hardly stands alone
_LIKELY = -1.0  # the logit from which a word is added, a probability of .27: models/followup/README.md
_MOST_ADDED = 10  # words; more would drown the question
_MOST_TURNS = 12
_LONGEST_TURN = 2_000  # characters; of a longer one the beginning counts


@dataclass(slots=True)
class Mentioned:
    """A word of the turns before: as it was last written, the questions that have it, and what is known of its places."""

    word: str
    questions: set[int] = field(default_factory=set)
    place: set[str] = field(default_factory=set)  # in the last question that has it
    marks: set[str] = field(default_factory=set)  # anywhere


def standalone_question(question: str, history: Sequence[Message]) -> str:
    """The question with the missing words of the conversation behind it in brackets, or as it is.

    Raises ModelError where the weights are missing or not the known ones.
    """
    return completed(question, history, _weights())


def completed(question: str, history: Sequence[Message], weights: Mapping[str, float]) -> str:
    """The same with any weights: the likeliest words, in the order they were said."""
    likely = []
    for word, values in mentioned_words(question, history):
        logit = math.fsum(weights.get(name, 0.0) * value for name, value in values.items())  # in whatever order
        if logit >= _LIKELY:
            likely.append((logit, word))
    least = min(sorted((logit for logit, _ in likely), reverse=True)[:_MOST_ADDED], default=0.0)
    added = [word for logit, word in likely if logit >= least][:_MOST_ADDED]
    return f"{question} ({' '.join(added)})" if added else question


def mentioned_words(question: str, history: Sequence[Message]) -> list[tuple[str, dict[str, float]]]:
    """The content words of the questions before and of the last reply that the question lacks, with their features.

    Words of the questions come first, each where it first stands; a feature is 0 where it is not named. Empty where the
    question stands by itself.
    """
    asked = [turn.content[:_LONGEST_TURN] for turn in history if turn.role == "user"][-_MOST_TURNS:]
    form = _form(question)
    if not asked or ("named" in form and "leans" not in form):
        return []
    reply = history[-1].content[:_LONGEST_TURN] if history[-1].role == "assistant" else ""
    present = set(content_stems(question))
    found: dict[str, Mentioned] = {}
    for number, text in enumerate(asked):
        for key, word, place, marks in _placed(text, "question"):
            if key not in present:
                entry = found.setdefault(key, Mentioned(word))
                entry.word, entry.place = word, place
                entry.questions.add(number)
                entry.marks |= marks
    for key, word, place, marks in _placed(_MARK.sub(" ", reply), "reply"):
        if key not in present:
            entry = found.setdefault(key, Mentioned(word))
            entry.marks |= marks | {f"{one} of the reply" for one in place if one != "head of its phrase"}
            entry.marks.add("in both" if entry.questions else "in the reply only")
    topic = max((number for number, text in enumerate(asked) if not leans(text)), default=0)
    share = {"words": min(8, len(present)) / 8, "questions": min(6, len(asked)) / 6}
    return [(entry.word, _features(entry, len(asked), topic, form) | share) for entry in found.values()]


def _placed(text: str, of: str) -> Iterator[tuple[str, str, set[str], set[str]]]:
    """The content words of a text: stem, word, its place in the text and in its phrase, and whether it is a name."""
    phrases: list[list[tuple[str, bool]]] = [[]]
    last = 0
    for token in _TOKEN.finditer(text):
        folded = words(token.group())
        carries = bool(folded) and not set(folded) <= FUNCTION_WORDS
        if phrases[-1] and (not carries or _BREAK.search(text, last, token.start())):
            phrases.append([])
        if carries:
            phrases[-1].append((token.group(), token.start() > 0))
        last = token.end()
    phrases = [phrase for phrase in phrases if phrase]
    for number, phrase in enumerate(phrases):
        named = any(word[0].isupper() and within for word, within in phrase)
        ends_question = of == "question" and number == len(phrases) - 1
        place = {"last phrase" if ends_question else "first phrase" if number == 0 else "later phrase"}
        for at, (word, within) in enumerate(phrase):
            name = word[0].isupper() and (within or named)
            head = {"head of its phrase"} if at == len(phrase) - 1 else set()
            yield stem(words(word)[-1]), word, place | head, {f"{'name' if name else 'plain'} in a {of}"}


def _features(entry: Mentioned, asked: int, topic: int, form: set[str]) -> dict[str, float]:
    """What is known of a word, of the question, and both together."""
    known = set(entry.marks)
    if entry.questions:
        latest = max(entry.questions)
        known |= entry.place
        known.add({1: "last question", 2: "last but one"}.get(asked - latest, "earlier"))
        known |= {"topic"} if topic in entry.questions else set()
        known |= {"before the topic"} if latest < topic else set()
        known |= {"first question"} if 0 in entry.questions else set()
        known |= {"often"} if len(entry.questions) > 1 else set()
    together = {f"{one} & {other}" for one in known for other in form}
    return dict.fromkeys({"bias"} | known | form | together, 1.0)


def _form(question: str) -> set[str]:
    """How a question leans on what was said: its pronoun, opening, names and how little it says itself."""
    plain = _POINTS_NOWHERE.sub(lambda phrase: "_" * len(phrase.group()), question)
    pronoun, name, count = _PRONOUN.search(plain), _NAME.search(plain), len(set(content_stems(question)))
    held = {
        _PRONOUNS.get(pronoun.group().lower(), "pointing") if pronoun else None,
        "named" if name else None,
        "bare" if not name and not pronoun else None,
        "opening" if _OPENING.match(question) else None,
        "few words" if count < _FEW else "two words" if count == _FEW else None,
        "leans" if leans(question) else None,
    }
    return {one for one in held if one}


def leans(question: str) -> bool:
    """Whether a question leans on what was said: an opening "and", a pronoun no name explains, or too little to find."""
    plain = _POINTS_NOWHERE.sub(lambda phrase: "_" * len(phrase.group()), question)
    pronoun, name = _PRONOUN.search(plain), _NAME.search(plain)
    explained = name is not None and (pronoun is None or name.start() < pronoun.start())
    too_short = len(set(content_stems(question))) < _FEW and name is None
    return bool(_OPENING.match(question)) or too_short or (pronoun is not None and not explained)


@cache
def _weights() -> dict[str, float]:
    weights: dict[str, float] = json.loads(
        own_weights("followup/weights.json", FOLLOWUP_SHA256).read_text(encoding="utf-8")
    )
    return weights
