"""A backup becomes a library again: everything is written beside the old one and checked before anything is replaced.

The database is replaced in one transaction, which says that uploads and settings are still to be moved: whoever opens the
library to write next moves them, so that a kill between the two leaves the restored library whole.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import apsw

from qa.errors import DamagedError, InputError, LibraryError
from qa.library.archive import DATABASE, SETTINGS, Contents, opened_archive, read_members, room_for
from qa.library.database import (
    UNFINISHED,
    exists,
    get_meta,
    mapped_errors,
    next_generation,
    open_to_read,
    open_to_write,
    rows,
    set_meta,
)
from qa.library.durable import make_folder, sync_folder
from qa.library.lock import writing
from qa.library.segments import FOLDER, remove_unlisted
from qa.library.store import UPLOADS, listed_segments
from qa.types import Backup, Progress

STAGING = ".restoring"
# What SQLite raises where the disk is full or may not be written; the backup itself may be sound.
_OF_THE_DISK = (OSError, apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError)
_BESIDE = (UPLOADS, SETTINGS)  # what of a library lies beside database and FAISS files


def restore(folder: Path, file: Path, replace: bool = False, progress: Progress | None = None) -> Backup:
    """Make the library of a backup at a folder; ``replace`` lets it take the place of the one that is there.

    A question that is being answered meanwhile keeps the state it began with. Raises InputError where the file is no sound
    backup, LibraryError where a library is there already or another process is at work on it; either leaves all as it was.
    """
    began = time.monotonic()
    _refuse_existing(folder, replace)
    with opened_archive(file) as (archive, contents), _locked(folder):
        _refuse_existing(folder, replace)
        with _staging(folder) as staging:
            room_for(contents, staging)
            read_members(archive, contents, staging, progress)
            _complete(staging)
            _check(staging, folder, contents, file)
            _put(staging, folder)
        open_to_write(folder).close()  # moves the rest
        shutil.rmtree(folder / STAGING, ignore_errors=True)
    return Backup(
        str(file), file.stat().st_size, contents.articles, len(contents.members), round(time.monotonic() - began, 3)
    )


def finish_restore(folder: Path) -> None:
    """Finish what a restore that was killed had begun, or clear it away; does nothing where another process is at work."""
    if os.path.lexists(folder / STAGING) and os.path.lexists(folder / DATABASE):
        with suppress(LibraryError), writing(folder):
            open_to_write(folder).close()
            shutil.rmtree(folder / STAGING, ignore_errors=True)


def move_beside(folder: Path, connection: apsw.Connection) -> None:
    """Move uploads and settings of a restored library to their place; the caller holds the lock. May be repeated."""
    staging = folder / STAGING
    for name in _BESIDE:
        staged, none = staging / name, staging / f"no-{name}"
        if staged.exists() or none.exists():
            if (folder / name).exists():
                (folder / name).rename(staging / f"replaced-{name}")
                sync_folder(staging)
            staged.rename(folder / name) if staged.exists() else none.unlink()
    sync_folder(folder)
    with connection:
        connection.execute("DELETE FROM meta WHERE key = ?", (UNFINISHED,))
    remove_unlisted(folder, [segment.file for segment in listed_segments(connection)])


def _refuse_existing(folder: Path, replace: bool) -> None:
    """Raise LibraryError where something stands that nobody said may be replaced."""
    if not exists(folder):
        for name in (*_BESIDE, FOLDER):
            begun = name == FOLDER and (folder / STAGING).exists()  # a restore that was killed made it
            if (folder / name).exists() and not begun:  # a folder of that name may be anybody's
                raise LibraryError(f"{folder} is no library and has {name} in it; name another folder with --library")
    elif not replace:
        raise LibraryError(
            f"there is a library at {folder} already; name another folder with --library, or give --replace to replace it"
        )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a library's lock; where there is none in the end, nothing of it is left."""
    made = not folder.exists()
    try:
        with writing(folder), mapped_errors(folder):
            yield
    finally:
        if made and not exists(folder):
            (folder / "lock").unlink(missing_ok=True)
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A folder inside the library's, which is deleted where what is done with it fails before the database is replaced."""
    staging = folder / STAGING
    if staging.exists() and exists(folder):  # of a run that was killed, perhaps before it had moved all
        with suppress(LibraryError):
            open_to_write(folder).close()
    shutil.rmtree(staging, ignore_errors=True)
    make_folder(staging)
    try:
        yield staging
    except BaseException:
        if not exists(folder):
            shutil.rmtree(folder / FOLDER, ignore_errors=True)
        if not _is_put(folder):
            shutil.rmtree(staging, ignore_errors=True)
        raise


def _is_put(folder: Path) -> bool:
    """Whether the restored database stands, or may stand, so that what is still to be moved must not be deleted."""
    try:
        with closing(open_to_read(folder)) as connection:
            return get_meta(connection, UNFINISHED) is not None
    except DamagedError:
        return False
    except LibraryError:
        return exists(folder)


def _complete(staging: Path) -> None:
    """Mark what the backup lacks, and return when every name is on the disk."""
    for name in _BESIDE:
        if not (staging / name).exists():
            (staging / f"no-{name}").touch()
    for place in (staging, *(path for path in staging.rglob("*") if path.is_dir())):
        sync_folder(place)


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
                    set_meta(connection, UNFINISHED, file.name)
                    next_generation(connection)
            finally:
                connection.close()
            if (staging / f"{DATABASE}-wal").exists():  # closing empties it, where there is space
                raise apsw.FullError("its log could not be written back")
    except LibraryError as error:
        if isinstance(error.__cause__, _OF_THE_DISK):  # its fault, not the backup's
            raise
        reason = str(error).partition(";")[0]
        raise InputError(f"the library in {file} cannot be used ({reason}); give another backup") from error


def _put(staging: Path, folder: Path) -> None:
    """Move what was checked to its place, up to the transaction from which on it is the library."""
    make_folder(folder / FOLDER)
    for segment in sorted((staging / FOLDER).glob("*")):
        segment.replace(folder / FOLDER / segment.name)
    sync_folder(folder / FOLDER)
    _put_database(staging, folder)


def _put_database(staging: Path, folder: Path) -> None:
    """In one transaction where there is a database that can be opened, so that its readers see the old or the new one."""
    if exists(folder):
        try:
            connection = open_to_write(folder)
        except LibraryError:  # damaged, or of another version: it is to be replaced
            for name in ("journal", "wal", "shm"):
                (folder / f"{DATABASE}-{name}").unlink(missing_ok=True)
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
    sync_folder(folder)
