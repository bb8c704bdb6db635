"""What every peer script shares: its arguments, reading the files, timing, resuming and writing the answers.

A script is started as ``python NAME.py CORPUS.jsonl QUESTIONS.jsonl OUT.jsonl --model GGUF --embedder FOLDER``. It
indexes the corpus, answers the questions that do not stand in OUT.jsonl yet, and writes one JSON object a line: first
what it is and how long indexing took, then an answer for each question, after each turn its peak of memory. A script that was
interrupted goes on where it stopped, but indexes again, as no peer's way of storing an index is used.

With ``--turns`` it waits for a number on its input, answers that many questions and says ``ready`` with how many are
left; so a runner lets several peers answer in turn. Nothing beyond the standard library is imported here.
"""

import argparse
import json
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeVar

TOKENS = 256  # the longest reply; without one limit for all, a rambling reply costs as much as a peer's default allows
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
COMMON = (
    f"temperature 0 and at most {TOKENS} new tokens",
    "llama.cpp with one thread per core; its Python default is half of them",
    "title and date are the first lines of an article's text",
)
DEPTH = 100  # passages asked of a retriever: a long article has many, and five articles should be among them

Line = dict[str, Any]


@dataclass(frozen=True)
class Article:
    """One article of the corpus."""

    id: str
    title: str
    date: str | None
    source: str | None
    url: str | None
    text: str

    @property
    def headed(self) -> str:
        """The text under its title and date; single line ends, so that these are no paragraph of their own."""
        return "\n".join(part for part in (self.title, self.date, self.text) if part)


@dataclass(frozen=True)
class Question:
    """One question; ``date`` is the day on which it was asked."""

    id: str
    question: str
    date: str | None = None


@dataclass(frozen=True)
class Reply:
    """A finished answer; ``cited`` are article ids with the text of the passage that the peer calls its source."""

    text: str
    cited: Sequence[tuple[str, str]] = ()
    abstained: bool | None = None  # None where the peer has no such notion


class Peer(Protocol):
    """What a script brings: models are loaded in ``__init__``, so that only the work itself is timed."""

    package: str  # the distribution whose version is reported
    deviations: Sequence[str]  # where the script is not what the peer's documentation shows

    def __init__(self, model: str, embedder: str) -> None:
        """Load the models."""

    def index(self, articles: Sequence[Article]) -> None:
        """Make the articles searchable."""

    def retrieve(self, question: Question, count: int) -> list[str]:
        """The article ids of the best ``count`` passages, best first; asked outside the clock, after the answer."""

    def answer(self, question: Question, shown: Callable[[], None]) -> Reply:
        """Answer, and call ``shown`` when the first piece of text could be shown."""


Kind = TypeVar("Kind", Article, Question)


def read_lines(path: Path) -> list[Line]:
    """The objects of a file of JSON lines; a line that was cut off by an interruption is left out."""
    lines = []
    for line in path.read_text(encoding="utf-8").split("\n") if path.is_file() else ():
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return lines


def read(path: Path, kind: type[Kind]) -> list[Kind]:
    """The articles or the questions of a file."""
    known = kind.__dataclass_fields__
    rows = [{name: line.get(name) for name in known} for line in read_lines(path)]
    return [kind(**row) for row in rows]  # type: ignore[arg-type]


def marks(text: str) -> list[int]:
    """The numbers that a text cites as [1] or [1, 2], each once, in order."""
    found = re.findall(r"\[(\d+(?:\s*,\s*\d+)*)\]", text)
    return list(dict.fromkeys(int(number) for group in found for number in group.split(",")))


def cited(text: str, passages: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The passages, numbered from 1, that a text cites."""
    return [passages[number - 1] for number in marks(text) if 0 < number <= len(passages)]


def join(pieces: Iterable[str], shown: Callable[[], None]) -> str:
    """The text of a stream; ``shown`` is called with each piece that is not blank."""
    text = ""
    for piece in pieces:
        text += piece
        if piece.strip():
            shown()
    return text.strip()


def peak_memory_mb() -> float | None:
    """The most memory this process has had resident, where the system says so."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.is_file() else None
    return round(int(found[1]) / 1024, 1) if found else None


def timed(peer: Peer, question: Question) -> Line:
    """One answer as a line of the output; where nothing is streamed the first text comes with the last."""
    pieces: list[float] = []
    error = None
    began = time.perf_counter()
    try:
        reply = peer.answer(question, lambda: pieces.append(time.perf_counter()))
    except Exception as raised:  # whatever a peer raises, such as for a prompt over its context, is its answer
        traceback.print_exc()
        reply, error = Reply(""), f"{type(raised).__name__}: {raised}"[:300]
    ended = time.perf_counter()
    return {
        "id": question.id,
        "text": reply.text,
        "cited": [{"article_id": article, "text": text} for article, text in reply.cited],
        "retrieved": retrieved(peer, question),
        "abstained": reply.abstained,
        "first_token_seconds": round((pieces[0] if pieces else ended) - began, 4),
        "total_seconds": round(ended - began, 4),
        **({"error": error} if error else {}),
    }


def retrieved(peer: Peer, question: Question) -> list[str]:
    """The articles of a peer's search, best first, each once; none where it raises."""
    try:
        return list(dict.fromkeys(peer.retrieve(question, DEPTH)))
    except Exception:
        traceback.print_exc()
        return []


def arguments(description: str) -> argparse.Namespace:
    """The arguments of a peer script."""
    parser = argparse.ArgumentParser(description=description)
    for name in ("corpus", "questions", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--model", required=True, help="GGUF file")
    parser.add_argument("--embedder", required=True, help="folder that sentence-transformers can load")
    parser.add_argument("--turns", action="store_true", help="answer as many questions as each line of the input says")
    return parser.parse_args()


def own_output() -> TextIO:
    """The output of the script alone: what libraries print goes to the error output from now on."""
    own = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    return own


def main(make: type[Peer]) -> None:
    """Run a peer script."""
    given, own = arguments(make.__doc__ or ""), own_output()
    done = {line["id"] for line in read_lines(given.out) if "id" in line}
    left = [question for question in read(given.questions, Question) if question.id not in done]
    if not left:
        print("ready 0", file=own)
        return
    articles = read(given.corpus, Article)
    peer = make(given.model, given.embedder)
    began = time.perf_counter()
    peer.index(articles)
    header = {
        "peer": given.out.stem.split("-")[0],
        "version": version(make.package),
        "day": date.today().isoformat(),
        "index_seconds": round(time.perf_counter() - began, 3),
        "index_words": sum(len(article.text.split()) for article in articles),
        "deviations": list(peer.deviations),
    }
    with given.out.open("a", encoding="utf-8") as out:

        def write(line: Line) -> None:
            print(json.dumps(line, ensure_ascii=False), file=out, flush=True)

        if out.tell():
            out.write("\n")  # whatever an interruption left of a line ends here
        write(header)
        print(f"ready {len(left)}", file=own)
        for turn in sys.stdin if given.turns else [str(len(left))]:
            now, left = left[: int(turn)], left[int(turn) :]
            for question in now:
                write(timed(peer, question))
            write({"peak_memory_mb": peak_memory_mb()})
            print(f"ready {len(left)}", file=own)
            if not left:
                break
