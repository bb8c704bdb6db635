"""How files look from outside: one that looks as it did when it was read need not be read again."""

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# A file written again within what its file system takes for one moment looks as it did (git calls such a file racy). The
# coarsest counts in 2 seconds; one more is for a server whose clock is behind.
SETTLED = 3_000_000_000  # nanoseconds from the last change to a reading that tells what is in the file


@dataclass(slots=True)
class Looks:
    """``known``: how files looked that need not be read, by their paths; ``found``: how those looked that were read now.

    A look is size, time of the last change in nanoseconds, and inode. In ``found`` are only those that will tell whether
    the file is the same.
    """

    known: Mapping[str, str] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)

    def unchanged(self, folder: int, prefix: str, names: Iterable[str]) -> list[str]:
        """The paths, ``prefix`` and name, of those files of an open folder that look as they did when they were read."""
        known = self.known
        return [
            prefix + name
            for name in (names if known else ())
            if (look := known.get(prefix + name)) and look == _look_in(folder, name)
        ]

    def read(self, path: str, before: os.stat_result, after: os.stat_result, began: int) -> None:
        """Note a file that was read: its status before and after, and when that began, nanoseconds of the clock."""
        look = look_of(before)
        if look is not None and look == look_of(after) and before.st_mtime_ns < began - SETTLED:
            self.found[path] = look


def _look_in(folder: int, name: str) -> str | None:
    try:
        return look_of(os.stat(name, dir_fd=folder, follow_symlinks=False))
    except OSError:  # whoever reads it says so
        return None


def look_of(status: os.stat_result) -> str | None:
    """How a file looks; None for what is none."""
    if not stat.S_ISREG(status.st_mode):
        return None
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"
