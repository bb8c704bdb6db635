"""The SQLite file of a library: its schema, how it is opened, and what its errors mean to a user.

SQLite comes with apsw rather than with Python: the same current version everywhere (the write-ahead log of versions
before 3.51.3 can be corrupted by two connections), FTS5 always there, and contentless keyword tables that can delete.
"""

import errno
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

import apsw

from qa.errors import LibraryError

FILE = "library.sqlite"
FORMAT = "3"
READABLE = ("2", FORMAT)  # format 2 knew nothing of pages
KEYWORD_TOKENIZER = "porter unicode61 remove_diacritics 2"

SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (source_id INTEGER PRIMARY KEY, root TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE articles (
    row_id INTEGER PRIMARY KEY,
    article_id TEXT NOT NULL UNIQUE,
    source_id INTEGER NOT NULL REFERENCES sources,
    path TEXT NOT NULL,            -- the file's path inside its source
    given_id TEXT,                 -- the id a JSON line gives itself; NULL where the path is the id
    content_hash TEXT NOT NULL,
    title TEXT NOT NULL, date TEXT, source TEXT, url TEXT,
    text TEXT NOT NULL,
    pages TEXT                     -- where its pages begin in the text, a JSON list; NULL where it has none
);
CREATE UNIQUE INDEX articles_by_place ON articles (source_id, path, coalesce(given_id, ''));
CREATE INDEX articles_by_path ON articles (path) WHERE given_id IS NULL;
CREATE INDEX articles_by_date ON articles (date);
CREATE TABLE passages (
    passage_id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: FAISS files and tombstones rely on it
    row_id INTEGER NOT NULL REFERENCES articles,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    text_hash BLOB NOT NULL
);
CREATE INDEX passages_by_article ON passages (row_id);
CREATE INDEX passages_by_hash ON passages (text_hash);
CREATE TABLE vectors (text_hash BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;  -- float16
CREATE VIRTUAL TABLE keywords USING fts5 (
    title, text, content='', contentless_delete=1, tokenize='{KEYWORD_TOKENIZER}'
);
CREATE TABLE segments (file TEXT PRIMARY KEY, sha256 TEXT NOT NULL, vectors INTEGER NOT NULL);
CREATE TABLE tombstones (passage_id INTEGER PRIMARY KEY);
CREATE TABLE kept_out (source_id INTEGER NOT NULL, path TEXT NOT NULL, given_id TEXT NOT NULL, content_hash TEXT NOT NULL,
    PRIMARY KEY (source_id, path, given_id)) WITHOUT ROWID;
"""
COPIES_SCHEMA = """
CREATE TABLE copy_bands (key INTEGER NOT NULL, row_id INTEGER NOT NULL, PRIMARY KEY (key, row_id)) WITHOUT ROWID;
CREATE INDEX copy_bands_by_article ON copy_bands (row_id);
CREATE TABLE near_copies (row_id INTEGER PRIMARY KEY, copy_group INTEGER NOT NULL);  -- articles that have near copies
CREATE INDEX near_copies_by_group ON near_copies (copy_group);
"""


def exists(folder: Path) -> bool:
    """Whether a library stands in this folder."""
    return (folder / FILE).is_file()


def delete_database(folder: Path) -> None:
    """Delete the SQLite file and what stands beside it while it is open; the caller holds the library's lock."""
    for name in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
        (folder / name).unlink(missing_ok=True)


def open_to_read(folder: Path) -> apsw.Connection:
    """A connection that cannot write. Raises LibraryError when there is no library or it cannot be read."""
    if not exists(folder):
        raise LibraryError(f"there is no library at {folder}; make one with: qa index FOLDER --library {folder}")
    with mapped_errors(folder):
        return _checked(apsw.Connection(str(folder / FILE), flags=apsw.SQLITE_OPEN_READONLY), folder)


def open_to_write(folder: Path) -> apsw.Connection:
    """The writing connection; the caller holds the library's lock. Makes the library where there is none."""
    with mapped_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = not exists(folder)
        connection = apsw.Connection(str(folder / FILE))
        (folder / FILE).chmod(0o600)
        connection.set_busy_timeout(30_000)
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: an acknowledged sync survives a power cut. secure_delete: a deleted text is overwritten on the disk.
        connection.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON")
        if new or not list(connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1")):
            with connection:
                connection.execute(SCHEMA + COPIES_SCHEMA)
                connection.execute("INSERT INTO keywords (keywords, rank) VALUES ('secure-delete', 1)")
                set_meta(connection, "format", FORMAT)
        _bring_up_to_date(connection)
        return _checked(connection, folder)


def _bring_up_to_date(connection: apsw.Connection) -> None:
    """Add what older formats lack: 1 knew nothing of near copies, 2 nothing of pages."""
    from qa.library.copies import regroup  # it needs this file

    with connection:
        found = get_meta(connection, "format")
        if found == "1":
            connection.execute(COPIES_SCHEMA)
            regroup(connection, [row_id for (row_id,) in rows(connection, "SELECT row_id FROM articles")])
        if found in ("1", "2"):
            connection.execute("ALTER TABLE articles ADD COLUMN pages TEXT")
            set_meta(connection, "format", FORMAT)


def _checked(connection: apsw.Connection, folder: Path) -> apsw.Connection:
    connection.set_busy_timeout(30_000)
    found = get_meta(connection, "format")
    if found == "1":
        raise LibraryError(
            f"the library at {folder} is of an older version; bring it up to date: qa index --library {folder}"
        )
    if found not in READABLE:
        raise LibraryError(f"the library at {folder} has format {found}, this version reads {FORMAT}; index it anew")
    return connection


def get_meta(connection: apsw.Connection, key: str) -> str | None:
    """A value of the library's notes about itself."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(row[0]) if row else None


def set_meta(connection: apsw.Connection, key: str, value: str) -> None:
    """Write a note of the library about itself."""
    connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value)
    )


def next_generation(connection: apsw.Connection) -> None:
    """Mark a change of articles or passages, by which what is kept in memory is known to be old.

    The mark is drawn, not counted: a library that was deleted and made again is another one.
    """
    set_meta(connection, "generation", token_hex(8))


def json_list(values: Iterable[object]) -> str:
    """Values as ``json_each`` of a query takes them."""
    return json.dumps(list(values))


def rows(connection: apsw.Connection, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
    """All rows of a query as tuples, whose types the schema knows and the type checker does not."""
    return connection.execute(query, values).fetchall()


@contextmanager
def mapped_errors(folder: Path) -> Iterator[None]:
    """Errors of SQLite and the file system become one line that says what to do."""
    full = f"no space is left on the disk of {folder}; free some and repeat, nothing was lost"
    try:
        yield
    except apsw.FullError as error:
        raise LibraryError(full) from error
    except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError) as error:  # SQLError: a table is missing
        raise LibraryError(
            f"{folder / FILE} is damaged ({error}); delete {folder} and index the articles again"
        ) from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise LibraryError(f"another process keeps {folder / FILE} locked; wait until it has finished") from error
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError) as error:
        raise LibraryError(f"{folder / FILE} cannot be opened ({error}); check its owner and permissions") from error
    except apsw.Error as error:
        # The memory that connections share is a file too, and this is how SQLite says that it cannot grow.
        if getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE:
            raise LibraryError(full) from error
        raise LibraryError(f"{folder / FILE} cannot be used ({error}); run: qa verify --library {folder}") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise LibraryError(full) from error
        raise LibraryError(
            f"{error.filename or folder} cannot be used ({error.strerror}); check its owner and permissions"
        ) from error
