"""A library in numbers: what it holds, from where and when, and what it takes on the disk."""

from pathlib import Path

import apsw

from qa.library.database import FILE, rows
from qa.library.segments import FOLDER
from qa.library.word_counts import all_words
from qa.types import Count, DiskUse, Statistics


def statistics(connection: apsw.Connection, folder: Path, uploads: Path) -> Statistics:
    """The numbers of one state of a library; a word is what stands between blanks."""
    articles, dated, first, last = rows(connection, "SELECT count(*), count(date), min(date), max(date) FROM articles")[
        0
    ]
    groups, copies = rows(connection, "SELECT count(DISTINCT copy_group), count(*) FROM near_copies")[0]
    return Statistics(
        articles=articles,
        undated=articles - dated,
        first=first,
        last=last,
        passages=rows(connection, "SELECT count(*) FROM passages")[0][0],
        words=all_words(connection),
        near_copy_groups=groups,
        near_copies=copies,
        sources=_counts(connection, "source", "articles", "count(*) DESC, source"),
        folders=_counts(connection, "root", "articles JOIN sources USING (source_id)", "count(*) DESC, root"),
        months=_counts(connection, "substr(date, 1, 7)", "articles WHERE date IS NOT NULL", "1"),
        bytes=_disk_use(folder, uploads),
    )


def _counts(connection: apsw.Connection, what: str, among: str, order: str) -> tuple[Count, ...]:
    """How many articles there are of each kind."""
    query = f"SELECT {what}, count(*) FROM {among} GROUP BY 1 ORDER BY {order}"  # noqa: S608
    return tuple(Count(*row) for row in rows(connection, query))


def _disk_use(folder: Path, uploads: Path) -> DiskUse:
    """Bytes of the files of a library; what is deleted meanwhile counts nothing."""
    sizes = {
        path: path.stat().st_size for path in folder.resolve().rglob("*") if path.is_file() and not path.is_symlink()
    }
    database = sum(size for path, size in sizes.items() if path.name.startswith(FILE))
    index = sum(size for path, size in sizes.items() if path.parent.name == FOLDER and path.parent.parent != uploads)
    uploaded = sum(size for path, size in sizes.items() if path.is_relative_to(uploads))
    return DiskUse(database, index, uploaded, sum(sizes.values()))
