"""What indexing would do, found out on a copy in memory of what a plan is held against: the library itself is only read."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import apsw

from qa.library.addresses import Visit
from qa.library.database import (
    ALL_TABLES,
    FORMAT,
    exists,
    get_meta,
    mapped_errors,
    open_to_read,
    rows,
)
from qa.library.plan import NOT_ASKED, Plan, make_plan
from qa.library.publish import write_rows
from qa.library.sources import sources_to_sync
from qa.library.spool import Spool
from qa.library.store import UPLOADS
from qa.library.sync import report_of
from qa.progress import tell_nobody
from qa.types import Change, Diff, Progress


def diff(
    folder: Path,
    paths: Sequence[Path | str],
    allow_empty: bool = False,
    progress: Progress | None = None,
    full: bool = False,
    visits: Mapping[str, Visit] = NOT_ASKED,
) -> Diff:
    """What ``sync`` would do with the same paths and visits, as far as no model is needed to tell.

    Raises what ``sync`` would raise for them, save that the embedder is another one; LibraryError where there is no
    library and no path is given.
    """
    tell = progress or tell_nobody
    began = time.monotonic()
    with mapped_errors(folder), Spool() as spool:
        copy = _copy(folder) if paths or exists(folder) else open_to_read(folder)
        try:
            before = _articles(copy)
            sources = sources_to_sync(copy, paths, (folder / UPLOADS).resolve())
            plan = make_plan(
                copy, sources, folder.resolve(), allow_empty, lambda seen: tell("reading", seen, 0), full, spool, visits
            )
            written = write_rows(copy, plan)
            after = _articles(copy)
        finally:
            copy.close()
    return Diff(report_of(plan, began), _changes(plan, written, before, after))


def _copy(folder: Path) -> apsw.Connection:
    """Sources, articles without their texts, what is kept out and the looks of files, in memory; of no library, nothing."""
    copy = apsw.Connection(":memory:")
    copy.execute(ALL_TABLES)
    if exists(folder):
        library = open_to_read(folder)
        try:
            library.execute("BEGIN")  # one state for all
            with copy:
                copy.executemany("INSERT INTO sources VALUES (?, ?, ?)", library.execute("SELECT * FROM sources"))
                copy.executemany("INSERT INTO kept_out VALUES (?, ?, ?, ?)", library.execute("SELECT * FROM kept_out"))
                if get_meta(library, "format") == FORMAT:
                    copy.executemany("INSERT INTO files VALUES (?, ?, ?, ?)", library.execute("SELECT * FROM files"))
                copy.executemany(
                    "INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, '', NULL, NULL, NULL, '', NULL, NULL)",
                    library.execute("SELECT row_id, article_id, source_id, path, given_id, content_hash FROM articles"),
                )
        finally:
            library.close()
    return copy


def _articles(connection: apsw.Connection) -> dict[int, tuple[str, str]]:
    """Id and content hash of every article, by its row."""
    found = rows(connection, "SELECT row_id, article_id, content_hash FROM articles")
    return {row_id: (article_id, content_hash) for row_id, article_id, content_hash in found}


def _changes(
    plan: Plan, written: Sequence[int], before: dict[int, tuple[str, str]], after: dict[int, tuple[str, str]]
) -> tuple[Change, ...]:
    """What happens to each article, by its id; ``written`` are the rows of the plan's additions."""
    changes, gone = list[Change](), defaultdict[str, list[str]](list)
    for article_id, content_hash in sorted(before[row_id] for row_id in plan.removed):
        gone[content_hash].append(article_id)
    for row_id, addition in zip(written, plan.additions, strict=True):
        article_id, content_hash = after[row_id]
        if addition.row_id is not None:
            changes.append(Change("updated", article_id))
        elif gone[content_hash]:  # the same content goes and comes
            was = article_id if article_id in gone[content_hash] else gone[content_hash][0]
            gone[content_hash].remove(was)
            changes.append(Change("moved" if was == article_id else "renamed", article_id, was))
        else:
            changes.append(Change("added", article_id))
    changes += [Change("removed", article_id) for left in gone.values() for article_id in left]
    for row_id in before.keys() - plan.removed:  # two folders with the same path, or one inside the other
        if before[row_id][0] != after[row_id][0]:
            changes.append(Change("renamed", after[row_id][0], before[row_id][0]))
    return tuple(sorted(changes, key=lambda change: (change.article_id, change.change)))
