"""Every passage embedded anew by another embedder: beside the old vectors, which answer until one transaction swaps them."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw

from qa.errors import LibraryError
from qa.library.cuts import Cut
from qa.library.database import get_meta, mapped_errors, next_generation, open_to_read, open_to_write, rows, set_meta
from qa.library.embedded import NEW_VECTORS, UNDER_WAY, WITHOUT_NEW, drop_new, set_embedder
from qa.library.lock import writing
from qa.library.publish import WINDOW, store_vectors, write_one_segment
from qa.library.segments import remove_unlisted
from qa.library.store import listed_segments
from qa.progress import tell_nobody
from qa.retrieval.passages import passage_hash, searchable_text
from qa.types import Embedder, Progress, Reembedding, Span


def reembed(
    folder: Path, embedder: Callable[[], Embedder], progress: Progress | None = None, window: int = WINDOW
) -> Reembedding:
    """Replace a library's vectors by those of another embedder, with which it is used from then on.

    Questions are answered with the old vectors until all new ones are there. What a run that was cut short has embedded is
    kept, whatever was indexed since; that of another embedder is not. With the library's own embedder, nothing is embedded
    and what is kept of such a run is deleted. Raises LibraryError where there is no library, another process is at work on
    it, or a text is not what was indexed.
    """
    tell = progress or tell_nobody
    began = time.monotonic()
    open_to_read(folder).close()  # never makes a library in order to embed it
    with writing(folder), mapped_errors(folder):
        connection = open_to_write(folder)
        try:
            made, was = embedder(), get_meta(connection, "embedder")
            embedded = 0
            if was == made.fingerprint:
                with connection:
                    drop_new(connection)
                    set_embedder(connection, made)
            else:
                _begin(connection, made)
                embedded = _embed(connection, folder, made, tell, window)
                _swap(connection, folder, made)
            remove_unlisted(folder, [segment.file for segment in listed_segments(connection)])
            ((passages,),) = rows(connection, "SELECT count(*) FROM passages")
        finally:
            connection.close()
    return Reembedding(made.fingerprint, was, passages, embedded, round(time.monotonic() - began, 3))


def _begin(connection: apsw.Connection, embedder: Embedder) -> None:
    """Make room for an embedder's vectors, and keep those of its own that are there already."""
    with connection:
        if get_meta(connection, UNDER_WAY) != embedder.fingerprint:
            drop_new(connection)
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {NEW_VECTORS} (text_hash BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
        )
        set_meta(connection, UNDER_WAY, embedder.fingerprint)


def _embed(connection: apsw.Connection, folder: Path, embedder: Embedder, tell: Progress, window: int) -> int:
    """Embed the passages that have no new vector, ``window`` at a time; returns how many texts that were."""
    count = f"SELECT count(DISTINCT p.text_hash) FROM passages p WHERE {WITHOUT_NEW}"  # noqa: S608
    waiting = int(rows(connection, count)[0][0])
    total = int(rows(connection, "SELECT count(DISTINCT text_hash) FROM passages")[0][0])
    done = total - waiting
    tell("embedding", done, total)
    for cuts in _windows(connection, folder, window):
        before = done

        def told(here: int, _: int, before: int = before) -> None:
            tell("embedding", before + here, total)

        done += store_vectors(connection, cuts, lambda: embedder, told, NEW_VECTORS)
    return waiting


def _windows(connection: apsw.Connection, folder: Path, window: int) -> Iterator[list[Cut]]:
    """The passages without a new vector as they were embedded, in lists of at most ``window``.

    Each list is a query of its own: one that stayed open would keep SQLite from emptying its log.
    """
    query = f"""SELECT passage_id, row_id, start, "end", text_hash FROM passages p
                WHERE passage_id > ? AND {WITHOUT_NEW} ORDER BY passage_id LIMIT ?"""  # noqa: S608
    last = -1
    while found := rows(connection, query, (last, window)):
        last, cuts, at = found[-1][0], list[Cut](), None
        for _, row_id, start, end, text_hash in found:
            if row_id != at:  # an article's passages follow one another
                ((article_id, title, date, text),) = rows(
                    connection, "SELECT article_id, title, date, text FROM articles WHERE row_id = ?", (row_id,)
                )
                at = row_id
            if passage_hash(title, date, text[start:end]) != text_hash:
                raise LibraryError(
                    f"a passage of {article_id} is not the text that was indexed; run: qa repair --library {folder}"
                )
            cuts.append(Cut(Span(start, end), searchable_text(title, date, text[start:end]), text_hash))
        yield cuts


def _swap(connection: apsw.Connection, folder: Path, embedder: Embedder) -> None:
    """Put the new vectors, their FAISS file and their embedder in the place of the old ones, all or nothing."""
    with connection:
        connection.execute(f"DELETE FROM {NEW_VECTORS} WHERE text_hash NOT IN (SELECT text_hash FROM passages)")  # noqa: S608
        connection.execute(f"DROP TABLE vectors; ALTER TABLE {NEW_VECTORS} RENAME TO vectors")
        drop_new(connection)
        set_embedder(connection, embedder)
        write_one_segment(connection, folder)
        next_generation(connection)
