"""One transaction makes a new generation: rows, keyword index, vectors and the list of FAISS files together."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from qa.articles.cleaning import visible_text
from qa.errors import ModelError
from qa.library.addresses import record_visit
from qa.library.copies import regroup
from qa.library.cuts import Cut
from qa.library.database import json_list, next_generation, rows
from qa.library.embedded import vector_tables
from qa.library.files import note_files
from qa.library.history import record, take_along, version_ids
from qa.library.plan import Addition, Plan
from qa.library.segments import remove_unlisted, write_segment
from qa.library.sources import assign_ids, forget, forget_gone
from qa.library.store import listed_segments
from qa.library.word_counts import count_words, forget_words
from qa.progress import counted, tell_nobody
from qa.types import Article, Embedder, Progress

BATCH = 256  # passages embedded between two commits: what an interruption costs at most
WINDOW = 8_192  # passages whose texts are in memory and sorted by length together
LARGEST = 100_000  # vectors in a FAISS file, which is in memory while it is written
SMALL = 20_000  # live passages up to which every sync writes one fresh file: a deleted vector is gone at once
# A FAISS file is left alone while it holds so many times what all newer ones hold: few files, and rarely written.
GROWTH = 4
MOST_DEAD = 0.2  # share of dead vectors from which a merge pays
_PAST_ALL_IDS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class _Past:
    """What an article was before its file was renamed: the number of the plan's addition that it is now, and its versions."""

    addition: int
    versions: list[int]


def embed(
    connection: apsw.Connection,
    cuts: Callable[[], Iterable[Sequence[Cut]]],
    embedder: Embedder,
    progress: Callable[[int, int], None],
    size: int = WINDOW,
) -> None:
    """``store_vectors`` for the passages of any number of articles, which ``cuts`` gives twice: to be counted, then embedded."""
    found = connection.cursor()
    waiting = array("Q")  # the beginnings of hashes, to count the texts by: whole ones of a million take memory
    for article in cuts():
        for cut in article:
            if not found.execute("SELECT 1 FROM vectors WHERE text_hash = ?", (cut.text_hash,)).fetchone():
                waiting.append(int.from_bytes(cut.text_hash[:8], "little"))
    done, total = 0, len(np.unique(waiting))
    window: list[Cut] = []

    def store() -> None:
        nonlocal done
        before = done
        done += store_vectors(connection, window, lambda: embedder, lambda here, _: progress(before + here, total))
        window.clear()

    for article in cuts():
        window += article
        if len(window) >= size:
            store()
    store()


def store_vectors(
    connection: apsw.Connection,
    cuts: Iterable[Cut],
    embedder: Callable[[], Embedder],
    progress: Callable[[int, int], None],
    table: str = "vectors",
) -> int:
    """Embed what has no vector in a table yet; returns how many texts that were.

    Commits batch by batch, so that an interrupted run goes on where it was. A vector that no passage refers to is seen by
    no search. Raises ModelError where what the embedder gives are no unit vectors of its dimension.
    """
    missing = {cut.text_hash: cut.searchable for cut in cuts}
    for key in list(missing):
        if connection.execute(f"SELECT 1 FROM {table} WHERE text_hash = ?", (key,)).fetchone():  # noqa: S608
            del missing[key]
    # By length: a batch is padded to its longest text.
    waiting = sorted(missing.items(), key=lambda item: len(item[1]))
    for first in range(0, len(waiting), BATCH):
        progress(first, len(waiting))
        batch = waiting[first : first + BATCH]
        vectors = _unit_vectors(embedder(), [text for _, text in batch]).astype(np.float16)
        rows = [(key, vector.tobytes()) for (key, _), vector in zip(batch, vectors, strict=True)]
        with connection:
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)  # noqa: S608
    progress(len(waiting), len(waiting))
    return len(waiting)


def _unit_vectors(embedder: Embedder, texts: Sequence[str]) -> Any:
    """Vectors of texts, float32 of shape (n, dimension); one that is none would be found for no question, or for any."""
    vectors = np.asarray(embedder.encode(texts), dtype=np.float32)
    if vectors.shape != (len(texts), embedder.dimension) or not np.allclose(
        np.linalg.norm(vectors, axis=1), 1, atol=0.01
    ):
        raise ModelError(
            f"the embedder {embedder.fingerprint} does not give vectors of length one and dimension "
            f"{embedder.dimension}; give another with --embedder, or --model of qa reembed"
        )
    return vectors


