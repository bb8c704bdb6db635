"""Hold rows, vectors, keyword index and file hashes against each other, one article and one FAISS file at a time."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import apsw
import numpy as np

from qa.errors import LibraryError
from qa.library.copies import copy_problems
from qa.library.database import json_list, mapped_errors, open_to_read, rows
from qa.library.embedded import NEW_VECTORS
from qa.library.segments import Segment, contents_of, ids_of, read_segment
from qa.library.store import listed_segments
from qa.progress import tell_nobody
from qa.retrieval.passages import passage_hash
from qa.types import Problem, Progress, VerifyReport

Found = Iterator[tuple[str, str]]  # kind and detail of each problem
Read = TypeVar("Read")

# What holds the texts, the vectors and the keyword index: to go through its pages takes reading all of a library.
_LARGE = ("articles", "vectors", NEW_VECTORS, "keywords", "keywords_data")
_MOST_LINES = 20  # of what SQLite says about the structure of its file
_WITHOUT_VECTOR = "FROM passages p WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.text_hash = p.text_hash)"


def verify(folder: Path, fast: bool = False, progress: Progress | None = None) -> VerifyReport:
    """Everything that is wrong with a library.

    ``fast`` reads no article's text and compares no vector: it checks SQLite's structure but for the tables of texts,
    vectors and words, which articles, passages, keyword entries and vectors there are, and the FAISS files' hashes.
    Raises LibraryError when SQLite itself cannot read the library, or a FAISS file was replaced meanwhile.
    """
    tell = progress or tell_nobody
    fix = f"qa repair --library {folder}"
    with mapped_errors(folder):
        connection = open_to_read(folder)
        try:
            connection.execute("BEGIN")
            found: list[tuple[str, str]] = []

            def read(check: Callable[[], Read]) -> Read:
                """Read; where a page's checksum is wrong, that is a problem, and pages count as they are from then on."""
                try:
                    return check()
                except apsw.IOError as error:
                    if getattr(error, "extendedresult", 0) != apsw.SQLITE_IOERR_DATA:
                        raise
                found.append(("database", "a page is not as it was written"))
                trust_pages(connection)
                return check()

            tell("structure", 0, 0)
            found += read(lambda: list(_structure_problems(connection, fast)))
            articles, passages, bare = read(lambda: _counts(connection))
            found += read(lambda: list(_row_problems(connection, bare)))
            if not fast:
                found += read(lambda: list(_text_problems(connection, articles, tell)))
            found += read(lambda: list(_index_problems(connection, folder, fast, tell)))
            if not fast:
                found += read(lambda: list(copy_problems(connection)))
        finally:
            connection.close()
    problems = tuple(Problem(kind, detail, fix) for kind, detail in found)
    return VerifyReport(not problems, articles, passages, passages - bare, problems, fast)


def trust_pages(connection: apsw.Connection) -> None:
    """From now on, read pages whose checksum is wrong as they are."""
    connection.execute("PRAGMA checksum_verification = OFF")


def is_as_indexed(connection: apsw.Connection, row_id: int, title: str, date: str | None, text: str) -> bool:
    """Whether every passage of an article is the text that was embedded for it."""
    return not any(_strange_passages(connection, row_id, title, date, text))


def different_vectors(connection: apsw.Connection, index: Any) -> Iterator[tuple[int, bytes]]:
    """Id and text hash of each passage whose stored vector is not the one in a FAISS index."""
    query = """SELECT passage_id, text_hash, vector FROM passages JOIN vectors USING (text_hash)
               WHERE passage_id IN (SELECT value FROM json_each(?))"""
    for ids, vectors in contents_of(index):
        indexed = dict(zip(ids, vectors, strict=True))
        for passage_id, text_hash, vector in rows(connection, query, (json_list(ids),)):
            if not _is_same(vector, indexed[passage_id]):
                yield passage_id, text_hash


def _is_same(stored: Any, indexed: Any) -> bool:
    """Whether the bytes of a float16 vector are another one, float32 of shape (dimension,)."""
    fits = isinstance(stored, bytes) and len(stored) == 2 * len(indexed)
    return fits and np.array_equal(np.frombuffer(stored, dtype=np.float16), indexed)


def _structure_problems(connection: apsw.Connection, fast: bool) -> Found:
    """What SQLite says about its file. Raises apsw.IOError where the checksum of a page is wrong."""
    for check in _quick_checks(connection) if fast else ("PRAGMA integrity_check",):
        for (line,) in rows(connection, check)[:_MOST_LINES]:
            if f"error code={apsw.SQLITE_IOERR_DATA}" in str(line):
                raise apsw.exception_for(apsw.SQLITE_IOERR_DATA)
            if line != "ok":
                yield "database", str(line)


