"""A backup is one zip file: the members of a library and a list of them with their hashes, which comes last.

What such a file may hold is a short list of names; whatever else is in one, no matter how it is called, is refused, so that
nothing an archive says decides where a file is written.
"""

import hashlib
import json
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from qa.articles.file_name import is_fit
from qa.errors import InputError
from qa.progress import tell_nobody
from qa.types import Progress

FORMAT = 1
LIST = "backup.json"
DATABASE = "library.sqlite"
SETTINGS = "settings.toml"
UPLOADS = "articles/"
_MEMBER = re.compile(rf"{re.escape(DATABASE)}|{re.escape(SETTINGS)}|segments/[0-9a-f]{{24}}\.faiss|{UPLOADS}.+")
_LARGEST_LIST = 100_000_000  # bytes
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a backup: its path in the library, its size in bytes, and its SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup says about itself; ``uploads`` is where the uploaded files lay when it was made."""

    format: int
    made: str
    articles: int
    uploads: str
    members: tuple[Member, ...]


def add_member(archive: zipfile.ZipFile, name: str, file: IO[bytes]) -> Member:
    """Write an open file into an archive; FAISS files, which nothing makes smaller, as they are."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFREG | 0o600) << 16
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(".faiss") else zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as opened:
        return Member(name, *copied(file, opened.write))


def add_list(archive: zipfile.ZipFile, contents: Contents) -> None:
    """Write what an archive holds, after all of it."""
    archive.writestr(LIST, json.dumps(asdict(contents), indent=1))


@contextmanager
def opened_archive(file: Path) -> Iterator[tuple[zipfile.ZipFile, Contents]]:
    """Open a backup and read its list. Raises InputError where it is none, is damaged, or holds what none may hold."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive, _contents(archive)
    except OSError as error:
        raise InputError(
            f"{error.filename or file} cannot be read or written ({error.strerror}); check the path"
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(f"{file} is no backup, or a damaged one ({error}); give another") from error


def read_members(
    archive: zipfile.ZipFile, contents: Contents, into: Path | None = None, progress: Progress | None = None
) -> None:
    """Hold every member against its hash, and write it into a folder where one is given; ``progress`` counts megabytes.

    Raises InputError for the first that differs.
    """
    tell = progress or tell_nobody
    total, done = sum(member.size for member in contents.members), 0
    for member in contents.members:
        with archive.open(member.name) as source, _written(into, member.name) as written:

            def write(piece: bytes, written: IO[bytes] = written) -> None:
                nonlocal done
                written.write(piece)
                done += len(piece)
                tell("unpacking", done // 1_000_000, total // 1_000_000)

            if copied(source, write) != (member.size, member.sha256):
                raise InputError(f"{member.name} in the backup is damaged (its hash differs); give another backup")


def copied(source: IO[bytes], write: Callable[[bytes], object]) -> tuple[int, str]:
    """Pass the bytes of an open file on; returns their number and their SHA-256 in hexadecimal."""
    digest, size = hashlib.sha256(), 0
    while piece := source.read(_PIECE):
        digest.update(piece)
        size += len(piece)
        write(piece)
    return size, digest.hexdigest()


def room_for(contents: Contents, folder: Path) -> None:
    """Raise InputError where a disk has less free space than a backup takes."""
    needed, free = sum(member.size for member in contents.members), shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"the backup takes {needed / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free at {folder}; free some space"
        )


@contextmanager
def _written(into: Path | None, name: str) -> Iterator[IO[bytes]]:
    """A file to be written under a folder, on the disk when it is left; without a folder, one that keeps nothing."""
    if into is None:
        with open(os.devnull, "wb") as nothing:
            yield nothing
        return
    (into / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(into / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _contents(archive: zipfile.ZipFile) -> Contents:
    """The list in an archive, held against what there is."""
    entries = {entry.filename: entry for entry in archive.infolist()}
    if LIST not in entries or entries[LIST].file_size > _LARGEST_LIST:
        raise InputError(f"{archive.filename} is no backup of a library; give a file that qa backup made")
    for entry in archive.infolist():
        _check_entry(entry)
    contents = _parsed(archive.read(LIST), str(archive.filename))
    listed = sorted([LIST, *(member.name for member in contents.members)])
    if DATABASE not in entries or len(entries) != len(archive.infolist()) or sorted(entries) != listed:
        raise InputError(f"{archive.filename} does not hold the files it lists; give another backup")
    if any(entries[member.name].file_size != member.size for member in contents.members):
        raise InputError(f"{archive.filename} holds files of other sizes than it lists; give another backup")
    return contents


def _parsed(data: bytes, shown: str) -> Contents:
    try:
        values: dict[str, Any] = json.loads(data)
        values["members"] = tuple(Member(str(m["name"]), int(m["size"]), str(m["sha256"])) for m in values["members"])
        contents = Contents(**values)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"the list in {shown} cannot be read ({type(error).__name__}); give another backup") from error
    if contents.format != FORMAT:
        raise InputError(f"{shown} is of another version of Newsdesk (backup format {contents.format}); use that one")
    return contents


def _check_entry(entry: zipfile.ZipInfo) -> None:
    """Raise InputError for what no backup holds: a name that leads elsewhere, a link, a folder, a locked file."""
    parts = entry.filename.split("/")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    known = entry.filename == LIST or _MEMBER.fullmatch(entry.filename)
    odd = any(not part or part.startswith(".") or not is_fit(part) for part in parts)
    if not known or odd or kind not in (0, stat.S_IFREG) or entry.flag_bits & 1:
        raise InputError(f"the archive holds {entry.filename!a}, which no backup holds; it was not restored")
