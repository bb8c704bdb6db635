"""A database that cannot be read is set aside, never deleted, and what it held is indexed again from files and uploads."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

import apsw

from qa.errors import DamagedError
from qa.fetching.address import is_address
from qa.library.database import ASIDE, FILE, get_meta, mapped_errors, open_to_read, open_to_write, rows, set_meta
from qa.library.durable import make_folder, sync_folder
from qa.library.lock import writing
from qa.library.store import UPLOADS
from qa.library.sync import sync
from qa.settings import Settings
from qa.types import Embedder, Progress, Repair

_MAKING = ".repairing"
_BEGUN = "rescue"  # the note of a database whose articles are still to be indexed again
# Sources that gave nothing and of which nothing was removed: their disk may not be mounted.
_EMPTY = """SELECT root FROM sources s WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.source_id = s.source_id)
            AND NOT EXISTS (SELECT 1 FROM kept_out k WHERE k.source_id = s.source_id)"""
_LOGS = tuple(f"{FILE}-{end}" for end in ("journal", "wal", "shm"))

KeptOut = tuple[str, str, str, str]  # root of the source, path, given id, content hash


@dataclass(frozen=True, slots=True)
class Rescue:
    """What was set aside, and what could be read of it; noted in the new database until the articles are indexed again."""

    reason: str
    aside: str  # the folder in the library
    roots: Sequence[str] | None  # of the sources; None where they cannot be read
    removed_known: bool  # whether it could be read which articles are to stay out


def rescue(
    folder: Path,
    read: Callable[[], object],
    embedder: Callable[[], Embedder],
    settings: Settings,
    progress: Progress,
) -> Repair:
    """Make a library anew whose database cannot be read, for which ``read`` raises DamagedError.

    The damaged files stay in a folder beside. Up to the rename that puts an empty database with the known sources in place
    nothing has changed; from then on, where this is cut short, ``finish_rescue`` and ``qa index`` go on.
    """
    with writing(folder), mapped_errors(folder):
        try:
            read()
        except DamagedError as error:
            reason = str(error).partition(";")[0]
        else:
            return Repair(True)  # another process was first
        roots, kept_out = _sources(folder), _kept_out(folder)
        begun = Rescue(reason, _set_aside(folder).name, roots, kept_out is not None)
        _put_empty(folder, begun, kept_out or ())
    return finish_rescue(folder, begun, embedder, settings, progress)


def begun_rescue(folder: Path) -> Rescue | None:
    """A rescue that was cut short before the articles were indexed again."""
    with mapped_errors(folder), closing(open_to_read(folder)) as connection:
        noted = get_meta(connection, _BEGUN)
    return Rescue(**json.loads(noted)) if noted else None


def finish_rescue(
    folder: Path, begun: Rescue, embedder: Callable[[], Embedder], settings: Settings, progress: Progress
) -> Repair:
    """Index again what the sources of a rescue hold; what is embedded already is not embedded again."""
    roots, uploads = begun.roots or (), (folder / UPLOADS).resolve()
    there = [root for root in dict.fromkeys((*map(Path, roots), uploads)) if root.exists()]
    report = sync(folder, there, embedder, settings, progress=progress) if there else None
    added, failures = (report.added, report.failures) if report else (0, ())
    with writing(folder), mapped_errors(folder), closing(open_to_write(folder)) as connection, connection:
        empty = {root for (root,) in rows(connection, _EMPTY)} - {str(uploads)}
        connection.execute("DELETE FROM meta WHERE key = ?", (_BEGUN,))
    aside = folder / begun.aside
    lost = [_to_do(root, folder, root in empty) for root in roots if root in empty or not Path(root).exists()]
    if begun.roots is None:
        lost.append(f"they cannot be read; name your folders: qa index FOLDER --library {folder}")
    said = [
        f"database: {begun.reason}; it is kept in {aside} and {added} articles were indexed again from {len(there)} sources",
        *(f"sources: {line}" for line in lost),
    ]
    if not begun.removed_known:
        said.append("removed articles: which these are cannot be read; those whose files are still there are back")
    said += [f"articles: {failure.path}: {failure.reason}" for failure in failures]
    not_back = None
    if lost or failures:
        which = "not all of its articles are" if added else "its articles are not"
        not_back = (
            f"the library is sound, but {which} back: index the folders it had again (qa index FOLDER --library {folder}); "
            f"the damaged file is kept in {aside}"
        )
    return Repair(True, tuple(said), not_back)


def _to_do(root: str, folder: Path, empty: bool) -> str:
    """How the articles of a source come back that were not indexed again."""
    if empty:
        return f"{root} has no articles now; if it had some, put them back, and run: qa index {root} --library {folder}"
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


def _put_empty(folder: Path, begun: Rescue, kept_out: tuple[KeptOut, ...]) -> None:
    """Put a database in place that knows its sources, and what is to stay out, and holds no article yet."""
    making = folder / _MAKING
    shutil.rmtree(making, ignore_errors=True)
    make_folder(making)
    with closing(open_to_write(making)) as connection, connection:
        set_meta(connection, _BEGUN, json.dumps(asdict(begun)))
        names = [(root, Path(root).name or "root") for root in begun.roots or ()]
        connection.executemany("INSERT INTO sources (root, name) VALUES (?, ?)", names)
        connection.executemany(
            "INSERT INTO kept_out SELECT source_id, ?2, ?3, ?4 FROM sources WHERE root = ?1", kept_out
        )
    for log in _LOGS:
        (folder / log).unlink(missing_ok=True)
    os.replace(making / FILE, folder / FILE)
    sync_folder(folder)
    shutil.rmtree(making, ignore_errors=True)
