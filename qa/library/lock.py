"""One process at a time changes a library; readers need no lock."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
            holder = (owner.read_text().strip() if owner.is_file() else "") or "unknown"
            raise LibraryError(
                f"another indexing run (process {holder}) is at work on {folder}; wait until it has finished"
            ) from error
    try:
        with mapped_errors(folder):
            owner.write_text(str(os.getpid()))
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()
