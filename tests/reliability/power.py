"""R2: a power cut, after which what was not synced is gone, or there in part, leaves the old state or the new one."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.reliability.calls import MAKING, REMOVING, RENAMING, SIZING, SYNCING, WRITING, Call, recorded
from tests.reliability.figure import Effort, Figure, counted, skipped, spread
from tests.reliability.keeping import struck_changes
from tests.reliability.process import why_no_strace
from tests.reliability.scenarios import Scenario, naive_scenario

PROMISE = "what is published is on the disk before it is pointed at, and all of it when the command returns"
SECTOR = 512  # bytes that a disk writes whole or not at all
PASSING = ("-shm", "lock", "lock.owner")  # names of files that mean nothing after a restart

Write = tuple[int, bytes | None]  # an offset and what was written there; None: the file was cut off there


@dataclass(slots=True)
class File:
    """A file's bytes on the disk, and the writes that came after them."""

    synced: bytes = b""
    unsynced: list[Write] = field(default_factory=list)

    def after(self, writes: list[Write]) -> bytes:
        """The bytes when these writes have come through."""
        data = bytearray(self.synced)
        for offset, written in writes:
            if written is None:
                del data[offset:]
                data += bytes(offset - len(data))
            else:
                data += bytes(max(0, offset - len(data)))
                data[offset : offset + len(written)] = written
        return bytes(data)


