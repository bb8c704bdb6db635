"""Whose vectors a library holds: which embedder made them, how it is found again, and which tables they stand in."""

from pathlib import Path

import apsw

from qa.errors import LibraryError
from qa.library.database import exists, get_meta, mapped_errors, open_to_read, rows, set_meta
from qa.types import Embedder

NEW_VECTORS = "new_vectors"  # a table like ``vectors``, there only while every passage is being embedded anew
UNDER_WAY = "reembedding"  # the note of whose vectors stand in it
WITHOUT_NEW = f"NOT EXISTS (SELECT 1 FROM {NEW_VECTORS} n WHERE n.text_hash = p.text_hash)"  # noqa: S608


def recorded_embedder(folder: Path) -> tuple[str | None, str | None]:
    """Fingerprint and name of the embedder of a library's vectors; None each where nothing is recorded."""
    if not exists(folder):
        return None, None
    with mapped_errors(folder):
        connection = open_to_read(folder)
        try:
            return get_meta(connection, "embedder"), get_meta(connection, "embedder_name")
        finally:
            connection.close()


def record_embedder(connection: apsw.Connection, folder: Path, embedder: Embedder) -> None:
    """Write down whose vectors a library holds. Raises LibraryError when they are another embedder's."""
    recorded = get_meta(connection, "embedder")
    if recorded not in (None, embedder.fingerprint) and rows(connection, "SELECT 1 FROM vectors LIMIT 1"):
        raise LibraryError(embedder_mismatch(folder, str(recorded), embedder))
    if (recorded, get_meta(connection, "embedder_name")) != (embedder.fingerprint, embedder.name):
        with connection:
            set_embedder(connection, embedder)


def set_embedder(connection: apsw.Connection, embedder: Embedder) -> None:
    """Write down an embedder; part of the caller's transaction."""
    set_meta(connection, "embedder", embedder.fingerprint)
    set_meta(connection, "embedder_name", embedder.name)


def embedder_mismatch(folder: Path, recorded: str, asked: Embedder) -> str:
    """The message for a library whose vectors another embedder made."""
    return (
        f"the library at {folder} was made with the embedder {recorded}, but {asked.fingerprint} is set; set the former "
        f"again, or embed everything anew with: qa reembed --model {asked.name} --library {folder}"
    )


def vector_tables(connection: apsw.Connection) -> list[str]:
    """``vectors``, and NEW_VECTORS where it is there."""
    found = rows(
        connection, "SELECT name FROM sqlite_schema WHERE name IN ('vectors', ?) ORDER BY name", (NEW_VECTORS,)
    )
    return [name for (name,) in found]


def under_way(connection: apsw.Connection) -> tuple[str, int, int] | None:
    """The fingerprint of an embedder whose vectors are not complete, and how many of how many passages have one."""
    if NEW_VECTORS not in vector_tables(connection):
        return None
    ((left, passages),) = rows(connection, f"SELECT coalesce(sum({WITHOUT_NEW}), 0), count(*) FROM passages p")  # noqa: S608
    return str(get_meta(connection, UNDER_WAY)), passages - left, passages


def drop_new(connection: apsw.Connection) -> None:
    """Delete the vectors of a run that was cut short; part of the caller's transaction."""
    connection.execute(f"DROP TABLE IF EXISTS {NEW_VECTORS}")
    connection.execute("DELETE FROM meta WHERE key = ?", (UNDER_WAY,))
