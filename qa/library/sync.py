"""Indexing: sources -> articles -> passages -> vectors for what changed -> one transaction."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import apsw

from qa.articles.language import language_of
from qa.errors import InputError, LibraryError
from qa.library.database import (
    delete_database,
    exists,
    get_meta,
    mapped_errors,
    open_to_read,
    open_to_write,
    rows,
    set_meta,
)
from qa.library.lock import writing
from qa.library.plan import Addition, Plan, make_plan
from qa.library.publish import cut_article, publish, store_vectors
from qa.library.purging import purge
from qa.library.sources import Source, sources_to_sync
from qa.library.store import UPLOADS
from qa.library.uploads import file_holding
from qa.settings import Settings
from qa.types import Embedder, Progress, SyncReport

# A file's articles have its path, those in an archive a longer one.
_IN_FILE = "source_id = ?1 AND (path = ?2 OR substr(path, 1, length(?2) + 1) = ?2 || '/')"


def sync(
    folder: Path,
    paths: Sequence[Path],
    embedder: Callable[[], Embedder],
    settings: Settings,
    allow_empty: bool = False,
    progress: Progress | None = None,
) -> SyncReport:
    """Bring a library up to date with its sources; makes the library where there is none.

    ``embedder`` is called to compare fingerprints and to encode; ``paths`` empty means every known source. Raises
    InputError for missing paths, LibraryError when another process is indexing or the embedder is another one.
    """
    tell = progress or (lambda stage, done, total: None)
    began = time.monotonic()
    with writing(folder), mapped_errors(folder):
        new = not exists(folder)
        connection = open_to_write(folder)

        def register() -> list[Source]:
            return sources_to_sync(connection, paths, (folder / UPLOADS).resolve())

        try:
            record_embedder(connection, folder, embedder().fingerprint)
            # To look changes nothing: what is registered for it is registered again, alike, by the publishing transaction.
            connection.execute("BEGIN IMMEDIATE")
            try:
                sources = register()
                plan = make_plan(
                    connection, sources, folder.resolve(), allow_empty, lambda seen: tell("reading", seen, 0)
                )
            finally:
                connection.execute("ROLLBACK")
            plan.additions = [_with_language(addition) for addition in plan.additions]
            cuts = [cut_article(a.article.title, a.article.date, a.article.text, settings) for a in plan.additions]
            flat = (cut for article_cuts in cuts for cut in article_cuts)
            store_vectors(connection, flat, embedder, lambda done, total: tell("embedding", done, total))
            publish(connection, folder, plan, cuts, register=register)
        except InputError:
            if new:  # a mistyped path makes no library
                connection.close()
                delete_database(folder)
            raise
        finally:
            connection.close()
    return report_of(plan, began)


def _with_language(addition: Addition) -> Addition:
    return replace(addition, article=replace(addition.article, language=language_of(addition.article.text)))


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
    )


def remove(folder: Path, article_ids: Sequence[str], purged: bool = False) -> tuple[str, ...]:
    """Take articles out of a library and keep them out until their file changes; returns their ids.

    An article that was uploaded is deleted with its file, which the library owns; a file of several goes with the last
    of its articles. ``purged``: nothing of these, and of what was removed before, is left on the disk. Raises InputError
    for an unknown id, before anything is removed.
    """
    uploads = (folder / UPLOADS).resolve()
    open_to_read(folder).close()  # never makes a library in order to remove from it
    with writing(folder), mapped_errors(folder):
        connection = open_to_write(folder)
        try:
            found = {}
            for article_id in article_ids:
                row = connection.execute(
                    "SELECT row_id, source_id, s.root, path FROM articles JOIN sources s USING (source_id) WHERE article_id = ?",
                    (article_id,),
                ).fetchone()
                if not row:
                    raise InputError(f"there is no article {article_id!r} in the library; see: qa list")
                found[row[0]] = row[1:]
            if found:
                publish(connection, folder, Plan(removed=set(found)), keep_out=True)
            for source_id, root, path in found.values():
                if Path(root) == uploads:
                    _delete_upload(connection, uploads, source_id, path)
            if purged:
                purge(connection, folder, uploads)
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


def record_embedder(connection: apsw.Connection, folder: Path, fingerprint: str) -> None:
    """Write down whose vectors a new library holds. Raises LibraryError when they are another embedder's."""
    recorded = get_meta(connection, "embedder")
    if recorded is None or not rows(connection, "SELECT 1 FROM vectors LIMIT 1"):
        with connection:
            set_meta(connection, "embedder", fingerprint)
    elif recorded != fingerprint:
        raise LibraryError(embedder_mismatch(folder, recorded, fingerprint))


def embedder_mismatch(folder: Path, recorded: str, asked: str) -> str:
    """The message for a library whose vectors another embedder made."""
    return (
        f"the library at {folder} was made with the embedder {recorded}, but {asked} is set; set the former again, "
        f"or embed everything anew with: qa repair --reembed --library {folder}"
    )
