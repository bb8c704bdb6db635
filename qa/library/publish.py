"""One transaction makes a new generation: rows, keyword index, vectors and the list of FAISS files together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw
import numpy as np

from qa.library.addresses import record_visit
from qa.library.copies import regroup
from qa.library.database import json_list, next_generation, rows
from qa.library.history import record
from qa.library.plan import Addition, Plan
from qa.library.segments import remove_unlisted, write_segment
from qa.library.sources import assign_ids, forget, forget_gone
from qa.library.store import listed_segments
from qa.retrieval.passages import passage_hash, searchable_text, split_passages
from qa.settings import Settings
from qa.types import Embedder, Span

BATCH = 256  # passages embedded between two commits: what an interruption costs at most
SMALL = 20_000  # live passages up to which every sync writes one fresh file: a deleted vector is gone at once
MOST_SEGMENTS = 8
MOST_DEAD = 0.2  # share of dead vectors from which a merge pays


@dataclass(frozen=True, slots=True)
class Cut:
    """A passage to be written: its span, the text that is embedded for it, and that text's hash."""

    span: Span
    searchable: str
    text_hash: bytes


def cut_article(title: str, date: str | None, text: str, settings: Settings) -> tuple[Cut, ...]:
    """The passages of an article."""
    spans = split_passages(text, settings.passage_words, settings.overlap_sentences)
    searchable = [searchable_text(title, date, text[span.start : span.end]) for span in spans]
    hashes = [passage_hash(title, date, text[span.start : span.end]) for span in spans]
    return tuple(map(Cut, spans, searchable, hashes))


def store_vectors(
    connection: apsw.Connection,
    cuts: Iterable[Cut],
    embedder: Callable[[], Embedder],
    progress: Callable[[int, int], None],
) -> None:
    """Embed what has no vector yet; commits batch by batch, so that an interrupted run goes on where it was.

    A vector that no passage refers to is seen by no search.
    """
    missing = {cut.text_hash: cut.searchable for cut in cuts}
    for key in list(missing):
        if connection.execute("SELECT 1 FROM vectors WHERE text_hash = ?", (key,)).fetchone():
            del missing[key]
    # By length: a batch is padded to its longest text.
    waiting = sorted(missing.items(), key=lambda item: len(item[1]))
    for first in range(0, len(waiting), BATCH):
        progress(first, len(waiting))
        batch = waiting[first : first + BATCH]
        vectors = np.asarray(embedder().encode([text for _, text in batch]), dtype=np.float16)
        rows = [(key, vector.tobytes()) for (key, _), vector in zip(batch, vectors, strict=True)]
        with connection:
            connection.executemany("INSERT INTO vectors VALUES (?, ?)", rows)
    progress(len(waiting), len(waiting))


def publish(
    connection: apsw.Connection,
    folder: Path,
    plan: Plan,
    cuts: Sequence[Sequence[Cut]] = (),
    keep_out: bool = False,
    small: int = SMALL,
    register: Callable[[], object] = lambda: None,
) -> None:
    """Write a plan; ``cuts[i]`` are the passages of ``plan.additions[i]``. A kill at any point leaves old or new.

    ``register`` makes the plan's sources known, first.
    ``keep_out``: what the plan removes stays out until its file changes. ``small``: live passages up to which all
    vectors go into one fresh file.
    """
    replaced = [addition.row_id for addition in plan.additions if addition.row_id is not None]
    with connection:
        register()
        dead = _remove_passages(connection, [*plan.removed, *replaced])
        changed = write_rows(connection, plan, keep_out)
        new = [
            _write_passage(connection, row_id, addition, cut)
            for row_id, addition, article_cuts in zip(changed, plan.additions, cuts, strict=True)
            for cut in article_cuts
        ]
        regroup(connection, changed, plan.removed)
        _drop_unused_vectors(connection, dead)
        _list_segments(connection, folder, new, list(dead), small)
        if plan.additions or plan.removed:
            next_generation(connection)
    remove_unlisted(folder, [segment.file for segment in listed_segments(connection)])


def write_rows(connection: apsw.Connection, plan: Plan, keep_out: bool = False) -> list[int]:
    """Write a plan's articles without their passages, and give ids; returns the rows of ``plan.additions``."""
    paths = [addition.candidate.path for addition in plan.additions if addition.candidate.given_id is None]
    record(connection, plan.removed, "removed")
    for row_id in plan.removed:
        if keep_out:
            _keep_out(connection, row_id)
        paths += [path for (path,) in rows(connection, "SELECT path FROM articles WHERE row_id = ?", (row_id,))]
        connection.execute("DELETE FROM articles WHERE row_id = ?", (row_id,))
    written = [_write_article(connection, addition) for addition in plan.additions]
    assign_ids(connection, paths)
    updated = {addition.row_id for addition in plan.additions} - {None}
    record(connection, [row_id for row_id in written if row_id not in updated], "added")
    record(connection, [row_id for row_id in written if row_id in updated], "updated")
    for source_id in plan.forgotten:
        forget(connection, source_id)
    for source_id, visit in plan.visits.items():
        record_visit(connection, source_id, visit, whole=source_id not in plan.incomplete)
    forget_gone(connection)
    return written


