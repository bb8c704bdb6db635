"""What is said of many files for few reasons: how many each holds for, and the first of them."""

from qa.types import Note

MOST_PATHS = 100  # for one reason: a report of a million files shall not have a million lines


class Notes:
    """Paths and clauses about them, gathered by clause; there are as few clauses as there are kinds of things to say."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._paths: dict[str, list[str]] = {}

    def add(self, path: str, reason: str, count: int = 1) -> None:
        """Take up that a clause holds for so many things at a path."""
        self._counts[reason] = self._counts.get(reason, 0) + count
        paths = self._paths.setdefault(reason, [])
        if len(paths) < MOST_PATHS and path not in paths[-1:]:
            paths.append(path)

    def gathered(self) -> tuple[Note, ...]:
        """Return a note for each clause, in the order in which they came up."""
        return tuple(Note(reason, count, tuple(self._paths[reason])) for reason, count in self._counts.items())
