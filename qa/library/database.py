"""The SQLite file of a library: its schema, how it is opened, and what its errors mean to a user.

SQLite comes with apsw rather than with Python: the same current version everywhere (the write-ahead log of versions
before 3.51.3 can be corrupted by two connections), FTS5 always there, and contentless keyword tables that can delete.
Every page carries a checksum, held against it whenever it is read: SQLite itself would serve a damaged text as it is.
"""

import contextlib
import errno
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from secrets import token_hex
from typing import Any

import apsw
import apsw.sqlite_extra

from qa.errors import DamagedError, LibraryError
from qa.library.durable import make_folder

FILE = "library.sqlite"
ASIDE = "damaged-"  # what the folders in a library are called in which damaged files are kept
MENDING = ".mending"  # the folder in a library of the vectors that a repair has made and not published yet
FORMAT = "4"
# 2 lacks the history and the pages, 3 the looks of files, the visits, the languages and the numbers of words: no answer
# needs them.
READABLE = ("2", "3", FORMAT)
CHECKSUM_BYTES = 8  # of each page
UNFINISHED = "restored from"  # the note of a library of which a restore has still to move uploads and settings
_FULL = (errno.ENOSPC, errno.EDQUOT)
# SQLError: a table is missing. UnicodeDecodeError: what should be text is none.
_DAMAGED = (apsw.CorruptError, apsw.NotADBError, apsw.SQLError, UnicodeDecodeError)
_ANY_TABLE = "SELECT 1 FROM sqlite_schema LIMIT 1"
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
    pages TEXT,                    -- where its pages begin in the text, a JSON list; NULL where it has none
    language TEXT                  -- ISO 639, 'und' where the text does not tell; NULL where nobody looked
);
CREATE UNIQUE INDEX articles_by_place ON articles (source_id, path, coalesce(given_id, ''));
CREATE INDEX articles_by_path ON articles (path) WHERE given_id IS NULL;
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
# What spares a sync, a list and the statistics to read every file or text.
SPEED_SCHEMA = """
DROP INDEX IF EXISTS articles_by_date;
CREATE INDEX IF NOT EXISTS articles_newest_first ON articles (date DESC, article_id);
CREATE INDEX IF NOT EXISTS articles_by_source ON articles (source);
CREATE TABLE IF NOT EXISTS word_counts (row_id INTEGER PRIMARY KEY, words INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS files ( -- how files looked when they were read, and how many of their articles are kept out
    source_id INTEGER NOT NULL, path TEXT NOT NULL, look TEXT NOT NULL, kept_out INTEGER NOT NULL,
    PRIMARY KEY (source_id, path)) WITHOUT ROWID;
"""
HISTORY_SCHEMA = """
CREATE TABLE history (
    version_id INTEGER PRIMARY KEY,
    article_id TEXT NOT NULL,
    indexed_at TEXT,               -- UTC; NULL where it was before there was a history
    change TEXT NOT NULL,          -- added, updated, renamed, removed
    content_hash TEXT NOT NULL, title TEXT NOT NULL
);
CREATE INDEX history_by_article ON history (article_id);
"""
VISITS_SCHEMA = """
CREATE TABLE visits (           -- of sources that are addresses: what their servers said the last time
    source_id INTEGER PRIMARY KEY REFERENCES sources,
    etag TEXT, modified TEXT,      -- NULL where not all of the content became articles
    not_before TEXT                -- UTC; they are not to be asked before
);
"""

ALL_TABLES = SCHEMA + COPIES_SCHEMA + HISTORY_SCHEMA + SPEED_SCHEMA + VISITS_SCHEMA


def exists(folder: Path) -> bool:
    """Whether a library stands in this folder."""
    with mapped_errors(folder):
        return (folder / FILE).is_file()


def delete_database(folder: Path) -> None:
    """Delete the SQLite file and what stands beside it while it is open; the caller holds the library's lock."""
    for name in (FILE, f"{FILE}-journal", f"{FILE}-wal", f"{FILE}-shm"):
        (folder / name).unlink(missing_ok=True)


def missing(folder: Path) -> LibraryError:
    """The error that there is no library."""
    return LibraryError(f"there is no library at {folder}; make one with: qa index FOLDER --library {folder}")


def open_to_read(folder: Path) -> apsw.Connection:
    """A connection that cannot write. Raises LibraryError when there is no library or it cannot be read."""
    # A journal is there only until the file's first page stands; to take it back takes a writer.
    if not exists(folder) or (folder / f"{FILE}-journal").exists():
        raise missing(folder)
    with mapped_errors(folder):
        connection = _connection(folder, apsw.SQLITE_OPEN_READONLY)
        with _closed_on_error(connection):
            try:
                return _checked(connection, folder)
            except apsw.ReadOnlyError as error:
                # It was made, and its maker killed, since the look above.
                if getattr(error, "extendedresult", 0) == apsw.SQLITE_READONLY_ROLLBACK:
                    raise missing(folder) from error
                raise


