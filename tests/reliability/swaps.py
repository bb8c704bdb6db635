"""R3: questions asked while the library changes see one edition of it each, never two, and are not kept waiting."""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from weakref import WeakSet

import numpy as np

from qa.chat import Desk
from qa.errors import LibraryError
from qa.library.segments import VectorIndex
from tests.conftest import WordEmbedder, write_articles
from tests.reliability import made, naive
from tests.reliability.figure import Effort, Figure
from tests.reliability.process import DONE, fork

PROMISE = "a question that is asked while the library changes sees one edition of it, and the newest that is published"
LIVE = 20  # articles of which every edition has another text
THREADS = 4
SLOWER = 2.0  # as many times as long may the slowest hundredth of questions take, while the library changes
ENOUGH = 50  # editions from which on that is judged; a test never asserts a time
_BREATH = 0.2  # seconds between two editions


@dataclass(frozen=True, slots=True)
class Asked:
    """A search or a question, when it began and ended in seconds of the machine's clock, and which editions it showed."""

    kind: str
    began: float
    ended: float
    editions: frozenset[int]
    error: str = ""


def gate(place: Path, effort: Effort) -> list[Figure]:
    """Threads ask a desk while another process indexes one edition after another."""
    files, library, told = place / "files", place / "library", place / "told"
    made.write(files, range(effort.articles))
    _write_edition(files, 0)
    made.desk_for(library).index(files)
    publisher = fork(lambda: _publish(library, files, effort.editions, told))  # before there are threads
    desk = made.desk_for(library)
    desk.ask(_question(0))
    until = time.monotonic() + max(1.0, effort.editions * _BREATH)
    idle, _ = _ask_until(desk, lambda: time.monotonic() > until)
    publisher.start()
    asked, held = _ask_until(desk, lambda: told.exists() and told.read_text().count("\n") > effort.editions)
    outcome = publisher.end()
    published = [json.loads(line) for line in told.read_text().splitlines() if line != "end"]
    mixed = [one for one in asked if len(one.editions) != 1 and not one.error]
    errors = [one.error for one in idle + asked if one.error] + [outcome.message] * (outcome.status != DONE)
    late = [one for one in asked if len(one.editions) == 1 and not _is_current(one, published)]
    seen = frozenset[int]().union(*(one.editions for one in asked))
    ratios = {kind: _slowest(asked, kind) / _slowest(idle, kind) for kind in ("search", "question")}
    naive_mixed, naive_reads = _naive(place / "naive", min(effort.editions, 20))
    return [
        Figure(
            "R3",
            PROMISE,
            f"{len(asked)} searches and questions of {THREADS} threads during {effort.editions} editions of {LIVE} of "
            f"{effort.articles + LIVE} articles",
            f"{len(errors)} errors, {len(mixed)} with two editions, {len(late)} with another than the published one, "
            f"{len(seen)} editions seen, at most {held} in memory; 99 of 100 within "
            + " and ".join(
                f"{_slowest(asked, kind) * 1000:.0f} ms ({kind}, {ratio:.1f} times idle)"
                for kind, ratio in ratios.items()
            )
            + "".join(f"; {error}" for error in errors[:3]),
            f"{naive_mixed} of {naive_reads} reads mixed or unreadable",
            not errors
            and not mixed
            and not late
            and held <= 2
            and (effort.editions < ENOUGH or max(ratios.values()) <= SLOWER)
            and bool(naive_mixed),
        )
    ]


def _write_edition(files: Path, edition: int) -> None:
    write_articles(files, {f"live{number}.txt": _text(number, edition) for number in range(LIVE)})


def _text(number: int, edition: int) -> str:
    """An article that says of which edition it is, and little else that another one says."""
    rest = made.text(1_000 + number, edition).partition("\n")[2]
    return (
        f"date 2041-03-{1 + number:02} Pier {number}\nEdition {edition} tells of the lantern on pier {number}.\n{rest}"
    )


