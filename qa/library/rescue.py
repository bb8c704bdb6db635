"""A database that cannot be read is set aside, never deleted, and what it held is indexed again from files and uploads."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from itertools import count
from pathlib import Path

import apsw

from qa.errors import DamagedError
from qa.fetching.address import is_address
from qa.library.database import ASIDE, FILE, mapped_errors, open_to_write, rows
from qa.library.durable import make_folder, sync_folder
from qa.library.lock import writing
from qa.library.store import UPLOADS
from qa.library.sync import sync
from qa.settings import Settings
from qa.types import Embedder, Progress

_MAKING = ".repairing"
_LOGS = tuple(f"{FILE}-{end}" for end in ("journal", "wal", "shm"))

KeptOut = tuple[str, str, str, str]  # root of the source, path, given id, content hash


def rescue(
    folder: Path,
    read: Callable[[], object],
    embedder: Callable[[], Embedder],
    settings: Settings,
    progress: Progress,
) -> tuple[str, ...]:
    """Make a library anew whose database cannot be read, for which ``read`` raises DamagedError; returns what was done.

    The damaged files stay in a folder beside. Up to the rename that puts an empty database with the known sources in place
    nothing has changed; from then on, where this is cut short, ``qa index`` goes on.
    """
    with writing(folder), mapped_errors(folder):
        try:
            read()
            return ()  # another process was first
        except DamagedError as error:
            reason = str(error).partition(";")[0]
        roots, kept_out = _sources(folder), _kept_out(folder)
        aside = _set_aside(folder)
        _put_empty(folder, roots or (), kept_out or ())
    uploads = (folder / UPLOADS).resolve()
    there = [root for root in dict.fromkeys((*map(Path, roots or ()), uploads)) if root.exists()]
    report = sync(folder, there, embedder, settings, progress=progress) if there else None
    indexed = f"{report.added if report else 0} articles were indexed again from {len(there)} sources"
    said = [f"database: {reason}; it is kept in {aside} and {indexed}"]
    if roots is None:
        said.append(f"sources: they cannot be read; name your folders: qa index FOLDER --library {folder}")
    said += [f"sources: {_to_do(root, folder)}" for root in roots or () if not Path(root).exists()]
    if kept_out is None:
        said.append("removed articles: which these are cannot be read; those whose files are still there are back")
    said += [f"articles: {failure.path}: {failure.reason}" for failure in (report.failures if report else ())]
    return tuple(said)


def _to_do(root: str, folder: Path) -> str:
    """How the articles of a source come back that were not indexed again."""
    if is_address(root):
        return f"{root} was not asked; what it still has comes back with: qa index {root} --library {folder}"
    return f"{root} is missing; put it back, and run: qa index {root} --library {folder}"


def _sources(folder: Path) -> tuple[str, ...] | None:
    """The folders and files that a damaged library mirrored; None where that cannot be read."""
    found = _read(folder, "SELECT root FROM sources ORDER BY source_id")
    return None if found is None else tuple(root for (root,) in found)


def _kept_out(folder: Path) -> tuple[KeptOut, ...] | None:
    """What was removed by hand, and is to stay out; None where that cannot be read."""
    query = "SELECT root, path, given_id, k.content_hash FROM kept_out k JOIN sources USING (source_id)"
    found = _read(folder, query)
    return None if found is None else tuple((root, path, given, content) for root, path, given, content in found)


def _read(folder: Path, query: str) -> list[tuple[str, ...]] | None:
    """Rows of texts of a damaged database, from pages whose checksums are right; None where they cannot be read."""
    try:
        with closing(apsw.Connection(str(folder / FILE), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            found: list[tuple[str, ...]] = rows(connection, query)
    except (apsw.Error, UnicodeDecodeError):
        return None
    return found if all(isinstance(value, str) for row in found for value in row) else None


def _set_aside(folder: Path) -> Path:
    """Give the damaged files a second name each, in a folder of their own; returns that."""
    name = f"{ASIDE}{datetime.now():%Y-%m-%d}"
    aside = next(place for number in count(1) if not (place := folder / f"{name}-{number}").exists())
    make_folder(aside)
    for file in (FILE, *_LOGS[:2]):
        if (folder / file).exists():
            try:
                os.link(folder / file, aside / file)
            except OSError:  # a disk without links
                shutil.copy2(folder / file, aside / file)
    sync_folder(aside)
    return aside


def _put_empty(folder: Path, roots: tuple[str, ...], kept_out: tuple[KeptOut, ...]) -> None:
    """Put a database in place that knows its sources, and what is to stay out, and holds no article yet."""
    making = folder / _MAKING
    shutil.rmtree(making, ignore_errors=True)
    make_folder(making)
    with closing(open_to_write(making)) as connection, connection:
        names = [(root, Path(root).name or "root") for root in roots]
        connection.executemany("INSERT INTO sources (root, name) VALUES (?, ?)", names)
        connection.executemany(
            "INSERT INTO kept_out SELECT source_id, ?2, ?3, ?4 FROM sources WHERE root = ?1", kept_out
        )
    for log in _LOGS:
        (folder / log).unlink(missing_ok=True)
    os.replace(making / FILE, folder / FILE)
    sync_folder(folder)
    shutil.rmtree(making, ignore_errors=True)