def open_to_write(folder: Path) -> apsw.Connection:
    """The writing connection; the caller holds the library's lock. Makes the library where there is none."""
    with mapped_errors(folder):
        make_folder(folder)
        connection = _connection(folder, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
        with _closed_on_error(connection):
            (folder / FILE).chmod(0o600)
            empty = not rows(connection, _ANY_TABLE)
            if empty:
                connection.reserve_bytes(reserve=CHECKSUM_BYTES)
            connection.execute("PRAGMA journal_mode = WAL")
            # FULL: an acknowledged sync survives a power cut. secure_delete: a deleted text is overwritten on the disk.
            connection.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON")
            if empty:
                with connection:
                    connection.execute(ALL_TABLES)
                    # 4000: with its checksum a page has no room for the 4,050 bytes that FTS5 would put on it.
                    connection.execute(
                        "INSERT INTO keywords (keywords, rank) VALUES ('secure-delete', 1), ('pgsz', 4000)"
                    )
                    set_meta(connection, "format", FORMAT)
                    set_meta(connection, "checksums", str(connection.reserve_bytes()))
            _bring_up_to_date(connection)
            checked = _checked(connection, folder)
            if get_meta(checked, UNFINISHED) is not None:
                from qa.library.restore import move_beside  # it needs this file

                move_beside(folder, checked)
            return checked


def _bring_up_to_date(connection: apsw.Connection) -> None:
    """Add what older formats lack.

    1 knew nothing of near copies, 2 of pages and of how an article came to be, 3 of how files look, of addresses, of
    languages, and of how many words a text has.
    """
    from qa.library.copies import regroup  # these need this file
    from qa.library.word_counts import count_words

    with connection:
        found = get_meta(connection, "format")
        if found == "1":
            connection.execute(COPIES_SCHEMA)
            regroup(connection, [row_id for (row_id,) in rows(connection, "SELECT row_id FROM articles")])
        if found in ("1", "2"):
            connection.execute("ALTER TABLE articles ADD COLUMN pages TEXT")
            connection.execute(HISTORY_SCHEMA)
            # What is there is where the history begins.
            connection.execute(
                """INSERT INTO history (article_id, indexed_at, change, content_hash, title)
                   SELECT article_id, NULL, 'added', content_hash, title FROM articles ORDER BY row_id"""
            )
        if found in ("1", "2", "3"):
            connection.execute("ALTER TABLE articles ADD COLUMN language TEXT")
            connection.execute(SPEED_SCHEMA + VISITS_SCHEMA)
            count_words(connection)
            set_meta(connection, "format", FORMAT)


def _connection(folder: Path, flags: int) -> apsw.Connection:
    _check_pages()
    connection = apsw.Connection(str(folder / FILE), flags=flags)
    connection.set_busy_timeout(30_000)
    return connection


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def _closed_on_error(connection: apsw.Connection) -> Iterator[None]:
    # One that stays open would hold the memory of a file that may be deleted, and whose number another file may get.
    try:
        yield
    except BaseException:
        connection.close(True)
        raise


@cache
def _check_pages() -> None:
    """From now on, this process checks and writes the checksums of every database that has room for them."""
    with contextlib.closing(apsw.Connection(":memory:")) as connection:
        apsw.sqlite_extra.load(connection, "cksumvfs")


def _checked(connection: apsw.Connection, folder: Path) -> apsw.Connection:
    if not rows(connection, _ANY_TABLE):
        if (folder / "segments").exists():
            raise apsw.CorruptError("its tables are gone")
        raise missing(folder)  # a first run was cut short before its tables stood
    if not _size(folder / f"{FILE}-wal") and _size(folder / FILE) % rows(connection, "PRAGMA page_size")[0][0]:
        raise apsw.CorruptError("it is cut short")  # SQLite takes what is missing of a page for zeros
    found = get_meta(connection, "format")
    if get_meta(connection, "checksums") not in (None, str(connection.reserve_bytes())):
        raise apsw.CorruptError("the header is another file's")
    if found == "1":
        raise LibraryError(
            f"the library at {folder} is of an older version; bring it up to date: qa index --library {folder}"
        )
    if found not in READABLE:
        raise LibraryError(
            f"the library at {folder} has format {found}, this version reads {FORMAT}; use the version that made it, "
            "or name another folder with --library"
        )
    return connection


def get_meta(connection: apsw.Connection, key: str) -> str | None:
    """A value of the library's notes about itself."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(row[0]) if row else None


def newer_columns(connection: apsw.Connection) -> tuple[str, str]:
    """What a query calls the pages and the language of an article: NULL where the library's format lacks them."""
    found = get_meta(connection, "format")
    return "NULL" if found == "2" else "pages", "language" if found == FORMAT else "NULL"


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
    try:
        yield
    except (apsw.Error, OSError, UnicodeDecodeError) as error:
        # Where SQLite has rolled back by itself, rolling back fails, and what came before is the reason.
        reason = error.__context__ if isinstance(error, apsw.SQLError) else None
        met = reason if isinstance(reason, apsw.Error) else error
        raise (DamagedError if _is_damage(met) else LibraryError)(_meaning(met, folder)) from error


def _is_damage(error: apsw.Error | OSError | UnicodeDecodeError) -> bool:
    return getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_DATA or isinstance(error, _DAMAGED)


def _meaning(error: apsw.Error | OSError | UnicodeDecodeError, folder: Path) -> str:
    file, code = folder / FILE, getattr(error, "extendedresult", 0)
    # The memory that connections share is a file too, and SHMSIZE is how SQLite says that it cannot grow.
    if isinstance(error, apsw.FullError) or code == apsw.SQLITE_IOERR_SHMSIZE or getattr(error, "errno", 0) in _FULL:
        return f"no space is left on the disk of {folder}; free some and repeat, nothing was lost"
    if isinstance(error, OSError):
        return f"{error.filename or folder} cannot be used ({error.strerror}); check its owner and permissions"
    if _is_damage(error):
        reason = "a page is not as it was written" if code == apsw.SQLITE_IOERR_DATA else error
        return f"{file} is damaged ({reason}); run: qa repair --library {folder}, or restore a backup"
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        return f"another process keeps {file} locked; wait until it has finished"
    if isinstance(error, (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError)):
        return f"{file} cannot be opened ({error}); check its owner and permissions, and that its disk has space"
    return f"{file} cannot be used ({error}); check that its disk has space, then run: qa verify --library {folder}"