def publish(
    connection: apsw.Connection,
    folder: Path,
    plan: Plan,
    cuts: Iterable[Sequence[Cut]] = (),
    keep_out: bool = False,
    small: int = SMALL,
    register: Callable[[], object] = lambda: None,
    tell: Progress = tell_nobody,
) -> None:
    """Write a plan; ``cuts`` has the passages of each of ``plan.additions``. A kill at any point leaves old or new.

    ``register`` makes the plan's sources known, first.
    ``keep_out``: what the plan removes stays out until its file changes. ``small``: live passages up to which all
    vectors go into one fresh file.
    """
    replaced = [addition.row_id for addition in plan.additions if addition.row_id is not None]
    with connection:
        register()
        dead = _remove_passages(connection, [*plan.removed, *replaced])
        changed = write_rows(connection, plan, keep_out)
        note_files(connection, plan.files)
        new = array("q")
        written = zip(changed, plan.additions, cuts, strict=True)
        for row_id, addition, article_cuts in counted(written, len(changed), "writing", tell):
            new.extend(_write_passages(connection, row_id, addition.article, article_cuts))
        count_words(connection, changed)
        forget_words(connection, plan.removed)
        regroup(connection, changed, plan.removed, tell)
        _drop_unused_vectors(connection, dead)
        _list_segments(connection, folder, new, list(dead), small)
        if plan.additions or plan.removed:
            next_generation(connection)
    remove_unlisted(folder, [segment.file for segment in listed_segments(connection)])


def write_rows(connection: apsw.Connection, plan: Plan, keep_out: bool = False) -> list[int]:
    """Write a plan's articles without their passages, and give ids; returns the rows of ``plan.additions``."""
    paths = [addition.candidate.path for addition in plan.additions if addition.candidate.given_id is None]
    pasts = _pasts_of_renamed(connection, plan)
    record(connection, plan.removed - pasts.keys(), "removed")
    for row_id in plan.removed:
        if keep_out:
            _keep_out(connection, row_id)
        paths += [path for (path,) in rows(connection, "SELECT path FROM articles WHERE row_id = ?", (row_id,))]
        connection.execute("DELETE FROM articles WHERE row_id = ?", (row_id,))
    written = [_write_article(connection, addition) for addition in plan.additions]
    assign_ids(connection, paths)
    updated = {addition.row_id for addition in plan.additions} - {None}
    renamed = {written[past.addition]: past.versions for past in pasts.values()}
    for row_id, past in renamed.items():
        take_along(connection, row_id, past)
    record(connection, [row_id for row_id in written if row_id not in updated | renamed.keys()], "added")
    record(connection, [row_id for row_id in written if row_id in updated], "updated")
    record(connection, renamed, "renamed")
    for source_id in plan.forgotten:
        forget(connection, source_id)
    for source_id, visit in plan.visits.items():
        record_visit(connection, source_id, visit, whole=source_id not in plan.incomplete)
    forget_gone(connection)
    return written


def _pasts_of_renamed(connection: apsw.Connection, plan: Plan) -> dict[int, _Past]:
    """Of the articles that go, by their rows, those whose content comes in another file: each for one that comes."""
    coming = defaultdict[str, list[int]](list)
    for number, addition in enumerate(plan.additions if plan.removed else ()):
        if addition.row_id is None and addition.candidate.given_id is None:
            coming[addition.candidate.content_hash].append(number)
    pasts = dict[int, _Past]()
    for row_id in sorted(plan.removed) if coming else ():
        query = "SELECT article_id, content_hash FROM articles WHERE row_id = ? AND given_id IS NULL"
        for article_id, content_hash in rows(connection, query, (row_id,)):
            if numbers := coming.get(content_hash):
                pasts[row_id] = _Past(numbers.pop(0), version_ids(connection, article_id))
    return pasts


def write_one_segment(connection: apsw.Connection, folder: Path, largest: int = LARGEST) -> None:
    """Put every live vector into one fresh FAISS file and list only that; part of the caller's transaction.

    Where there are more than ``largest`` it is several.
    """
    connection.execute("DELETE FROM segments; DELETE FROM tombstones")
    _write_segments(connection, folder, 0, largest)


