"""Files of questions with known answers, in any of the formats that are known, as one kind of value."""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from qa.errors import InputError
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
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"line {number} of {file} is no question ({type(error).__name__}: {error}); see docs/evaluate.md"
            ) from error
        if case is None:
            left_out += 1
        else:
            cases.append(case)
    if not cases:
        raise InputError(f"{file} holds no question whose answer is known; see docs/evaluate.md")
    return Questions(tuple(cases), left_out)


def numbered_lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines, plain or gzip-packed, with their line numbers from 1."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            for number, text in enumerate(lines, start=1):
                if text.strip():
                    line = json.loads(text)
                    if not isinstance(line, dict):
                        raise ValueError(f"line {number} is no object")
                    yield number, line
    except FileNotFoundError as error:
        raise InputError(f"there is no file {file}; check the path") from error
    except (OSError, EOFError, ValueError) as error:
        raise InputError(
            f"{file} cannot be read ({error}); give a file of JSON lines, plain or packed with gzip"
        ) from error


def _case(line: Mapping[str, Any], number: str, given: Given | None, ids_by_text: Mapping[str, str]) -> Case | None:
    """The case of a line; None where nobody knows whether the library answers it."""
    answerable = line["answerable"]
    gold = frozenset(line.get("gold_articles") or ())
    if answerable == "unknown":  # a corpus in which the answer's words stand nowhere cannot answer
        if line["corpus_matches"]:
            return None
        answerable = False
    elif "gold_strong" in line:  # of the articles that hold the answer's words, those that answer
        gold = frozenset(line["gold_strong"])
        if not gold:
            return None
    if ids_by_text and not gold:
        texts = [line["passages"][index]["text"] for index in line.get("gold") or ()]
        gold = frozenset(ids_by_text[text] for text in texts if text in ids_by_text)
    passages = [given_article(passage) for passage in line.get("passages") or ()]
    if given is not None:
        golds = [passages[index] for index in line["gold"]]
        gold = frozenset(passage.article_id for passage in golds)
        passages = golds if golds and given == "gold" else passages
    long_answers = line.get("long_answers") or ([line["long_answer"]] if line.get("long_answer") else [])
    return Case(
        str(line.get("id", number)),
        _text(line["question"]),
        tuple(_text(answer) for answer in line.get("answers") or ()),
        _flag(answerable),
        str(line.get("kind") or line.get("question_type") or line.get("answerability") or ""),
        gold,
        tuple(Message(turn["role"], turn["content"]) for turn in line.get("history") or ()),
        line.get("today") or line.get("date"),
        tuple(_text(answer) for answer in long_answers),
        tuple(passages) if given is not None else None,
        frozenset(line.get("without") or ()),
        bool(line.get("made")),
    )


def given_article(passage: Mapping[str, Any]) -> GivenArticle:
    """A passage of a line as an article."""
    title, date, text = passage.get("title") or "", passage.get("date"), _text(passage["text"])
    digest = hashlib.sha256(json.dumps([title, date, text]).encode()).hexdigest()
    return GivenArticle(digest[:16], title, date, text)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is no text")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value
