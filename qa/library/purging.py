"""What was removed goes from the disk at once: nothing of it stands in any file of the library any more.

SQLite overwrites a deleted row, but its words stay in the keyword index, which cannot tell whose they were, until that is
merged; a vector stays in its FAISS file, a line in the file that was uploaded, old pages in the write-ahead log.
"""

import shutil
from pathlib import Path

import apsw

from qa.articles.candidate import LINE_SUFFIXES, article_suffix
from qa.errors import LibraryError
from qa.library.database import ASIDE, MENDING, rows
from qa.library.embedded import vector_tables
from qa.library.history import forget
from qa.library.publish import write_one_segment
from qa.library.restore import STAGING
from qa.library.segments import remove_unlisted
from qa.library.store import listed_segments
from qa.library.uploads import drop_lines, file_holding
from qa.types import Progress

PATIENCE = 5_000  # milliseconds for questions that began before; a search takes a fraction of that


def purge(connection: apsw.Connection, folder: Path, uploads: Path, tell: Progress) -> None:
    """Rewrite every file that may hold something of a removed article; the caller holds the library's lock.

    Needs as much free space as the library takes. Raises LibraryError where a question that is being answered keeps the
    log, or an uploaded file cannot be rewritten: of files of several articles only those of lines can.
    """
    tell("purging", 0, 4)  # each step takes the longer, the larger the library
    for left in (folder / STAGING, folder / MENDING, *folder.glob(f"{ASIDE}*")):
        shutil.rmtree(left, ignore_errors=True)
    holding = _purge_uploads(connection, uploads)
    with connection:
        for table in vector_tables(connection):
            connection.execute(f"DELETE FROM {table} WHERE text_hash NOT IN (SELECT text_hash FROM passages)")  # noqa: S608
        tell("purging", 1, 4)
        connection.execute("INSERT INTO keywords (keywords) VALUES ('optimize')")
        tell("purging", 2, 4)
        forget(connection)
        write_one_segment(connection, folder)
    remove_unlisted(folder, [segment.file for segment in listed_segments(connection)])
    tell("purging", 3, 4)
    connection.execute("VACUUM")
    tell("purging", 4, 4)
    connection.set_busy_timeout(PATIENCE)
    ((busy, _, _),) = rows(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
    if busy:
        raise LibraryError(
            "what was removed still stands in the log, which an answer or a backup that is being made still reads; "
            f"when that is done, run: qa remove --purge --library {folder}"
        )
    if holding:
        raise LibraryError(
            f"{uploads / holding[0]} still holds articles that were removed, beside others that were not; "
            "delete the file, or take them out of it by hand, and index again"
        )


def _purge_uploads(connection: apsw.Connection, uploads: Path) -> list[str]:
    """Take the lines of removed articles out of the uploaded files of lines; then nothing is left to keep out.

    Returns the paths of the uploaded files of other kinds that hold removed articles still.
    """
    kept_out = rows(
        connection,
        """SELECT path, given_id, source_id FROM kept_out JOIN sources USING (source_id)
           WHERE root = ? ORDER BY path""",
        (str(uploads),),
    )
    files = {path: file_holding(uploads, path) for path, _, _ in kept_out}
    lines = {path for path, file in files.items() if file == uploads / path and article_suffix(path) in LINE_SUFFIXES}
    holding = {path: file for path, file in files.items() if file and path not in lines}
    for path in sorted(lines):
        drop_lines(uploads / path, {given_id for other, given_id, _ in kept_out if other == path})
    with connection:
        places = [(source_id, path, given_id) for path, given_id, source_id in kept_out if path not in holding]
        connection.executemany("DELETE FROM kept_out WHERE (source_id, path, given_id) = (?, ?, ?)", places)
    return sorted({file.relative_to(uploads).as_posix() for file in holding.values()})