@dataclass(slots=True)
class Disk:
    """Files by their paths as the programs see them and as they are on the disk, and the changes of names in between.

    A value of None is a folder.
    """

    names: dict[str, File | None]
    synced_names: dict[str, File | None] = field(init=False)
    unsynced_names: list[tuple[str, Callable[[dict[str, File | None]], None]]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """All that is there is on the disk."""
        self.synced_names = dict(self.names)

    @staticmethod
    def of(folder: Path) -> "Disk":
        """The disk that holds a folder, if it is there."""
        names: dict[str, File | None] = {str(folder.parent): None}
        if folder.exists():
            names[str(folder)] = None
            for path in folder.rglob("*"):
                names[str(path)] = None if path.is_dir() else File(path.read_bytes())
        return Disk(names)

    def apply(self, call: Call) -> None:
        """Do what a call did, and note where it breaks the order."""
        if call.result < 0:
            return
        path = call.paths[-1]
        file = self.names.get(path)
        if call.name in WRITING and file:
            self._before_writing(path)
            file.unsynced.append((call.number, call.data[: call.result]))
        elif call.name in SIZING and file:
            file.unsynced.append((call.number, None))
        elif call.name in SYNCING:
            self._sync(path)
        elif call.name in RENAMING:
            self._rename(call.paths[-2], path)
        elif call.name in REMOVING:
            self._before_removing(path)
            self._change(path, lambda names: names.pop(path, None))
        elif call.name == "openat":
            self._open(path, call.flags)
        elif call.name in MAKING:
            self._change(path, lambda names: names.setdefault(path, None))

    def after_a_cut(self, folder: Path, draw: random.Random | None) -> None:
        """Write what is left into a folder: of what was not synced nothing, or what is drawn."""
        names = dict(self.synced_names)
        reached: dict[str, int] = {}
        for place, change in self.unsynced_names:
            # Within a folder, names change in order, up to where the cut came.
            many = sum(other == place for other, _ in self.unsynced_names)
            limit = reached.setdefault(f"{place} up to", draw.randint(0, many) if draw else 0)
            reached[place] = reached.get(place, 0) + 1
            if reached[place] <= limit:
                change(names)
        shutil.rmtree(folder, ignore_errors=True)
        for path in sorted(names):
            file = names[path]
            if not path.startswith(str(folder)) or path.endswith("-shm") or not _reachable(names, path, folder):
                continue
            if file is None:
                Path(path).mkdir()
            else:
                Path(path).write_bytes(file.after(_drawn(file.unsynced, draw)))

    def at_the_end(self) -> None:
        """Note what a cut after the command's return would lose."""
        for path, file in self.names.items():
            if not path.endswith(PASSING) and (path not in self.synced_names or (file and file.unsynced)):
                self.violations.append(f"{Path(path).name} is not on the disk at the end")

    def _change(self, path: str, change: Callable[[dict[str, File | None]], object]) -> None:
        change(self.names)
        self.unsynced_names.append((str(Path(path).parent), lambda names: (change(names), None)[1]))

    def _open(self, path: str, flags: str) -> None:
        if path not in self.names:
            file = File()
            self._change(path, lambda names: names.setdefault(path, file))
        elif (known := self.names[path]) and "O_TRUNC" in flags:
            known.unsynced.append((0, None))

    def _rename(self, source: str, target: str) -> None:
        file = self.names[source]
        if file and file.unsynced:
            self.violations.append(f"{Path(target).name} gets its name before its content is synced")

        def change(names: dict[str, File | None]) -> None:
            for path in [path for path in names if path == source or path.startswith(f"{source}/")]:
                names[target + path.removeprefix(source)] = names.pop(path)
            names[target] = file

        self._change(target, change)

    def _sync(self, path: str) -> None:
        file = self.names.get(path)
        if file:
            if path.endswith("-wal"):
                self._before_a_commit(path)
            file.synced, file.unsynced = file.after(file.unsynced), []
            return
        for _, change in [entry for entry in self.unsynced_names if entry[0] == path]:
            change(self.synced_names)
        self.unsynced_names = [entry for entry in self.unsynced_names if entry[0] != path]

    def _before_a_commit(self, wal: str) -> None:
        """What a commit may list must be on the disk with its name."""
        segments = str(Path(wal).parent / "segments")
        for path, file in self.names.items():
            if path.startswith(segments) and not path.endswith(".tmp"):
                if path not in self.synced_names or (file and file.unsynced):
                    self.violations.append(f"a commit while {Path(path).name} is not on the disk")

    def _before_writing(self, path: str) -> None:
        """SQLite's own order: the log is on the disk before the pages it protects are overwritten."""
        for log in (f"{path}-wal", f"{path}-journal"):
            held = self.names.get(log)
            if held and held.unsynced:
                self.violations.append(f"{Path(path).name} is overwritten before its log is synced")

    def _before_removing(self, path: str) -> None:
        database = Path(path).parent.parent / "library.sqlite"
        wal = self.names.get(f"{database}-wal")
        if Path(path).parent.name == "segments" and wal and wal.unsynced:
            self.violations.append(f"{Path(path).name} is removed before the commit that no longer lists it is synced")
        held = self.names.get(path.removesuffix("-wal")) if path.endswith("-wal") else None
        if held and held.unsynced:
            self.violations.append(f"{Path(path).name} is removed before its pages are synced")


def gate(place: Path, effort: Effort) -> list[Figure]:
    """The order of a change's calls, and the states after cuts within them."""
    if why := why_no_strace():
        return [skipped("R2", PROMISE, why)]
    changes = struck_changes(place, effort.changes)
    each = -(-effort.replays // len(changes))
    checked = [replayed(scenario, place, each) for scenario in changes]
    violations = [violation for found, _ in checked for violation in found]
    states = [state for _, found in checked for state in found]
    naive_violations, naive_states = replayed(naive_scenario(place), place, 40)
    wrong = [state for state in states if state not in ("old", "new", "new at the end")]
    naive_wrong = sum(state not in ("old", "new", "new at the end") for state in naive_states)
    return [
        Figure(
            "R2",
            PROMISE,
            f"the calls of {len(changes)} changes",
            f"{len(violations)} out of order" + (f": {'; '.join(sorted(set(violations))[:6])}" if violations else ""),
            f"{len(naive_violations)} out of order",
            not violations and bool(naive_violations),
        ),
        Figure(
            "R2",
            "after a power cut a library is in its old or its new state, and in the new one if the command had returned",
            f"{len(states)} cuts",
            counted(sorted(states)),
            f"{naive_wrong} of {len(naive_states)} mixed, unreadable or lost",
            not wrong and bool(naive_wrong),
        ),
    ]


def replayed(scenario: Scenario, place: Path, cuts: int) -> tuple[list[str], list[str]]:
    """The violations of a change's order, and the state after each of several cuts; the last comes after its end."""
    folder = scenario.copy(place / "cut")
    calls = recorded(lambda: scenario.change(folder), folder, place / "log")
    draw, states = random.Random(0), list[str]()
    ends = spread(range(1, len(calls) + 1), cuts)
    for number, end in enumerate(ends):
        disk = Disk.of(scenario.copy(folder))
        for call in calls[:end]:
            disk.apply(call)
        disk.after_a_cut(folder, draw if number % 3 and end < len(calls) else None)
        state = scenario.found(folder)
        states.append({"new": "new at the end"}.get(state, "lost") if end == len(calls) else state)
    disk = Disk.of(scenario.copy(folder))
    for call in calls:
        disk.apply(call)
    disk.at_the_end()
    return disk.violations, states


def _drawn(writes: list[Write], draw: random.Random | None) -> list[Write]:
    """Which of the writes came through: whole, not at all, or some of their sectors."""
    if draw is None:
        return []
    drawn: list[Write] = []
    for offset, data in writes:
        chance = draw.random()
        if chance < 1 / 3 or (data is None and chance < 1 / 2):
            drawn.append((offset, data))
        elif chance < 2 / 3 and data is not None:
            parts = [(offset + at, data[at : at + SECTOR]) for at in range(0, len(data), SECTOR)]
            drawn += [part for part in parts if draw.random() < 1 / 2]
    return drawn


def _reachable(names: dict[str, File | None], path: str, folder: Path) -> bool:
    """Whether all folders above a path are there, too."""
    above = Path(path).parent
    while above != folder.parent:
        if str(above) not in names:
            return False
        above = above.parent
    return True
