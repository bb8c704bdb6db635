"""Files and folders that outlive a power cut: what is new in a folder is there for good only once the folder is synced."""

import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for its owner alone; returns when they are on the disk."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for place in reversed(missing):
        sync_folder(place.parent)


def write_file(file: Path, temporary: Path, data: bytes) -> None:
    """Write a file, under another name until it is whole; returns when it is on the disk under its own."""
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    temporary.replace(file)
    sync_folder(file.parent)


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
