"""R8: of many processes that start to index at once one proceeds, and a killed one leaves nothing locked."""

import os
from pathlib import Path

from qa.errors import LibraryError
from tests.conftest import WordEmbedder
from tests.reliability import made, naive
from tests.reliability.figure import Effort, Figure
from tests.reliability.process import DONE, REFUSED, fork

PROMISE = (
    "of processes that index at once exactly one proceeds, the others name it at once, and a killed one locks nothing"
)
SECONDS = 2


class WaitingEmbedder(WordEmbedder):
    """Says that it was asked, and waits for leave."""

    def __init__(self, asked: int, leave: int) -> None:
        """``asked`` and ``leave`` are ends of pipes."""
        super().__init__()
        self.asked, self.leave = asked, leave

    def encode(self, texts):
        """As ever, after the wait."""
        os.write(self.asked, os.getpid().to_bytes(8, "big"))
        os.read(self.leave, 1)
        return super().encode(texts)


def gate(place: Path, effort: Effort) -> list[Figure]:
    """Rounds, of which every other one ends with the death of the holder."""
    files = made.write(place / "files", range(3))
    faults: list[str] = []
    slowest = 0.0
    for number in range(effort.rounds * 2):
        made.write(files, range(3, 5), version=number)
        found, seconds = _round(place / "library", files, effort.writers, bool(number % 2))
        faults += found
        slowest = max(slowest, seconds)
    doubled = _naive_rounds(place, effort)
    return [
        Figure(
            "R8",
            PROMISE,
            f"{effort.rounds * 2} rounds of {effort.writers} processes, {effort.rounds} of them with a kill",
            f"{len(faults)} faults{': ' + '; '.join(faults[:3]) if faults else ''}; the last refusal after {slowest:.2f} s",
            f"{doubled} of {effort.rounds} locked for ever after a kill",
            not faults and slowest <= SECONDS and doubled == effort.rounds,
        )
    ]


def _round(library: Path, files: Path, writers: int, deadly: bool) -> tuple[list[str], float]:
    (saw, asked), (leave, give) = os.pipe(), os.pipe()

    def index() -> None:
        made.desk_for(library, WaitingEmbedder(asked, leave)).index(files)

    jobs = {job.pid: job for job in (fork(index) for _ in range(writers))}
    for job in jobs.values():
        job.start()
    holder = int.from_bytes(os.read(saw, 8), "big")
    held = jobs.pop(holder)
    others = [job.end() for job in jobs.values()]
    faults = [
        f"another proceeded or was not told of {holder}: {other.message or other.status}"
        for other in others
        if other.status != REFUSED or f"process {holder})" not in other.message or "\n" in other.message
    ]
    held.kill() if deadly else os.write(give, b"g")
    if (status := held.end().status) != (-9 if deadly else DONE):
        faults.append(f"the one that proceeded ended with {status}")
    try:
        report = made.desk_for(library).index(files)
    except LibraryError as error:
        faults.append(f"locked after the end of its holder: {error}")
    else:
        if bool(report.added + report.updated) != deadly:
            faults.append(f"a repeat had {report.added + report.updated} articles to write")
    for end in (saw, asked, leave, give):
        os.close(end)
    return faults, max(other.seconds for other in others)


def _naive_rounds(place: Path, effort: Effort) -> int:
    """After how many kills a lock that is a file with a number stays locked."""
    locked = 0
    for number in range(effort.rounds):
        folder = place / f"naive {number}"
        folder.mkdir()
        ready, taken = os.pipe()

        def hold() -> None:
            naive.take_pid_lock(folder)  # noqa: B023
            os.write(taken, b"t")  # noqa: B023
            os.read(os.pipe()[0], 1)

        job = fork(hold)
        job.start()
        os.read(ready, 1)
        job.kill()
        job.end()
        try:
            naive.take_pid_lock(folder)
        except BlockingIOError:
            locked += 1
        os.close(ready)
        os.close(taken)
    return locked
