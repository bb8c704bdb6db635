"""What a path given to ``index`` means: which source it belongs to, and which part of it is to be looked at.

A source is a folder or file that the library mirrors, or an address that it asks for news. A path inside a known folder
is a part of that folder; a folder that holds known sources takes them over, rows and all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from qa.articles.file_name import printable
from qa.errors import InputError
from qa.fetching.address import is_address
from qa.library.database import rows


@dataclass(frozen=True, slots=True)
class Source:
    """A source to be synced; ``under`` restricts the sync to a part of a folder ("" for all of it)."""

    source_id: int
    root: Path
    name: str
    under: str = ""


@dataclass(frozen=True, slots=True)
class WebSource:
    """An address to be synced, as it is stored."""

    source_id: int
    root: str
    under: str = ""

    @property
    def name(self) -> str:
        """What tells it from others; no two addresses are alike."""
        return self.root


def sources_to_sync(
    connection: apsw.Connection, places: Sequence[Path | str], uploads: Path
) -> list[Source | WebSource]:
    """The sources that paths and checked addresses name, registered where they are new; all known ones when none is given.

    The folder ``uploads`` stays a source of its own even where the library lies inside a folder of articles.
    Raises InputError for a path that is missing and that the library holds nothing of.
    """
    registered = {root: source_id for source_id, root in connection.execute("SELECT source_id, root FROM sources")}
    if not places and not registered:
        raise InputError("the library has no sources yet; name a folder: qa index FOLDER")
    asked = dict.fromkeys(place for place in places or registered if isinstance(place, str) and is_address(place))
    known = {Path(root): source_id for root, source_id in registered.items() if not is_address(root)}
    roots = (
        list(dict.fromkeys(place.resolve() for place in places if isinstance(place, Path))) if places else list(known)
    )
    for root in roots:
        if printable(str(root)) != str(root):
            raise InputError(
                f"the name {printable(str(root))} has characters that are no text; rename the folder or file"
            )
        is_new = not any(folder in known for folder in _above(root, uploads))
        if is_new and not root.exists():
            raise InputError(f"there is no file or folder {root}; check the path")
    tops = [root for root in roots if not any(other in _above(root, uploads)[1:] for other in roots)]
    mirrored = [_source(connection, root, known, uploads) for root in tops]
    return mirrored + [WebSource(registered.get(root) or _new_source(connection, root, root), root) for root in asked]


def refuse_emptied(source: Source, held_articles: int, empty: bool) -> None:
    """Raise InputError when a source that held articles is missing or empty: a disk not mounted must lose nothing."""
    place = source.root / source.under
    if not held_articles and not place.exists():
        raise InputError(f"there is no file or folder {place}; check the path")
    if held_articles and empty:
        state = "is empty" if place.exists() else "is missing"
        raise InputError(
            f"{place} {state} but the library holds {held_articles} articles from it; "
            "put them back, or give --allow-empty to remove them from the library"
        )


def assign_ids(connection: apsw.Connection, paths: Iterable[str]) -> None:
    """Give the articles at these paths their ids: the path, with the folder's name in front where two folders share it.

    Raises InputError when another article holds the id.
    """
    for path in sorted(set(paths)):
        found = rows(
            connection,
            """SELECT a.row_id, s.name, a.article_id FROM articles a JOIN sources s USING (source_id)
               WHERE a.path = ? AND a.given_id IS NULL""",
            (path,),
        )
        wanted = {row_id: path if len(found) == 1 else f"{name}/{path}" for row_id, name, _ in found}
        # Ids change hands, so all are freed before any is given.
        connection.executemany(
            "UPDATE articles SET article_id = char(0) || row_id WHERE row_id = ?", [(row,) for row in wanted]
        )
        try:
            connection.executemany(
                "UPDATE articles SET article_id = ? WHERE row_id = ?", [(i, row) for row, i in wanted.items()]
            )
        except apsw.ConstraintError as error:
            raise InputError(f"two articles would have the id {path!r}; rename one of the files or folders") from error
        renamed = [(wanted[row_id], before) for row_id, _, before in found if before != wanted[row_id]]
        connection.executemany("UPDATE history SET article_id = ? WHERE article_id = ?", renamed)


def forget_gone(connection: apsw.Connection) -> None:
    """Forget sources that are no longer there and hold nothing: neither articles nor what is kept out.

    An address is there once it has brought something, and until ``forget`` takes it out.
    """
    empty = """SELECT source_id, root FROM sources s
               WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.source_id = s.source_id)
               AND NOT EXISTS (SELECT 1 FROM kept_out k WHERE k.source_id = s.source_id)"""
    for source_id, root in rows(connection, empty):
        visited = rows(connection, "SELECT 1 FROM visits WHERE source_id = ?", (source_id,))
        if not visited if is_address(root) else not Path(root).exists():
            forget(connection, source_id)


def forget(connection: apsw.Connection, source_id: int) -> None:
    """Forget a source that has no articles any more."""
    for table in ("files", "visits", "kept_out", "sources"):
        connection.execute(f"DELETE FROM {table} WHERE source_id = ?", (source_id,))  # noqa: S608


def _above(path: Path, uploads: Path) -> tuple[Path, ...]:
    """A path and the folders it may be a part of; those around the uploads are none."""
    folders = (path, *path.parents)
    return folders[: folders.index(uploads) + 1] if uploads in folders else folders


def _source(connection: apsw.Connection, root: Path, known: dict[Path, int], uploads: Path) -> Source:
    above = next((folder for folder in _above(root, uploads) if folder in known), root)
    if above not in known:
        known[root] = _register(
            connection, root, {path: known.pop(path) for path in list(known) if root in _above(path, uploads)[1:]}
        )
    return Source(known[above], above, _name(above), "" if above == root else root.relative_to(above).as_posix())


def _register(connection: apsw.Connection, root: Path, inside: dict[Path, int]) -> int:
    """Make a source known, and hand it the articles of the sources inside it: same rows, longer paths."""
    with connection:
        source_id = _new_source(connection, str(root), _name(root))
        before = [path for inner in inside.values() for path in _paths_of(connection, inner)]
        for path, inner in inside.items():
            # The paths of a source that is a file begin with the file's name already.
            folder = path.parent if path.is_file() else path
            prefix = "" if folder == root else f"{folder.relative_to(root).as_posix()}/"
            for table in ("articles", "kept_out", "files"):
                connection.execute(
                    f"UPDATE {table} SET source_id = ?, path = ? || path WHERE source_id = ?",  # noqa: S608
                    (source_id, prefix, inner),
                )
            connection.execute("DELETE FROM sources WHERE source_id = ?", (inner,))
        assign_ids(connection, before + _paths_of(connection, source_id))
    return source_id


def _new_source(connection: apsw.Connection, root: str, name: str) -> int:
    connection.execute("INSERT INTO sources (root, name) VALUES (?, ?)", (root, name))
    return connection.last_insert_rowid()


def _paths_of(connection: apsw.Connection, source_id: int) -> list[str]:
    return [
        path
        for (path,) in rows(
            connection, "SELECT path FROM articles WHERE source_id = ? AND given_id IS NULL", (source_id,)
        )
    ]


def _name(root: Path) -> str:
    return root.name or "root"
