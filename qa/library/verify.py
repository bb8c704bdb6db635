"""Hold rows, vectors, keyword index and file hashes against each other; rebuild what can be rebuilt."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from qa.errors import DamagedError, LibraryError
from qa.library.copies import copy_problems, regroup
from qa.library.database import get_meta, mapped_errors, next_generation, open_to_read, open_to_write, rows
from qa.library.embedded import drop_new, embedder_mismatch, set_embedder
from qa.library.files import read_again
from qa.library.lock import writing
from qa.library.publish import cut_article, store_vectors, write_keywords, write_one_segment
from qa.library.rescue import rescue
from qa.library.segments import VectorIndex, remove_unlisted
from qa.library.store import listed_segments
from qa.library.word_counts import count_words
from qa.retrieval.passages import passage_hash
from qa.settings import Settings
from qa.types import Embedder, Problem, Progress, VerifyReport


def verify(folder: Path) -> VerifyReport:
    """Everything that is wrong with a library. Raises LibraryError when SQLite itself cannot read it."""
    fix = f"qa repair --library {folder}"
    with mapped_errors(folder):
        connection = open_to_read(folder)
        try:
            connection.execute("BEGIN")
            checks = (
                _page_problems(connection),
                _sqlite_problems(connection),
                _passage_problems(connection),
                _keyword_problems(connection),
                _vector_problems(connection, folder),
                copy_problems(connection),
            )
            problems = tuple(Problem(kind, detail, fix) for check in checks for kind, detail in check)
            articles, passages, vectors = (
                rows(connection, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608
                for table in ("articles", "passages", "passages JOIN vectors USING (text_hash)")
            )
        finally:
            connection.close()
    return VerifyReport(not problems, articles, passages, vectors, problems)


def repair(
    folder: Path,
    embedder: Callable[[], Embedder],
    settings: Settings,
    reembed: bool = False,
    progress: Progress | None = None,
) -> tuple[str, ...]:
    """Rebuild passages, vectors, keyword index and FAISS file from the stored articles; returns what was wrong.

    Where SQLite cannot read the stored articles, they are indexed again from their files, and the damaged file is kept.
    ``reembed`` replaces every vector by the present embedder's. Raises LibraryError where the library is another
    embedder's and ``reembed`` is not given.
    """
    tell = progress or (lambda stage, done, total: None)
    try:
        found = verify(folder)
    except DamagedError:
        return rescue(folder, lambda: verify(folder), embedder, settings, tell)
    with writing(folder), mapped_errors(folder):
        connection = open_to_write(folder)
        try:
            made, recorded = embedder(), get_meta(connection, "embedder")
            if recorded not in (None, made.fingerprint) and not reembed:
                raise LibraryError(embedder_mismatch(folder, str(recorded), made))
            if found.ok and not reembed:
                return ()
            _trust_pages(connection)
            with connection:
                if reembed:
                    connection.execute("DELETE FROM vectors")
                drop_new(connection)  # no FAISS file vouches for vectors that are not complete
                _rebuild(connection, folder, lambda: made, settings, tell)
                set_embedder(connection, made)
            remove_unlisted(folder, [segment.file for segment in listed_segments(connection)])
            if not found.ok:
                connection.execute("VACUUM")  # every page is written anew, with its checksum
        finally:
            connection.close()
    return tuple(f"{problem.kind}: {problem.detail}" for problem in found.problems) + (
        ("vectors: embedded anew",) if reembed else ()
    )


def _rebuild(
    connection: apsw.Connection, folder: Path, embedder: Callable[[], Embedder], settings: Settings, tell: Progress
) -> None:
    """All that is derived from the articles' rows, anew; part of the caller's transaction."""
    _drop_doubtful_vectors(connection, folder)
    _read_doubtful_again(connection)
    connection.execute("DELETE FROM passages; INSERT INTO keywords (keywords) VALUES ('delete-all')")
    width = embedder().dimension * 2  # bytes of a float16 vector
    connection.execute("DELETE FROM vectors WHERE length(vector) != ?", (width,))
    used = []
    for row_id, title, date, text in rows(connection, "SELECT row_id, title, date, text FROM articles ORDER BY row_id"):
        for cut in cut_article(title, date, text, settings):
            connection.execute(
                "INSERT INTO passages VALUES (NULL, ?, ?, ?, ?)", (row_id, cut.span.start, cut.span.end, cut.text_hash)
            )
            write_keywords(connection, connection.last_insert_rowid(), title, text[cut.span.start : cut.span.end])
            used.append(cut)
    store_vectors(connection, used, embedder, lambda done, total: tell("embedding", done, total))
    connection.execute("DELETE FROM vectors WHERE text_hash NOT IN (SELECT text_hash FROM passages)")
    count_words(connection)
    connection.execute("DELETE FROM copy_bands; DELETE FROM near_copies")
    regroup(connection, [row_id for (row_id,) in rows(connection, "SELECT row_id FROM articles ORDER BY row_id")])
    write_one_segment(connection, folder)
    next_generation(connection)


def _drop_doubtful_vectors(connection: apsw.Connection, folder: Path) -> None:
    """Forget stored vectors that differ from those of a FAISS file whose hash is right."""
    try:
        indexed = VectorIndex(folder, listed_segments(connection)).contents()
    except LibraryError:
        return
    doubtful = [(text_hash,) for text_hash in _different(connection, indexed)]
    connection.executemany("DELETE FROM vectors WHERE text_hash = ?", doubtful)


def _read_doubtful_again(connection: apsw.Connection) -> None:
    """Let the next sync read the files of articles whose text is not what was indexed."""
    query = """SELECT DISTINCT row_id, title, date, substr(text, start + 1, "end" - start), text_hash
               FROM articles JOIN passages USING (row_id)"""
    doubtful = [(row[0],) for row in rows(connection, query) if passage_hash(*row[1:4]) != row[4]]
    connection.executemany("UPDATE articles SET content_hash = '' WHERE row_id = ?", doubtful)
    read_again(connection, [row_id for (row_id,) in doubtful])
    connection.executemany(
        "DELETE FROM visits WHERE source_id = (SELECT source_id FROM articles WHERE row_id = ?)", doubtful
    )


def _different(connection: apsw.Connection, indexed: dict[int, Any]) -> list[bytes]:
    """The text hashes of passages whose stored vector is not the one in the FAISS files."""
    found = rows(connection, "SELECT passage_id, text_hash, vector FROM passages JOIN vectors USING (text_hash)")
    return [
        text_hash
        for passage_id, text_hash, vector in found
        if passage_id in indexed
        and not np.array_equal(np.frombuffer(vector, dtype=np.float16).astype(np.float32), indexed[passage_id])
    ]


def _page_problems(connection: apsw.Connection) -> Iterator[tuple[str, str]]:
    """Whether a page's checksum is wrong; then the other checks, and ``repair``, read the pages as they are."""
    try:
        found = rows(connection, "PRAGMA integrity_check(1)")
        unread = f"error code={apsw.SQLITE_IOERR_DATA}" in found[0][0]
    except apsw.IOError as error:
        unread = getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_DATA
        if not unread:
            raise
    if unread:
        yield "database", "a page is not as it was written"
        _trust_pages(connection)


