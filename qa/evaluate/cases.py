"""Files of questions with known answers, in any of the formats that are known, as one kind of value."""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from qa.errors import InputError
from qa.retrieval.query import LONGEST_QUESTION, as_message, checked_date
from qa.types import Message

Given = Literal["gold", "all"]


@dataclass(frozen=True, slots=True)
class GivenArticle:
    """A passage that comes with a question; ``article_id`` is made from what it says, so that the same one is the same."""

    article_id: str
    title: str
    date: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what is known of its answer.

    ``answers`` are accepted short ones, ``long_answers`` whole ones, ``gold_articles`` the ids of articles that hold one.
    ``given`` are the passages that the question brings along, None where it is put to a whole library; ``without`` are
    articles of that library which are left out for this question.
    """

    case_id: str
    question: str
    answers: tuple[str, ...]
    answerable: bool
    kind: str
    gold_articles: frozenset[str]
    history: tuple[Message, ...] = ()
    today: str | None = None
    long_answers: tuple[str, ...] = ()
    given: tuple[GivenArticle, ...] | None = None
    without: frozenset[str] = frozenset()
    made: bool = False


@dataclass(frozen=True, slots=True)
class Questions:
    """The cases of a file, and how many lines were left out because nobody knows what would be right."""

    cases: tuple[Case, ...]
    left_out: int


def load_questions(file: Path, given: Given | None = None, ids_by_text: Mapping[str, str] | None = None) -> Questions:
    """Read a file of questions (docs/evaluate.md has the formats).

    ``given`` puts a line's own passages in hand: ``gold`` those that hold the answer (all, where none does), ``all``
    every one. ``ids_by_text`` are the ids of a corpus of facts: a line's gold passages then are those with their text.
    Raises InputError for a file that cannot be read or a line that is no question.
    """
    cases, left_out = [], 0
    for number, line in numbered_lines(file):
        try:
            case = _case(line, f"{number}", given, ids_by_text or {})
        except (KeyError, ValueError, InputError) as error:
            said = f"it lacks {error}" if isinstance(error, KeyError) else error
            raise InputError(f"line {number} of {file} is no question ({said}); see docs/evaluate.md") from error
        if case is None:
            left_out += 1
        else:
            cases.append(case)
    if not cases:
        kind = "with passages of its own, which --given asks" if given else "whose answer is known"
        raise InputError(f"{file} holds no question {kind}; see docs/evaluate.md")
    return Questions(tuple(cases), left_out)


def numbered_lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines, plain or gzip-packed, with their line numbers from 1."""
    opened = gzip.open if file.suffix == ".gz" else open
    try:
        with opened(file, "rt", encoding="utf-8-sig") as lines:
            for number, text in enumerate(lines, start=1):
                if text.strip():
                    yield number, _object(text, number)
    except FileNotFoundError as error:
        raise InputError(f"there is no file {file}; check the path") from error
    except (OSError, EOFError, ValueError) as error:
        raise InputError(
            f"{file} cannot be read ({error}); give a file of JSON lines, plain or packed with gzip"
        ) from error


def _object(text: str, number: int) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number}: {error.msg}") from error
    if not isinstance(line, dict):
        raise ValueError(f"line {number} is no object")
    return line


def facts(file: Path) -> dict[str, str]:
    """The ids of the facts of a corpus by their text; empty where its lines hold none. Raises InputError."""
    found = {}
    for number, line in numbered_lines(file):
        if "fact" in line:
            try:
                found[_text(line["fact"])] = str(line["id"])
            except (KeyError, ValueError) as error:
                raise InputError(f"line {number} of {file} is no fact ({error}); see docs/evaluate.md") from error
    return found


def _case(line: Mapping[str, Any], number: str, given: Given | None, ids_by_text: Mapping[str, str]) -> Case | None:
    """The case of a line; None where nobody knows whether it can be answered, or it has no passages to be asked of."""
    answerable = line["answerable"]
    gold = frozenset(texts_of(line, "gold_articles"))
    if answerable == "unknown":  # a corpus in which the answer's words stand nowhere cannot answer
        if line["corpus_matches"]:
            return None
        answerable = False
    elif "gold_strong" in line:  # of the articles that hold the answer's words, those that answer
        gold = frozenset(texts_of(line, "gold_strong"))
        if not gold:
            return None
    passages, golds = passages_of(line)
    if ids_by_text and not gold:
        gold = frozenset(ids_by_text[passage.text] for passage in golds if passage.text in ids_by_text)
    if given is not None:
        if not passages:
            return None
        gold = frozenset(passage.article_id for passage in golds)
        passages = golds if golds and given == "gold" else passages
    long_answers = texts_of(line, "long_answers") or ((_text(line["long_answer"]),) if line.get("long_answer") else ())
    question = _text(line["question"])
    if len(question) > LONGEST_QUESTION:
        raise ValueError(f"it has {len(question):,} characters, at most {LONGEST_QUESTION:,} can be asked")
    return Case(
        str(line.get("id", number)),
        question,
        texts_of(line, "answers"),
        _flag(answerable),
        str(line.get("kind") or line.get("question_type") or line.get("answerability") or ""),
        gold,
        turns_of(line),
        checked_date(line.get("today") or line.get("date")),
        long_answers,
        tuple(passages) if given is not None else None,
        frozenset(texts_of(line, "without")),
        bool(line.get("made")),
    )


def texts_of(line: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """The texts of a field that holds a list of them, or nothing. Raises ValueError for anything else."""
    value = line.get(field) or []
    if not isinstance(value, list):
        raise ValueError(f"{field} is {value!r}, no list")
    return tuple(_text(item) for item in value)


def turns_of(line: Mapping[str, Any]) -> tuple[Message, ...]:
    """The history of a line. Raises ValueError and InputError for what is none."""
    value = line.get("history") or []
    if not isinstance(value, list):
        raise ValueError(f"history is {value!r}, no list")
    return tuple(as_message(turn) for turn in value)


def passages_of(line: Mapping[str, Any]) -> tuple[Sequence[GivenArticle], Sequence[GivenArticle]]:
    """All passages of a line, and those of them that hold the answer. Raises ValueError for what is none."""
    given, gold = line.get("passages") or [], line.get("gold") or []
    if not isinstance(given, list) or not isinstance(gold, list):
        raise ValueError("passages and gold are lists")
    passages = [given_article(passage) for passage in given]
    if not all(isinstance(index, int) and 0 <= index < len(passages) for index in gold):
        raise ValueError(f"gold is {gold!r} where there are {len(passages)} passages, counted from 0")
    return passages, [passages[index] for index in gold]


def given_article(passage: Mapping[str, Any]) -> GivenArticle:
    """A passage of a line as an article. Raises ValueError for what is none."""
    if not isinstance(passage, Mapping) or "text" not in passage:
        raise ValueError("a passage is no object with a text")
    title, date, text = _optional(passage.get("title")) or "", _optional(passage.get("date")), _text(passage["text"])
    digest = hashlib.sha256(json.dumps([title, date, text]).encode()).hexdigest()
    return GivenArticle(digest[:16], title, date, text)


def _optional(value: object) -> str | None:
    return _text(value) if value else None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is no text")
    value.encode()  # half a surrogate pair is a ValueError, too
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value
