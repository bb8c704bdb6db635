"""Indexing: sources -> articles -> passages -> vectors for what changed -> one transaction."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import apsw

from qa.errors import InputError
from qa.fetching.address import checked_address, is_address
from qa.library.addresses import Visit
from qa.library.cuts import KeptCuts, cut_article
from qa.library.database import (
    delete_database,
    exists,
    mapped_errors,
    open_to_read,
    open_to_write,
    rows,
)
from qa.library.embedded import record_embedder
from qa.library.files import files_of
from qa.library.lock import writing
from qa.library.plan import NOT_ASKED, Plan, make_plan
from qa.library.publish import embed, publish
from qa.library.purging import purge
from qa.library.sources import Source, WebSource, sources_to_sync
from qa.library.spool import Spool
from qa.library.store import UPLOADS
from qa.library.uploads import file_holding
from qa.progress import counted, tell_nobody
from qa.settings import Settings
from qa.types import Embedder, Progress, SyncReport

# A file's articles have its path, those in an archive a longer one.
_IN_FILE = "source_id = ?1 AND (path = ?2 OR substr(path, 1, length(?2) + 1) = ?2 || '/')"


def sync(
    folder: Path,
    paths: Sequence[Path | str],
    embedder: Callable[[], Embedder],
    settings: Settings,
    allow_empty: bool = False,
    progress: Progress | None = None,
    full: bool = False,
    visits: Mapping[str, Visit] = NOT_ASKED,
) -> SyncReport:
    """Bring a library up to date with its sources; makes the library where there is none.

    ``embedder`` is called to compare fingerprints and to encode; ``paths`` empty means every known source. ``full`` reads
    files, too, that look as they did when they were last read. ``visits`` are what came from the addresses among the
    sources; one that was not asked stays as it is. Raises InputError for missing paths, LibraryError when another process
    is indexing or the embedder is another one.
    """
    tell = progress or tell_nobody
    began = time.monotonic()
    with writing(folder), mapped_errors(folder), Spool(folder) as spool:
        new = not exists(folder)
        connection = open_to_write(folder)

        def register() -> list[Source | WebSource]:
            return sources_to_sync(connection, paths, (folder / UPLOADS).resolve())

        try:
            made = embedder()
            record_embedder(connection, folder, made)
            # To look changes nothing: what is registered for it is registered again, alike, by the publishing transaction.
            connection.execute("BEGIN IMMEDIATE")
            try:
                sources = register()
                plan = make_plan(
                    connection,
                    sources,
                    folder.resolve(),
                    allow_empty,
                    lambda seen: tell("reading", seen, 0),
                    full,
                    spool,
                    visits,
                )
            finally:
                connection.execute("ROLLBACK")
            cuts = KeptCuts(spool)
            for addition in counted(plan.additions, len(plan.additions), "cutting", tell):
                article = addition.article
                cuts.put(cut_article(article.title, article.date, article.text, settings))
            embed(connection, lambda: cuts, made, lambda done, total: tell("embedding", done, total))
            publish(connection, folder, plan, cuts, register=register, tell=tell)
        except InputError:
            if new:  # a mistyped path makes no library
                connection.close()
                delete_database(folder)
            raise
        finally:
            connection.close()
    return report_of(plan, began)


def report_of(plan: Plan, began: float) -> SyncReport:
    """A plan in numbers; ``began`` is when its making began, in seconds of the monotonic clock."""
    return SyncReport(
        added=sum(addition.row_id is None for addition in plan.additions),
        updated=sum(addition.row_id is not None for addition in plan.additions),
        removed=len(plan.removed),
        unchanged=plan.unchanged,
        failed=len(plan.failures),
        skipped=plan.skipped,
        failures=tuple(plan.failures),
        seconds=round(time.monotonic() - began, 3),
        notes=plan.notes.gathered(),
        skips=plan.skips.gathered(),
    )


def remove(
    folder: Path, article_ids: Sequence[str], purged: bool = False, progress: Progress | None = None
) -> tuple[str, ...]:
    """Take articles out of a library and keep them out until their file changes; returns their ids.

    An article that was uploaded is deleted with its file, which the library owns; a file of several goes with the last
    of its articles. The address of a source stands for all that came from it, and is asked no more. ``purged``: nothing of
    these, and of what was removed before, is left on the disk. Raises InputError for an unknown id, before anything is
    removed.
    """
    uploads = (folder / UPLOADS).resolve()
    open_to_read(folder).close()  # never makes a library in order to remove from it
    with writing(folder), mapped_errors(folder):
        connection = open_to_write(folder)
        try:
            found: dict[int, tuple[int, str, str]] = {}
            addresses = set[int]()
            for article_id in article_ids:
                if (source_id := _address_source(connection, article_id)) is not None:
                    addresses.add(source_id)
                    of_it = rows(connection, "SELECT row_id, path FROM articles WHERE source_id = ?", (source_id,))
                    found |= {row_id: (source_id, article_id, path) for row_id, path in of_it}
                    continue
                row = connection.execute(
                    "SELECT row_id, source_id, s.root, path FROM articles JOIN sources s USING (source_id) WHERE article_id = ?",
                    (article_id,),
                ).fetchone()
                if not row:
                    raise InputError(f"there is no article {article_id!r} in the library; see: qa list")
                found[row[0]] = row[1:]
            if found or addresses:
                places = ((source_id, file) for source_id, _, path in found.values() for file in files_of(path))
                plan = Plan(
                    removed=set(found), files=dict.fromkeys(places), forgotten=addresses
                )  # files to be read again
                publish(connection, folder, plan, keep_out=True)
            for source_id, root, path in found.values():
                if Path(root) == uploads:
                    _delete_upload(connection, uploads, source_id, path)
            if purged:
                purge(connection, folder, uploads, progress or tell_nobody)
        finally:
            connection.close()
    return tuple(article_ids)


def _delete_upload(connection: apsw.Connection, uploads: Path, source_id: int, path: str) -> None:
    """Delete the uploaded file of an article that was removed, unless it holds others."""
    file = file_holding(uploads, path) or uploads / path
    place = (source_id, file.relative_to(uploads).as_posix())
    if not rows(connection, f"SELECT 1 FROM articles WHERE {_IN_FILE} LIMIT 1", place):  # noqa: S608
        file.unlink(missing_ok=True)
        # Nothing is left to keep out, and the same file may be uploaded again.
        connection.execute(f"DELETE FROM kept_out WHERE {_IN_FILE}", place)  # noqa: S608


def _address_source(connection: apsw.Connection, article_id: str) -> int | None:
    """The source whose address is given in place of an article's id, None where it is no source's."""
    # An entry's id may be its feed's address with "#" and something behind it.
    if not is_address(article_id) or "#" in article_id:
        return None
    with suppress(InputError):
        article_id = checked_address(article_id)
    found = rows(connection, "SELECT source_id FROM sources WHERE root = ?", (article_id,))
    return int(found[0][0]) if found else None