def _question(number: int) -> str:
    return f"What does the edition tell of the lantern on pier {number % LIVE}?"


def _editions(*texts: str) -> frozenset[int]:
    return frozenset(int(found) for text in texts for found in re.findall(r"Edition (\d+)", text))


def _publish(library: Path, files: Path, editions: int, told: Path) -> None:
    """Index one edition after another, and tell of each when its run began and ended."""
    desk = made.desk_for(library)
    with told.open("w") as out:
        for edition in range(1, editions + 1):
            _write_edition(files, edition)
            began = time.monotonic()
            desk.index(files)
            print(json.dumps([edition, began, time.monotonic()]), file=out, flush=True)
            time.sleep(_BREATH)
        print("end", file=out, flush=True)


def _ask_until(desk: Desk, done: Callable[[], bool]) -> tuple[list[Asked], int]:
    """What threads asked until ``done``, and the most generations that were in memory at once."""
    asked, stop = list[Asked](), threading.Event()

    def ask(first: int) -> None:
        for number, kind in zip(count(first), cycle(("search", "question")), strict=False):
            if stop.is_set():
                return
            asked.append(_one(desk, kind, number))

    threads = [threading.Thread(target=ask, args=(5 * at,)) for at in range(THREADS)]
    for thread in threads:
        thread.start()
    held, generations = 0, WeakSet[VectorIndex]()
    while not done():
        with desk.library.snapshot() as snapshot:
            generations.add(snapshot._index)
        held = max(held, len(generations))
        time.sleep(_BREATH / 4)
    stop.set()
    for thread in threads:
        thread.join()
    return asked, held


def _one(desk: Desk, kind: str, number: int) -> Asked:
    began = time.monotonic()
    try:
        if kind == "search":
            editions = _editions(*(hit.text for hit in desk.search(_question(number))))
        else:
            answer = desk.ask(_question(number))
            quotes = [citation.quote for citation in answer.citations]
            editions = _editions(answer.text, *quotes, *(hit.text for hit in answer.passages))
            assert _editions(*quotes), answer
    except Exception as error:
        return Asked(kind, began, time.monotonic(), frozenset(), f"{type(error).__name__}: {error}")
    return Asked(kind, began, time.monotonic(), editions)


def _is_current(one: Asked, published: list[tuple[int, float, float]]) -> bool:
    """Whether an edition was not yet replaced when it was asked for, and begun when the answer came."""
    (edition,) = one.editions
    oldest = max((number for number, _, ended in published if ended <= one.began), default=0)
    newest = max((number for number, began, _ in published if began <= one.ended), default=0)
    return oldest <= edition <= newest


def _slowest(asked: list[Asked], kind: str) -> float:
    """The seconds within which 99 of 100 ended."""
    return float(np.percentile([one.ended - one.began for one in asked if one.kind == kind], 99))


def _naive(folder: Path, editions: int) -> tuple[int, int]:
    """How many of how many reads of rows and vectors, while they are replaced in place, did not belong together."""
    texts = [{number: _text(number, edition) for number in range(LIVE)} for edition in range(editions)]
    naive.index(folder, texts[0])

    def replace() -> None:
        for edition in texts:
            naive.index(folder, edition)
            time.sleep(0.01)
        raise LibraryError("done")

    publisher, flag, reads, mixed = fork(replace), threading.Event(), 0, 0
    publisher.start()
    waiting = threading.Thread(target=lambda: (publisher.end(), flag.set()))
    waiting.start()
    while not flag.is_set():
        reads += 1
        try:
            rows, vectors = naive.state(folder) or ((), ())
            wanted = WordEmbedder().encode([text for _, text in rows])
            mixed += [row.tobytes() for row in wanted] != [vector for _, vector in vectors]
        except Exception:
            mixed += 1
    waiting.join()
    return mixed, reads
