"""The versions of each article: when each was indexed, its headline and the hash of its content, never its text."""

from collections.abc import Iterable
from datetime import UTC, datetime

import apsw

from qa.errors import InputError, LibraryError
from qa.library.database import get_meta, rows
from qa.types import Event, Version


def record(connection: apsw.Connection, row_ids: Iterable[int], change: Event) -> None:
    """Write down what has just happened to articles, or is about to: a removed one must be there still."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    connection.executemany(
        """INSERT INTO history (article_id, indexed_at, change, content_hash, title)
           SELECT article_id, ?, ?, content_hash, title FROM articles WHERE row_id = ?""",
        [(now, change, row_id) for row_id in row_ids],
    )


def version_ids(connection: apsw.Connection, article_id: str) -> list[int]:
    """The versions of an article, to be taken along when its id becomes another one."""
    return [i for (i,) in rows(connection, "SELECT version_id FROM history WHERE article_id = ?", (article_id,))]


def take_along(connection: apsw.Connection, row_id: int, version_ids: Iterable[int]) -> None:
    """Make versions those of the article of a row, whose id is another one now."""
    connection.executemany(
        "UPDATE history SET article_id = (SELECT article_id FROM articles WHERE row_id = ?) WHERE version_id = ?",
        [(row_id, version_id) for version_id in version_ids],
    )


def versions(connection: apsw.Connection, article_id: str) -> tuple[Version, ...]:
    """What happened to an article, the earliest first. Raises InputError for an id that no article ever had."""
    if get_meta(connection, "format") == "2":
        raise LibraryError("the library is of an older version, which kept no history; it begins with: qa index")
    query = "SELECT indexed_at, change, content_hash, title FROM history WHERE article_id = ? ORDER BY version_id"
    found = rows(connection, query, (article_id,))
    if not found:
        raise InputError(f"no article had the id {article_id!r}, or it was purged; see: qa list")
    return tuple(Version(*version) for version in found)


def forget(connection: apsw.Connection) -> None:
    """Leave nothing but the present version of the articles that are there."""
    connection.execute(
        """DELETE FROM history WHERE version_id NOT IN
           (SELECT max(version_id) FROM history JOIN articles USING (article_id) GROUP BY article_id)"""
    )