def write_one_segment(connection: apsw.Connection, folder: Path) -> None:
    """Put every live vector into one fresh FAISS file and list only that; part of the caller's transaction."""
    live = rows(
        connection, "SELECT passage_id, vector FROM passages JOIN vectors USING (text_hash) ORDER BY passage_id"
    )
    connection.execute("DELETE FROM segments; DELETE FROM tombstones")
    _write_segment(connection, folder, live)


def write_keywords(connection: apsw.Connection, passage_id: int, title: str, text: str) -> None:
    """Put a passage into the keyword index."""
    connection.execute("INSERT INTO keywords (rowid, title, text) VALUES (?, ?, ?)", (passage_id, title, text))


def _remove_passages(connection: apsw.Connection, row_ids: Iterable[int]) -> dict[int, bytes]:
    """Delete the passages of articles; returns passage id -> text hash of what went."""
    dead: dict[int, bytes] = {}
    for row_id in row_ids:
        dead.update(rows(connection, "SELECT passage_id, text_hash FROM passages WHERE row_id = ?", (row_id,)))
        connection.execute(
            "DELETE FROM keywords WHERE rowid IN (SELECT passage_id FROM passages WHERE row_id = ?)", (row_id,)
        )
        connection.execute("DELETE FROM passages WHERE row_id = ?", (row_id,))
    return dead


def _keep_out(connection: apsw.Connection, row_id: int) -> None:
    connection.execute(
        """INSERT OR REPLACE INTO kept_out SELECT source_id, path, coalesce(given_id, ''), content_hash
           FROM articles WHERE row_id = ?""",
        (row_id,),
    )


def _write_article(connection: apsw.Connection, addition: Addition) -> int:
    article, candidate = addition.article, addition.candidate
    place = (addition.source.source_id, candidate.path, candidate.given_id)
    connection.execute(
        "DELETE FROM kept_out WHERE (source_id, path, given_id) = (?, ?, ?)", (*place[:2], candidate.given_id or "")
    )
    pages = json_list(article.pages) if article.pages else None
    content = (candidate.content_hash, article.title, article.date, article.source, article.url, article.text, pages)
    if addition.row_id is not None:
        connection.execute(
            "UPDATE articles SET (content_hash, title, date, source, url, text, pages) = (?, ?, ?, ?, ?, ?, ?) WHERE row_id = ?",
            (*content, addition.row_id),
        )
        return addition.row_id
    # A file's id is given by assign_ids, once all rows stand; until then it holds a place no id can take.
    article_id = candidate.given_id or f"\0{addition.source.source_id}/{candidate.path}"
    connection.execute(
        "INSERT INTO articles VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (article_id, *place, *content)
    )
    return connection.last_insert_rowid()


def _write_passage(connection: apsw.Connection, row_id: int, addition: Addition, cut: Cut) -> int:
    span, article = cut.span, addition.article
    connection.execute("INSERT INTO passages VALUES (NULL, ?, ?, ?, ?)", (row_id, span.start, span.end, cut.text_hash))
    passage_id = connection.last_insert_rowid()
    write_keywords(connection, passage_id, article.title, article.text[span.start : span.end])
    return passage_id


def _drop_unused_vectors(connection: apsw.Connection, dead: dict[int, bytes]) -> None:
    connection.executemany(
        "DELETE FROM vectors WHERE text_hash = ?1 AND NOT EXISTS (SELECT 1 FROM passages WHERE text_hash = ?1)",
        [(text_hash,) for text_hash in set(dead.values())],
    )


def _list_segments(connection: apsw.Connection, folder: Path, new: list[int], dead: list[int], small: int) -> None:
    """Append a file with the new vectors and mark the dead ones, or merge all into one where that pays."""
    if not new and not dead:
        return
    connection.executemany("INSERT INTO tombstones VALUES (?)", [(passage_id,) for passage_id in dead])
    live = _count(connection, "SELECT count(*) FROM passages")
    tombstones = _count(connection, "SELECT count(*) FROM tombstones")
    segments = _count(connection, "SELECT count(*) FROM segments")
    if live <= small or segments >= MOST_SEGMENTS or tombstones > MOST_DEAD * live:
        write_one_segment(connection, folder)
    else:
        query = "SELECT passage_id, vector FROM passages JOIN vectors USING (text_hash) WHERE passage_id >= ? ORDER BY passage_id"
        _write_segment(connection, folder, rows(connection, query, (min(new),)) if new else [])


def _write_segment(connection: apsw.Connection, folder: Path, stored: Sequence[tuple[int, bytes]]) -> None:
    if stored:
        vectors = np.frombuffer(b"".join(vector for _, vector in stored), dtype=np.float16).reshape(len(stored), -1)
        segment = write_segment(folder, [passage_id for passage_id, _ in stored], vectors.astype(np.float32))
        connection.execute(
            "INSERT OR REPLACE INTO segments VALUES (?, ?, ?)", (segment.file, segment.sha256, segment.vectors)
        )


def _count(connection: apsw.Connection, query: str) -> int:
    return int(rows(connection, query)[0][0])
