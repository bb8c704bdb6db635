"""The library is kept up to date: whenever files change, and whenever it is time to ask addresses again."""

import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from qa.articles.candidate import article_suffix
from qa.errors import LibraryError, QAError
from qa.types import SyncReport

Told = Callable[[SyncReport | QAError], None]

_GROUPED = 1_600  # milliseconds: changes at most so far apart belong to one round
_TICK = 1_000  # milliseconds between two looks at the folders themselves
_WAIT, _LONGEST_WAIT = 2.0, 300.0  # seconds from a round that failed to the next; doubled each time


def watch(
    index: Callable[[bool], SyncReport],
    places: Sequence[Path],
    library: Path,
    told: Told,
    stop: threading.Event,
    every: float | None = None,
) -> None:
    """Call ``index`` at once and whenever something changes in resolved folders and files, until ``stop`` is set.

    Where files changed it is called with False, for that asks no addresses; with True each ``every`` seconds, first after
    as many. With no places nothing but the time leads to a round. ``told`` gets every report and every QAError; after an
    error the round is repeated, at once when something changes. Files that indexing passes over, and the library itself,
    lead to no round. Lets KeyboardInterrupt through; raises LibraryError where the system cannot watch.
    """
    from watchfiles import watch as changes_of

    wait, not_before, asked_at = _WAIT, 0.0, time.monotonic()
    due = ask = False
    while not stop.is_set():
        watched = _identities(places)
        due = due or bool(places)  # what changed while nobody watched
        rounds = changes_of(
            *(place for place, identity in zip(places, watched, strict=True) if identity),
            watch_filter=lambda change, name: _matters(Path(name), change.name == "deleted", places, library),
            debounce=_GROUPED,
            rust_timeout=_TICK,
            yield_on_timeout=True,
            stop_event=stop,
            ignore_permission_denied=True,
        )
        while (changes := next_changes(rounds)) is not None:
            if changes:
                due, not_before = True, 0.0
            if every is not None and time.monotonic() >= asked_at + every:
                due = ask = True
                asked_at = time.monotonic()
            if due and time.monotonic() >= not_before:
                try:
                    told(index(ask))
                    due, ask, wait, not_before = False, False, _WAIT, 0.0
                except QAError as error:
                    told(error)
                    not_before, wait = time.monotonic() + wait, min(2 * wait, _LONGEST_WAIT)
            if _identities(places) != watched:  # another folder or file stands there now: watch that
                break


def next_changes(rounds: Iterator[set[Any]]) -> set[Any] | None:
    """The next changes, none after a while without; None where the watching has to begin anew or is over.

    Raises LibraryError where the system cannot watch.
    """
    try:
        return next(rounds, None)
    except FileNotFoundError:  # a folder went just now
        return None
    except (OSError, RuntimeError) as error:  # such as too many folders for the system's limit
        raise LibraryError(
            f"the system does not tell of changes ({error}); set WATCHFILES_FORCE_POLLING=1 to look for them instead"
        ) from error


def _identities(places: Sequence[Path]) -> list[tuple[int, int, int] | None]:
    """Device and number of each place, of a file when it was written, too; None for one that is gone.

    A file that takes another's place may get the number of the one before that, which nobody has then.
    """
    found: list[tuple[int, int, int] | None] = []
    for place in places:
        try:
            status = place.stat()
        except OSError:
            found.append(None)
        else:
            written = status.st_mtime_ns if stat.S_ISREG(status.st_mode) else 0
            found.append((status.st_dev, status.st_ino, written))
    return found


def _matters(path: Path, deleted: bool, places: Sequence[Path], library: Path) -> bool:
    """Whether a change at a path may be one of articles: what is deleted may have been a folder of them."""
    for place in places:
        if path == place:
            return True
        if path.is_relative_to(place):
            hidden = any(part.startswith(".") for part in path.relative_to(place).parts)
            own = path.is_relative_to(library) and not place.is_relative_to(library)
            if not hidden and not own:
                return deleted or article_suffix(path.name) is not None or path.is_dir()
    return False
