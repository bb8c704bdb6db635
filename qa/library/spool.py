"""Articles and passages that wait to be written: in memory while they are few, on the disk where they are many."""

import json
from io import SEEK_END
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Any

IN_MEMORY = 64_000_000  # bytes


class Spool:
    """A file without a name, gone when it is closed; a context manager. Not for use by several threads at once."""

    def __init__(self, folder: Path | None = None, in_memory: int = IN_MEMORY) -> None:
        """``folder``: on whose disk the file is, where there must be one; without it, where temporary files are."""
        self._file = SpooledTemporaryFile[bytes](max_size=in_memory, dir=None if folder is None else str(folder))

    def __enter__(self) -> "Spool":
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Let all of it go."""
        self._file.close()

    def put(self, value: object) -> int:
        """Keep a value that JSON has; returns the place to get it from."""
        place = self._file.seek(0, SEEK_END)
        self._file.write(json.dumps(value).encode() + b"\n")
        return place

    def get(self, place: int) -> Any:
        """What was put at a place."""
        self._file.seek(place)
        return json.loads(self._file.readline())
