"""Files and folders that outlive a power cut: what is new in a folder is there for good only once the folder is synced."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for its owner alone; returns when they are on the disk."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for place in reversed(missing):
        sync_folder(place.parent)


def write_file(file: Path, temporary: Path, data: bytes) -> None:
    """Write a file, under another name until it is whole; returns when it is on the disk under its own."""
    with new_file(temporary) as opened:
        opened.write(data)
    rename_file(temporary, file)


@contextmanager
def new_file(file: Path) -> Iterator[BinaryIO]:
    """Open a file to be written anew, for its owner alone; what was written is on the disk when this ends."""
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        yield opened
        opened.flush()
        os.fsync(opened.fileno())


def rename_file(file: Path, to: Path) -> None:
    """Give a file another name in its folder, in place of what has it; returns when that is on the disk."""
    file.replace(to)
    sync_folder(to.parent)


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on the disk."""
    if os.name == "posix":
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except PermissionError:  # a folder that may be written but not read: the system syncs it in its own time
            return
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
