"""What a gate found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Figure:
    """A promise, how often it was tried, what came out, and what came out of a naive program in the same test.

    ``passed`` is None where the gate could not run, and ``found`` says why.
    """

    gate: str
    promise: str
    tried: str
    found: str
    control: str
    passed: bool | None


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each gate tries."""

    changes: tuple[str, ...]  # that are struck at
    calls: int  # of each change, those struck at
    random_kills: int
    replays: int
    damages: int  # of each kind of file
    rounds: int
    writers: int
    articles: int
    hostile: int
    queries: int
    targets: int  # questions whose answer is poisoned
    closed: int  # cases of closed and damaged folders
    editions: int  # that are published while others ask


CHANGES = (
    "first build", "add", "update", "delete", "remove", "upload", "reembed", "purge", "restore", "restore anew", "backup",
)  # fmt: skip
SHORT = Effort(
    changes=("first build", "update", "restore"), calls=3, random_kills=4, replays=24, damages=20, rounds=1, writers=5, articles=30,
    hostile=20, queries=40, targets=4, closed=4, editions=4,
)  # fmt: skip
FULL = Effort(
    changes=CHANGES, calls=1_000, random_kills=500, replays=200, damages=1_000, rounds=25, writers=20, articles=1_000,
    hostile=100, queries=1_000, targets=100, closed=100, editions=50,
)  # fmt: skip


def share(part: float) -> Effort:
    """A part, 0..1, of the full effort; no less than the short one."""
    numbers = {
        name: max(getattr(SHORT, name), round(part * value))
        for name in Effort.__slots__
        if isinstance(value := getattr(FULL, name), int)
    }
    return replace(FULL, **numbers)


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """At most so many of a sequence, the last among them, at equal distances."""
    count = min(most, len(items))
    return [items[(number + 1) * len(items) // count - 1] for number in range(count)]


def skipped(gate: str, promise: str, why: str) -> Figure:
    """A gate that could not run."""
    return Figure(gate, promise, "0", f"skipped: {why}", "", None)


def counted(names: Iterable[str]) -> str:
    """How often each name occurs, in the order they came: "2 old, 1 new"."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{count} {name}" for name, count in counts.items())
