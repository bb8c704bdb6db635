"""The files of the sources as they were when the library last read them, and how many articles it has of each."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

import apsw

from qa.articles.candidate import article_suffix
from qa.library.database import rows
from qa.library.sources import Source, WebSource

_OF_SOURCE = "source_id = ?1 AND (?2 = '' OR path = ?2 OR substr(path, 1, length(?2) + 1) = ?2 || '/')"

FileKey = tuple[int, str]  # source id, path


class FileState(NamedTuple):
    """How a file looked (qa/articles/looks.py) of which the library has all that it takes, save ``kept_out`` articles.

    With them count the members of an archive that are of other kinds.
    """

    look: str
    kept_out: int


def files_of(path: str) -> tuple[str, ...]:
    """The files in which an article with this path may stand: that of the path, and a zip archive it leads through."""
    if ".zip/" not in path.lower():
        return (path,)
    places = map(str, PurePosixPath(path).parents)
    return path, *(place for place in places if article_suffix(place) == ".zip")


def articles_of_files(connection: apsw.Connection, source: Source | WebSource) -> dict[str, int]:
    """How many articles the library holds of each file of a source or the part of it, by path."""
    query = f"SELECT path, count(*) FROM articles WHERE {_OF_SOURCE} GROUP BY path"  # noqa: S608
    return dict(rows(connection, query, (source.source_id, source.under)))


def articles_of_file(connection: apsw.Connection, source: Source | WebSource, path: str) -> dict[str, tuple[int, str]]:
    """What the library holds of a file: given id or "" -> (row id, content hash)."""
    query = "SELECT coalesce(given_id, ''), row_id, content_hash FROM articles WHERE (source_id, path) = (?, ?)"
    found = rows(connection, query, (source.source_id, path))
    return {given: (row_id, content_hash) for given, row_id, content_hash in found}


def removed_articles(connection: apsw.Connection, source: Source | WebSource) -> dict[tuple[str, str], list[str]]:
    """The articles of a source that were taken out: given id or "" and content hash -> paths."""
    query, found = (
        "SELECT given_id, content_hash, path FROM kept_out WHERE source_id = ?",
        dict[tuple[str, str], list[str]](),
    )
    for given, content_hash, path in rows(connection, query, (source.source_id,)):
        found.setdefault((given, content_hash), []).append(path)
    return found


def known_files(connection: apsw.Connection, source: Source | WebSource) -> tuple[dict[str, str], dict[str, int]]:
    """The looks of the files of a source or the part of it, and how many articles were kept out of some, by path.

    The parts of a FileState, which would take a second to be made of each of a quarter of a million files.
    """
    place = (source.source_id, source.under)
    looks = rows(connection, f"SELECT path, look FROM files WHERE {_OF_SOURCE}", place)  # noqa: S608
    kept_out = rows(connection, f"SELECT path, kept_out FROM files WHERE kept_out > 0 AND {_OF_SOURCE}", place)  # noqa: S608
    return dict(looks), dict(kept_out)


def note_files(connection: apsw.Connection, files: Mapping[FileKey, FileState | None]) -> None:
    """Write down how files look now; None: one is to be read again. Part of the caller's transaction."""
    connection.executemany("DELETE FROM files WHERE (source_id, path) = (?, ?)", list(files))
    connection.executemany(
        "INSERT INTO files VALUES (?, ?, ?, ?)",
        [(*key, state.look, state.kept_out) for key, state in files.items() if state],
    )


def read_again(connection: apsw.Connection, row_ids: Iterable[int]) -> None:
    """Let the next sync read the files of articles, however they look."""
    for row_id in row_ids:
        places = rows(connection, "SELECT source_id, path FROM articles WHERE row_id = ?", (row_id,))
        files = [(source_id, file) for source_id, path in places for file in files_of(path)]
        connection.executemany("DELETE FROM files WHERE (source_id, path) = (?, ?)", files)
