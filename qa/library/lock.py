"""One process at a time changes a library; readers need no lock."""

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from qa.errors import LibraryError
from qa.library.database import mapped_errors
from qa.library.durable import make_folder


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the library's lock; the system frees it even when the process is killed.

    Raises LibraryError at once, naming the holder, when another process or thread has it.
    """
    owner = folder / "lock.owner"
    with mapped_errors(folder):
        make_folder(folder)
        lock = FileLock(folder / "lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise LibraryError(
                f"another indexing run (process {_holder(owner)}) is at work on {folder}; wait until it has finished"
            ) from error
    try:
        with mapped_errors(folder):
            owner.write_text(str(os.getpid()))
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def _holder(owner: Path) -> str:
    """The number of the process that has the lock, as soon as it has written it down; what a killed one left means nothing."""
    for _ in range(20):
        with contextlib.suppress(OSError, ValueError):
            if psutil.pid_exists(number := int(owner.read_text())):
                return str(number)
        time.sleep(0.05)
    return "unknown"
