"""A backup of one state of a library, made while questions are answered, and read back before it has its name."""

import errno
import os
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
from filelock import FileLock, Timeout

from qa.articles.file_name import is_fit
from qa.errors import InputError, LibraryError
from qa.library import archive
from qa.library.archive import Contents, Member, add_list, add_member, opened_archive, read_members
from qa.library.database import FILE, mapped_errors, open_to_read, rows
from qa.library.durable import sync_folder
from qa.library.segments import FOLDER, Segment
from qa.library.store import UPLOADS, listed_segments
from qa.progress import tell_nobody
from qa.types import Backup, Progress

_PAGES = 5_000  # of SQLite, copied between two tellings
_ROOM = ".qa-backup-"
_COMPRESSION = 1  # of 9: texts become a third in any case, vectors hardly less


def backup(folder: Path, file: Path, replace: bool = False, progress: Progress | None = None) -> Backup:
    """Write a backup of a library into one file.

    It holds one generation, pinned by a read transaction, with its FAISS files, the uploaded files and the settings. Raises
    InputError where the file cannot be written or is there already and ``replace`` is not given, LibraryError where the
    library is missing or damaged.
    """
    tell = progress or tell_nobody
    began = time.monotonic()
    target = _target(folder, file, replace)
    with (
        mapped_errors(folder),
        _target_errors(target),
        ExitStack() as opened,
        _room(target.parent) as room,
    ):
        connection = open_to_read(folder)
        opened.callback(connection.close)
        segments = _pinned(connection, folder, opened)
        articles = _copy_database(connection, Path(room, FILE), tell)
        part = Path(room, "backup")
        with open(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as written:
            with zipfile.ZipFile(written, "w", compresslevel=_COMPRESSION) as zipped:
                members = [*_members(zipped, folder, Path(room, FILE), segments)]
                made = datetime.now(UTC).isoformat(timespec="seconds")
                uploads = str((folder / UPLOADS).resolve())
                add_list(zipped, Contents(archive.FORMAT, made, articles, uploads, tuple(members)))
            written.flush()
            os.fsync(written.fileno())
        with opened_archive(part) as (again, contents):
            read_members(again, contents, progress=progress)
        size = part.stat().st_size
        part.replace(target)
        sync_folder(target.parent)
    return Backup(str(file), size, articles, len(members), round(time.monotonic() - began, 3))


def _target(folder: Path, file: Path, replace: bool) -> Path:
    """The file to be written. Raises InputError where none may be."""
    target = file.resolve()
    if not target.parent.is_dir():
        raise InputError(f"there is no folder {target.parent} for the backup; make it or name another")
    if target.is_relative_to(folder.resolve()):
        raise InputError(f"{file} lies in the library itself; name a file outside of it, best on another disk")
    if target.is_dir():
        raise InputError(f"{file} is a folder; name a file")
    if target.exists() and not replace:
        raise InputError(f"{file} is there already; name another file, or give --replace")
    return target


@contextmanager
def _target_errors(target: Path) -> Iterator[None]:
    """What goes wrong where the backup is written is not the library's fault."""
    full = f"no space is left on the disk of {target.parent}; free some, or name a file on another disk"
    try:
        yield
    except apsw.FullError as error:
        raise InputError(full) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(full) from error
        raise InputError(f"{target} cannot be written ({error.strerror}); name another file") from error


@contextmanager
def _room(folder: Path) -> Iterator[str]:
    """A folder beside the backup for what is not whole yet; those that killed runs left are deleted first."""
    for left in folder.glob(f"{_ROOM}*"):
        with suppress(OSError, Timeout):
            own = os.name != "posix" or left.lstat().st_uid == os.geteuid()
            if own and left.is_dir() and not left.is_symlink():
                with FileLock(left / "lock", timeout=0):  # the system frees it where its holder was killed
                    shutil.rmtree(left)
    with TemporaryDirectory(prefix=_ROOM, dir=folder) as room, FileLock(Path(room, "lock"), timeout=0):
        yield room


def _pinned(connection: apsw.Connection, folder: Path, opened: ExitStack) -> list[tuple[Segment, int]]:
    """Begin the read transaction and open its FAISS files, which a merge may delete between the two: then try again."""
    for last_try in (False, False, True):
        connection.execute("BEGIN")
        segments = listed_segments(connection)
        found = list[tuple[Segment, int]]()
        with ExitStack() as now:
            try:
                for segment in segments:
                    descriptor = os.open(folder / FOLDER / segment.file, os.O_RDONLY | os.O_CLOEXEC)
                    now.callback(os.close, descriptor)
                    found.append((segment, descriptor))
            except OSError as error:
                connection.execute("ROLLBACK")
                if last_try or segments == listed_segments(connection):
                    raise _damaged(folder, segment.file) from error
            else:
                opened.push(now.pop_all())
                return found
    raise AssertionError("unreachable: the last try returns or raises")


def _copy_database(connection: apsw.Connection, file: Path, tell: Progress) -> int:
    """Copy what the read transaction sees, and check the copy; returns the number of articles."""
    copy = apsw.Connection(str(file))
    try:
        copy.execute("PRAGMA locking_mode = EXCLUSIVE")  # nobody else is here to share memory with through a file
        with copy.backup("main", connection, "main") as copying:
            while not copying.done:
                copying.step(_PAGES)
                tell("pages copied", copying.page_count - copying.remaining, copying.page_count)
        if rows(copy, "PRAGMA quick_check(1)") != [("ok",)]:
            raise apsw.CorruptError("its copy does not pass SQLite's check")
        return int(rows(copy, "SELECT count(*) FROM articles")[0][0])
    finally:
        copy.close()


def _members(
    zipped: zipfile.ZipFile, folder: Path, database: Path, segments: list[tuple[Segment, int]]
) -> Iterator[Member]:
    """Write all that a library consists of into an archive."""
    with open(database, "rb") as file:
        yield add_member(zipped, archive.DATABASE, file)
    for segment, descriptor in segments:
        with open(descriptor, "rb", closefd=False) as file:
            member = add_member(zipped, f"{FOLDER}/{segment.file}", file)
        if member.sha256 != segment.sha256:
            raise _damaged(folder, segment.file)
        yield member
    for path in _other_files(folder):
        with suppress(FileNotFoundError), open(path, "rb") as file:  # an upload may be deleted meanwhile
            yield add_member(zipped, path.relative_to(folder).as_posix(), file)


def _other_files(folder: Path) -> Iterator[Path]:
    """The settings, and what was uploaded; not what indexing passes over: links, hidden files, names that are no text."""
    if (folder / archive.SETTINGS).is_file():
        yield folder / archive.SETTINGS
    for path in sorted((folder / UPLOADS).rglob("*")):
        named = all(is_fit(part) and not part.startswith(".") for part in path.relative_to(folder).parts)
        if named and path.is_file() and not path.is_symlink():
            yield path


def _damaged(folder: Path, name: str) -> LibraryError:
    return LibraryError(f"the index file {name} is missing or damaged; run: qa repair --library {folder}, then repeat")
