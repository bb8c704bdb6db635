"""Long work shows itself: its stages in words, and going through things while saying how many are done."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from qa.types import Progress

Item = TypeVar("Item")
STAGES = {
    "fetching": "addresses asked",
    "reading": "articles read",
    "cutting": "articles cut into passages",
    "embedding": "passages embedded",
    "writing": "articles written",
    "matching": "articles compared with the others",
    "structure": "SQLite's structure checked",
    "checking": "articles checked",
    "comparing": "index files checked",
    "rebuilding": "articles rebuilt",
    "unpacking": "megabytes checked",
    "purging": "steps of leaving nothing behind",
}


def tell_nobody(stage: str, done: int, total: int) -> None:
    """Progress for those who did not ask for it."""


def counted(items: Iterable[Item], total: int, stage: str, tell: Progress) -> Iterator[Item]:
    """Yield the items of a stage and tell before each how many are done, and at the end that all are."""
    for done, item in enumerate(items):
        tell(stage, done, total)
        yield item
    tell(stage, total, total)
