"""A walk through a folder that cannot leave it.

Every folder is opened relative to its parent's descriptor and every file without following links, so that nothing
outside the root is read even if the tree changes meanwhile.
"""

import errno
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from qa.articles.candidate import (
    ARCHIVE_SUFFIXES,
    COLLECTION_SUFFIXES,
    LINE_SUFFIXES,
    UNKNOWN_KIND,
    Candidate,
    Collection,
    Skipped,
    Unread,
    article_suffix,
    candidate_from,
)
from qa.articles.file_name import is_fit, printable
from qa.articles.json_lines import scan_lines
from qa.articles.looks import Looks
from qa.types import Failure

FILE_BYTES = 50_000_000
ARCHIVE_BYTES = 200_000_000
FOLDER_DEPTH = 100  # each level keeps a descriptor open

Found = Candidate | Collection | Unread | Skipped | Failure
Kind = Literal["file", "folder", "link", "other"]

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # O_NONBLOCK: a FIFO must not hold the walk up
_UNFIT_NAME = "has a name with control characters or bytes that are not UTF-8; rename it"
_LINK = "is a link, and links are not followed; index what it points to by its own path"
_NOT_REGULAR = "is not a regular file"


@dataclass(frozen=True, slots=True)
class FolderWalk:
    """Walks through folders; ``library`` is the device and number of a folder that is left out.

    ``looks`` says which files need no reading.
    """

    library: tuple[int, int] | None
    looks: Looks = field(default_factory=Looks)

    def entries(self, descriptor: int, prefix: str, wanted: tuple[str, ...], depth: int = 1) -> Iterator[Found]:
        """Yield what an open folder holds, and close its descriptor; ``wanted`` leads to the one entry wanted."""
        try:
            try:
                listed = _listed(descriptor, wanted)
            except OSError as error:
                yield _unread(prefix.rstrip("/") or ".", error)
                return
            files = (name for name, kind in listed if kind == "file")
            unread = frozenset(self.looks.unchanged(descriptor, prefix, files))
            if unread:
                yield Unread(unread)
            for name, kind in listed:
                path = prefix + name
                if path in unread:
                    continue
                if kind == "folder":
                    yield from self._folder(descriptor, name, path, wanted[1:], depth)
                else:
                    yield from self._entry(descriptor, name, path, kind)
        finally:
            os.close(descriptor)

    def _folder(self, parent: int, name: str, path: str, wanted: tuple[str, ...], depth: int) -> Iterator[Found]:
        if not is_fit(name):
            yield Failure(printable(path), _UNFIT_NAME)
            return
        if depth >= FOLDER_DEPTH:
            yield Failure(path, f"lies more than {FOLDER_DEPTH} folders deep; move it up")
            return
        try:
            descriptor = os.open(name, _READ | os.O_DIRECTORY, dir_fd=parent)
        except OSError as error:
            yield _unread(path, error)
            return
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) == self.library:
            os.close(descriptor)
        else:
            yield from self.entries(descriptor, f"{path}/", wanted, depth + 1)

    def _entry(self, parent: int, name: str, path: str, kind: Kind) -> Iterator[Found]:
        if kind == "link":
            yield Skipped(printable(path), _LINK)
        elif kind == "other":
            yield Skipped(printable(path), _NOT_REGULAR)
        elif article_suffix(name) is None:
            yield Skipped(printable(path), UNKNOWN_KIND)
        else:
            yield from read_file(parent, name, path, self.looks)


def read_file(parent: int, name: str, path: str, looks: Looks) -> Iterator[Found]:
    """Yield the candidates in one file of an open folder; once all have been taken, ``looks`` knows the file."""
    if not is_fit(name):
        yield Failure(printable(path), _UNFIT_NAME)
        return
    try:
        descriptor = os.open(name, _READ, dir_fd=parent)
    except OSError as error:
        yield _unread(path, error)
        return
    with open(descriptor, "rb") as file:
        began, before = time.time_ns(), os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            yield Skipped(path, _NOT_REGULAR)
        elif (suffix := article_suffix(name)) in LINE_SUFFIXES:
            yield from scan_lines(file, path, compressed=suffix == ".jsonl.gz")
        else:
            yield _whole(file, path)
        looks.read(path, before, os.fstat(descriptor), began)


def _listed(descriptor: int, wanted: tuple[str, ...]) -> list[tuple[str, Kind]]:
    """Return visible names and what they are, in the order that whole paths have."""
    with os.scandir(descriptor) as entries:
        listed = [
            (entry.name, _kind(entry))
            for entry in entries
            if not entry.name.startswith(".") and (not wanted or entry.name == wanted[0])
        ]
    return sorted(listed, key=lambda entry: entry[0] + "/" if entry[1] == "folder" else entry[0])


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_file(follow_symlinks=False):  # first, as nearly all are
        return "file"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "link" if entry.is_symlink() else "other"


def _whole(file: BinaryIO, path: str) -> Found:
    suffix = article_suffix(path)
    limit = ARCHIVE_BYTES if suffix in ARCHIVE_SUFFIXES else FILE_BYTES
    try:
        data = file.read(limit + 1) if os.fstat(file.fileno()).st_size <= limit else None
    except OSError as error:
        return _unread(path, error)
    if data is None or len(data) > limit:
        return Failure(path, f"is larger than {limit // 1_000_000} MB; split it")
    return Collection(path, data) if suffix in COLLECTION_SUFFIXES else candidate_from(path, data)


def _unread(path: str, error: OSError) -> Skipped | Failure:
    if error.errno == errno.ELOOP:
        return Skipped(path, _LINK)
    if error.errno == errno.ENOENT:
        return Failure(path, "was gone before it could be read; index again")
    return Failure(path, f"cannot be read ({error.strerror}); allow reading it or remove it")