def _quick_checks(connection: apsw.Connection) -> list[str]:
    tables = rows(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return [f"PRAGMA quick_check('{name}')" for (name,) in tables if name not in _LARGE]


def _counts(connection: apsw.Connection) -> tuple[int, int, int]:
    """How many articles, passages, and passages without a vector there are."""
    queries = ("FROM articles", "FROM passages", _WITHOUT_VECTOR)
    articles, passages, bare = (int(rows(connection, f"SELECT count(*) {query}")[0][0]) for query in queries)
    return articles, passages, bare


def _row_problems(connection: apsw.Connection, bare: int) -> Found:
    """Articles, passages, keyword entries and vectors of which one is there without the other."""
    # Both lists of rows come from indexes: to look a row up in its table would read the text beside it.
    articles = {row_id for (row_id,) in connection.execute("SELECT row_id FROM articles")}
    cut = {row_id for (row_id,) in connection.execute("SELECT DISTINCT row_id FROM passages")}
    for row_id in sorted(articles - cut):
        yield "passages", f"{_name(connection, row_id)} has no passages"
    for row_id in cut - articles:
        for (passage_id,) in rows(connection, "SELECT passage_id FROM passages WHERE row_id IS ?", (row_id,)):
            yield "passages", f"passage {passage_id} belongs to no article"
    wanted = _ids(connection, "SELECT passage_id FROM passages")
    held = _ids(connection, "SELECT id FROM keywords_docsize")
    if missing := len(np.setdiff1d(wanted, held, assume_unique=True)):
        yield "keywords", f"{missing} passages are not in the keyword index"
    if strange := len(np.setdiff1d(held, wanted, assume_unique=True)):
        yield "keywords", f"{strange} entries of the keyword index have no passage"
    if bare:
        yield "vectors", f"{bare} passages have no vector"


def _text_problems(connection: apsw.Connection, articles: int, tell: Progress) -> Found:
    query = "SELECT row_id, title, date, text FROM articles ORDER BY row_id"
    for done, (row_id, title, date, text) in enumerate(connection.execute(query)):
        tell("checking", done, articles)
        for passage_id in _strange_passages(connection, row_id, title, date, text):
            of_it = _name(connection, row_id)
            yield "passages", f"passage {passage_id} of {of_it} is not the text that was embedded"
    tell("checking", articles, articles)


def _strange_passages(
    connection: apsw.Connection, row_id: int, title: str, date: str | None, text: str
) -> Iterator[int]:
    """Ids of the passages of an article that are not the text that was embedded for them."""
    query = 'SELECT passage_id, start, "end", text_hash FROM passages WHERE row_id = ? ORDER BY passage_id'
    for passage_id, start, end, text_hash in rows(connection, query, (row_id,)):
        if passage_hash(title, date, text[start:end]) != text_hash:
            yield passage_id


def _index_problems(connection: apsw.Connection, folder: Path, fast: bool, tell: Progress) -> Found:
    """What is wrong with the FAISS files; where one cannot be read, which passages are in it nobody knows."""
    wanted, dead = _ids(connection, "SELECT passage_id FROM passages"), _ids(connection, "SELECT * FROM tombstones")
    listed = listed_segments(connection)
    held, different = [dead[:0]], 0
    for done, segment in enumerate(listed):
        tell("comparing", done, len(listed))
        try:
            index = read_segment(folder, segment)
        except LibraryError as error:
            if not _is_listed(folder, segment):
                raise LibraryError(
                    f"the library at {folder} was changed while it was checked; repeat: qa verify --library {folder}"
                ) from error
            yield "index file", str(error).partition(";")[0]
            continue
        if index.ntotal != segment.vectors:
            yield "index file", f"{segment.file} holds {index.ntotal} vectors, but {segment.vectors} are listed"
        held.append(ids_of(index))
        if not fast:
            found = [passage_id for passage_id, _ in different_vectors(connection, index)]
            different += len(np.setdiff1d(found, dead))
    tell("comparing", len(listed), len(listed))
    if len(held) == len(listed) + 1:
        alive = np.setdiff1d(np.concatenate(held), dead)
        if missing := len(np.setdiff1d(wanted, alive, assume_unique=True)):
            yield "index file", f"{missing} passages are not in the FAISS files"
        if strange := len(np.setdiff1d(alive, wanted, assume_unique=True)):
            yield "index file", f"{strange} vectors of the FAISS files have no passage"
    if different:
        yield "index file", f"{different} vectors of the FAISS files differ from the stored ones"


def _is_listed(folder: Path, segment: Segment) -> bool:
    """Whether the present generation has a FAISS file, which is deleted where a merge has made a newer one since."""
    with closing(open_to_read(folder)) as connection:
        return segment in listed_segments(connection)


def _name(connection: apsw.Connection, row_id: int) -> str:
    """The id of an article."""
    return str(rows(connection, "SELECT article_id FROM articles WHERE row_id = ?", (row_id,))[0][0])


def _ids(connection: apsw.Connection, query: str) -> Any:
    """Rows' numbers, int64 of shape (n,), in order, each once: a set of them takes ten times the memory."""
    return np.unique(np.fromiter((number for (number,) in connection.execute(query)), dtype=np.int64))