def _trust_pages(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA checksum_verification = OFF")


def _sqlite_problems(connection: apsw.Connection) -> Iterator[tuple[str, str]]:
    for (line,) in connection.execute("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield "database", str(line)


def _passage_problems(connection: apsw.Connection) -> Iterator[tuple[str, str]]:
    rows = connection.execute(
        """SELECT a.article_id, a.title, a.date, a.text, p.passage_id, p.start, p."end", p.text_hash
           FROM articles a LEFT JOIN passages p USING (row_id)"""
    )
    for article_id, title, date, text, passage_id, start, end, text_hash in rows:
        if passage_id is None:
            yield "passages", f"{article_id} has no passages"
        elif passage_hash(title, date, text[start:end]) != text_hash:
            yield "passages", f"passage {passage_id} of {article_id} is not the text that was embedded"
    for (passage_id,) in connection.execute(
        "SELECT passage_id FROM passages WHERE row_id NOT IN (SELECT row_id FROM articles)"
    ):
        yield "passages", f"passage {passage_id} belongs to no article"


def _keyword_problems(connection: apsw.Connection) -> Iterator[tuple[str, str]]:
    held = {row[0] for row in connection.execute("SELECT id FROM keywords_docsize")}
    wanted = {row[0] for row in connection.execute("SELECT passage_id FROM passages")}
    if wanted - held:
        yield "keywords", f"{len(wanted - held)} passages are not in the keyword index"
    if held - wanted:
        yield "keywords", f"{len(held - wanted)} entries of the keyword index have no passage"


def _vector_problems(connection: apsw.Connection, folder: Path) -> Iterator[tuple[str, str]]:
    try:
        indexed = VectorIndex(folder, listed_segments(connection)).contents()
    except LibraryError as error:
        yield "index file", str(error).partition(";")[0]
        return
    for (passage_id,) in connection.execute("SELECT passage_id FROM tombstones"):
        indexed.pop(passage_id, None)
    stored = dict(
        rows(connection, "SELECT passage_id, v.text_hash FROM passages LEFT JOIN vectors v USING (text_hash)")
    )
    if missing := sum(text_hash is None for text_hash in stored.values()):
        yield "vectors", f"{missing} passages have no vector"
    if stored.keys() - indexed.keys():
        yield "index file", f"{len(stored.keys() - indexed.keys())} passages are not in the FAISS files"
    if indexed.keys() - stored.keys():
        yield "index file", f"{len(indexed.keys() - stored.keys())} vectors of the FAISS files have no passage"
    if different := _different(connection, indexed):
        yield "index file", f"{len(different)} vectors of the FAISS files differ from the stored ones"
