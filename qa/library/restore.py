"""A backup becomes a library again: everything is written beside the old one and checked before anything is replaced."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from qa.errors import InputError, LibraryError
from qa.library.archive import DATABASE, SETTINGS, Contents, opened_archive, read_members, room_for
from qa.library.database import (
    delete_database,
    exists,
    mapped_errors,
    next_generation,
    open_to_read,
    open_to_write,
    rows,
)
from qa.library.durable import sync_folder
from qa.library.lock import writing
from qa.library.segments import FOLDER, remove_unlisted
from qa.library.store import UPLOADS, listed_segments
from qa.types import Backup

STAGING = ".restoring"


def restore(folder: Path, file: Path, replace: bool = False) -> Backup:
    """Make the library of a backup at a folder; ``replace`` lets it take the place of the one that is there.

    A question that is being answered meanwhile keeps the state it began with. Raises InputError where the file is no sound
    backup, LibraryError where a library is there already or another process is at work on it; either leaves all as it was.
    """
    began = time.monotonic()
    _refuse_existing(folder, replace)
    with opened_archive(file) as (archive, contents), _place(folder) as staging:
        _refuse_existing(folder, replace)
        room_for(contents, staging)
        read_members(archive, contents, staging)
        _check(staging, folder, contents, file)
        _put(staging, folder)
    return Backup(
        str(file), file.stat().st_size, contents.articles, len(contents.members), round(time.monotonic() - began, 3)
    )


def _refuse_existing(folder: Path, replace: bool) -> None:
    """Raise LibraryError where something stands that nobody said may be replaced."""
    if not exists(folder):
        for name in (UPLOADS, SETTINGS, FOLDER):
            if (folder / name).exists():  # a folder of that name may be anybody's
                raise LibraryError(f"{folder} is no library and has {name} in it; name another folder with --library")
    elif not replace:
        raise LibraryError(
            f"there is a library at {folder} already; name another folder with --library, or give --replace to replace it"
        )


@contextmanager
def _place(folder: Path) -> Iterator[Path]:
    """A folder inside the library's, whose lock is held; what is left there is deleted, and a library's folder not made."""
    made, staging = not folder.exists(), folder / STAGING
    try:
        with writing(folder), mapped_errors(folder):
            try:
                shutil.rmtree(staging, ignore_errors=True)  # of a run that was killed
                staging.mkdir(mode=0o700)
                yield staging
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    finally:
        if made and not exists(folder):
            (folder / "lock").unlink(missing_ok=True)
            with suppress(OSError):
                folder.rmdir()


def _check(staging: Path, folder: Path, contents: Contents, file: Path) -> None:
    """Hold the database against the other files, bring it up to date, and tell it where uploads are to lie."""
    try:
        with mapped_errors(staging):
            connection = open_to_write(staging)
            try:
                if rows(connection, "PRAGMA quick_check(1)") != [("ok",)]:
                    raise LibraryError("it does not pass SQLite's check")
                there = {member.name: member.sha256 for member in contents.members}
                if any(there.get(f"{FOLDER}/{s.file}") != s.sha256 for s in listed_segments(connection)):
                    raise LibraryError("it lists index files that are not there")
                with connection:
                    moved = (str((folder / UPLOADS).resolve()), contents.uploads)
                    connection.execute("UPDATE sources SET root = ? WHERE root = ?", moved)
                    next_generation(connection)
            finally:
                connection.close()
            if (staging / f"{DATABASE}-wal").exists():  # closing empties it, where there is space
                raise apsw.FullError("its log could not be written back")
    except LibraryError as error:
        if isinstance(error.__cause__, OSError | apsw.FullError | apsw.IOError):  # the disk's fault, not the backup's
            raise
        reason = str(error).partition(";")[0]
        raise InputError(f"the library in {file} cannot be used ({reason}); give another backup") from error


def _put(staging: Path, folder: Path) -> None:
    """Move what was checked to its place. What needs space comes first and leaves all as it was where there is none."""
    (folder / FOLDER).mkdir(mode=0o700, exist_ok=True)
    for segment in sorted((staging / FOLDER).glob("*")):
        segment.replace(folder / FOLDER / segment.name)
    sync_folder(folder / FOLDER)
    _put_database(staging, folder)
    for name in (UPLOADS, SETTINGS):
        if (folder / name).exists():
            (folder / name).rename(staging / f"replaced-{name}")
        if (staging / name).exists():
            (staging / name).rename(folder / name)
    sync_folder(folder)
    connection = open_to_read(folder)
    try:
        remove_unlisted(folder, [segment.file for segment in listed_segments(connection)])
    finally:
        connection.close()


def _put_database(staging: Path, folder: Path) -> None:
    """In one transaction where there is a database that can be opened, so that its readers see the old or the new one."""
    if exists(folder):
        try:
            connection = open_to_write(folder)
        except LibraryError:  # damaged, or of another version: it is to be replaced
            delete_database(folder)
        else:
            source = apsw.Connection(str(staging / DATABASE), flags=apsw.SQLITE_OPEN_READONLY)
            try:
                with connection.backup("main", source, "main") as copying:
                    copying.step(-1)
            finally:
                source.close()
                connection.close()
            return
    os.replace(staging / DATABASE, folder / DATABASE)