def write_keywords(connection: apsw.Connection, passage_id: int, title: str, text: str) -> None:
    """Put a passage into the keyword index, by the words that are read."""
    shown = (visible_text(title), visible_text(text))
    connection.execute("INSERT INTO keywords (rowid, title, text) VALUES (?, ?, ?)", (passage_id, *shown))


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
    about = (article.title, article.date, article.source, article.url, article.text, pages, article.language)
    content = (candidate.content_hash, *about)
    if addition.row_id is not None:
        connection.execute(
            """UPDATE articles SET (content_hash, title, date, source, url, text, pages, language) = (?, ?, ?, ?, ?, ?, ?, ?)
               WHERE row_id = ?""",
            (*content, addition.row_id),
        )
        return addition.row_id
    # A file's id is given by assign_ids, once all rows stand; until then it holds a place no id can take.
    article_id = candidate.given_id or f"\0{addition.source.source_id}/{candidate.path}"
    connection.execute(
        "INSERT INTO articles VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (article_id, *place, *content)
    )
    return connection.last_insert_rowid()


def _write_passages(connection: apsw.Connection, row_id: int, article: Article, cuts: Sequence[Cut]) -> Iterator[int]:
    """Write an article's passages; yields their ids."""
    for cut in cuts:
        place = (row_id, cut.span.start, cut.span.end, cut.text_hash)
        connection.execute("INSERT INTO passages VALUES (NULL, ?, ?, ?, ?)", place)
        passage_id = connection.last_insert_rowid()
        write_keywords(connection, passage_id, article.title, article.text[cut.span.start : cut.span.end])
        yield passage_id


def _drop_unused_vectors(connection: apsw.Connection, dead: dict[int, bytes]) -> None:
    for table in vector_tables(connection):
        connection.executemany(
            f"DELETE FROM {table} WHERE text_hash = ?1 AND NOT EXISTS (SELECT 1 FROM passages WHERE text_hash = ?1)",  # noqa: S608
            [(text_hash,) for text_hash in set(dead.values())],
        )


def _list_segments(connection: apsw.Connection, folder: Path, new: Sequence[int], dead: list[int], small: int) -> None:
    """Mark the dead vectors, and write a file with the new ones and those of newer files that are not much larger.

    Where few vectors are alive, or many dead, all are written into one.
    """
    if not new and not dead:
        return
    connection.executemany("INSERT INTO tombstones VALUES (?)", [(passage_id,) for passage_id in dead])
    tombstones = _count(connection, "SELECT count(*) FROM tombstones")
    live = _count(connection, "SELECT coalesce(sum(vectors), 0) FROM segments") + len(new) - tombstones
    if live <= small or tombstones > MOST_DEAD * live:
        write_one_segment(connection, folder)
    elif new:
        merged, first = _worth_merging(connection, new)
        connection.executemany("DELETE FROM segments WHERE file = ?", [(file,) for file in merged])
        connection.execute("DELETE FROM tombstones WHERE passage_id >= ?", (first,))
        _write_segments(connection, folder, first)


def _worth_merging(connection: apsw.Connection, new: Sequence[int]) -> tuple[list[str], int]:
    """The newest files that go into one with the new vectors, and the smallest passage id of these and the new ones.

    Ids only grow, so a file holds all ids from its smallest on up to the next file's; the newest is listed last.
    """
    merged, old = list[str](), 0
    for file, vectors in rows(connection, "SELECT file, vectors FROM segments ORDER BY rowid DESC"):
        if vectors >= min(LARGEST, GROWTH * (old + len(new))):
            break
        merged.append(file)
        old += vectors
    # Of the ids before the new ones, as many as the files hold: each of them is alive or dead.
    query = """SELECT min(id) FROM (SELECT passage_id AS id FROM passages WHERE passage_id < ?1
               UNION ALL SELECT passage_id FROM tombstones ORDER BY id DESC LIMIT ?2)"""
    return merged, rows(connection, query, (min(new), old))[0][0] if old else min(new)


def _write_segments(connection: apsw.Connection, folder: Path, first: int, largest: int = LARGEST) -> None:
    """Write the vectors of the passages from an id on, in the order of their ids, at most ``largest`` into a file."""
    starts = """SELECT passage_id FROM (SELECT passage_id, row_number() OVER (ORDER BY passage_id) AS place FROM passages
                WHERE passage_id >= ?1) WHERE (place - 1) % ?2 = 0"""
    begins = [passage_id for (passage_id,) in rows(connection, starts, (first, largest))]
    query = """SELECT passage_id, vector FROM passages JOIN vectors USING (text_hash)
               WHERE passage_id >= ? AND passage_id < ? ORDER BY passage_id"""
    for bounds in pairwise([*begins, _PAST_ALL_IDS]):
        segment = write_segment(folder, connection.execute(query, bounds))
        connection.execute(
            "INSERT OR REPLACE INTO segments VALUES (?, ?, ?)", (segment.file, segment.sha256, segment.vectors)
        )


def _count(connection: apsw.Connection, query: str) -> int:
    return int(rows(connection, query)[0][0])
