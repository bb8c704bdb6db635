"""What is derived from the articles' rows is made anew: vectors first, beside the library, then all else in one transaction."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from qa.errors import DamagedError, LibraryError
from qa.library.copies import regroup
from qa.library.cuts import Cut, KeptCuts, cut_article
from qa.library.database import MENDING, get_meta, mapped_errors, next_generation, open_to_write, rows
from qa.library.embedded import drop_new, embedder_mismatch, set_embedder
from qa.library.files import read_again
from qa.library.lock import writing
from qa.library.publish import WINDOW, embed, write_keywords, write_one_segment
from qa.library.rescue import begun_rescue, finish_rescue, rescue
from qa.library.segments import read_segment, remove_unlisted
from qa.library.spool import Spool
from qa.library.store import listed_segments
from qa.library.verify import different_vectors, is_as_indexed, trust_pages, verify
from qa.library.word_counts import count_words
from qa.progress import counted, tell_nobody
from qa.settings import Settings
from qa.types import Embedder, Progress, Repair


def repair(
    folder: Path,
    embedder: Callable[[], Embedder],
    settings: Settings,
    reembed: bool = False,
    progress: Progress | None = None,
    window: int = WINDOW,
) -> Repair:
    """Rebuild passages, vectors, keyword index and FAISS file from the stored articles.

    Up to the transaction that publishes it the library stays as it is; what a run that was cut short has embedded is not
    embedded again. Where SQLite cannot read the stored articles, they are indexed again from their files, and the damaged
    file is kept. ``reembed`` replaces every vector by the present embedder's. ``window`` texts are in memory together. Raises
    LibraryError where the library is another embedder's and ``reembed`` is not given.
    """
    tell = progress or tell_nobody
    try:
        found = verify(folder, progress=tell)
    except DamagedError:
        return rescue(folder, lambda: verify(folder), embedder, settings, tell)
    if found.ok and (begun := begun_rescue(folder)) is not None:
        return finish_rescue(folder, begun, embedder, settings, tell)
    with writing(folder), mapped_errors(folder):
        connection = open_to_write(folder)
        try:
            made, recorded = embedder(), get_meta(connection, "embedder")
            if recorded not in (None, made.fingerprint) and not reembed:
                raise LibraryError(embedder_mismatch(folder, str(recorded), made))
            if found.ok and not reembed:
                return Repair(True)
            trust_pages(connection)
            _mend(connection, folder, made, settings, reembed, tell, window)
            remove_unlisted(folder, [segment.file for segment in listed_segments(connection)])
            shutil.rmtree(folder / MENDING, ignore_errors=True)
            if not found.ok:
                connection.execute("VACUUM")  # every page is written anew, with its checksum
        finally:
            connection.close()
    repaired = [f"{problem.kind}: {problem.detail}" for problem in found.problems]
    if reembed:
        repaired.append("vectors: embedded anew")
    return Repair(verify(folder, progress=tell).ok, tuple(repaired))


def _mend(
    connection: apsw.Connection,
    folder: Path,
    embedder: Embedder,
    settings: Settings,
    reembed: bool,
    tell: Progress,
    window: int,
) -> None:
    """Embed what has no vector that is right, then publish all that is derived from the articles' rows."""
    doubtful = set() if reembed else _doubtful_vectors(connection, folder, embedder.dimension)

    def is_lacking(text_hash: bytes) -> bool:
        """Whether a text is to be embedded, unless that was done by a run that was cut short."""
        if reembed or text_hash in doubtful:
            return True
        return not rows(connection, "SELECT 1 FROM vectors WHERE text_hash = ?", (text_hash,))

    with Spool(folder) as spool, _vectors_beside(folder, embedder) as beside:
        cuts, strange = KeptCuts(spool), list[int]()
        articles = connection.execute("SELECT row_id, title, date, text FROM articles ORDER BY row_id")
        for row_id, title, date, text in counted(articles, _count_articles(connection), "cutting", tell):
            if not is_as_indexed(connection, row_id, title, date, text):
                strange.append(row_id)
            cuts.put(cut_article(title, date, text, settings))

        def lacking() -> Iterator[list[Cut]]:
            return ([cut for cut in of_it if is_lacking(cut.text_hash)] for of_it in cuts)

        embed(beside, lacking, embedder, lambda done, total: tell("embedding", done, total), window)
        with connection:
            if reembed:
                connection.execute("DELETE FROM vectors")
            made = beside.execute("SELECT text_hash, vector FROM vectors")
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", made)
            drop_new(connection)  # no FAISS file vouches for vectors that are not complete
            _read_from_files(connection, strange)
            _rebuild(connection, folder, cuts, tell)
            set_embedder(connection, embedder)


@contextmanager
def _vectors_beside(folder: Path, embedder: Embedder) -> Iterator[apsw.Connection]:
    """A database of its own for the vectors of a repair, with those that one which was cut short has made.

    What is to be mended may be the structure of the library's own: whatever is written into that before it is mended may take
    the place of an article.
    """
    place = folder / MENDING
    if not _is_sound(place, embedder):
        shutil.rmtree(place, ignore_errors=True)
    with closing(open_to_write(place)) as connection:
        with connection:
            set_embedder(connection, embedder)
        yield connection


def _is_sound(place: Path, embedder: Embedder) -> bool:
    """Whether vectors beside are as they were written, and this embedder's; also where there are none yet."""
    try:
        with mapped_errors(place), closing(open_to_write(place)) as connection:
            whole = rows(connection, "PRAGMA quick_check(1)") == [("ok",)]
            return whole and get_meta(connection, "embedder") in (None, embedder.fingerprint)
    except DamagedError:
        return False


def _doubtful_vectors(connection: apsw.Connection, folder: Path, dimension: int) -> set[bytes]:
    """Text hashes of the stored vectors that differ from those of a FAISS file whose hash is right, or in length."""
    long = "SELECT text_hash FROM vectors WHERE length(vector) != ?"
    doubtful = {text_hash for (text_hash,) in connection.execute(long, (2 * dimension,))}  # bytes, of float16
    for segment in listed_segments(connection):
        try:
            index = read_segment(folder, segment)
        except LibraryError:
            continue
        doubtful.update(text_hash for _, text_hash in different_vectors(connection, index))
    return doubtful


def _read_from_files(connection: apsw.Connection, row_ids: list[int]) -> None:
    """Let the next sync read the files of articles whose text is not what was indexed; part of the caller's transaction."""
    changed = [(row_id,) for row_id in row_ids]
    connection.executemany("UPDATE articles SET content_hash = '' WHERE row_id = ?", changed)
    read_again(connection, row_ids)
    connection.executemany(
        "DELETE FROM visits WHERE source_id = (SELECT source_id FROM articles WHERE row_id = ?)", changed
    )


def _rebuild(connection: apsw.Connection, folder: Path, cuts: KeptCuts, tell: Progress) -> None:
    """All that is derived from the articles' rows and the vectors, anew; part of the caller's transaction."""
    connection.execute("DELETE FROM passages; INSERT INTO keywords (keywords) VALUES ('delete-all')")
    articles = connection.execute("SELECT row_id, title, text FROM articles ORDER BY row_id")
    each = zip(articles, cuts, strict=True)
    for (row_id, title, text), of_it in counted(each, _count_articles(connection), "rebuilding", tell):
        for cut in of_it:
            start, end = cut.span.start, cut.span.end
            connection.execute("INSERT INTO passages VALUES (NULL, ?, ?, ?, ?)", (row_id, start, end, cut.text_hash))
            write_keywords(connection, connection.last_insert_rowid(), title, text[start:end])
    connection.execute("DELETE FROM vectors WHERE text_hash NOT IN (SELECT text_hash FROM passages)")
    count_words(connection)
    connection.execute("DELETE FROM copy_bands; DELETE FROM near_copies")
    row_ids = [row_id for (row_id,) in rows(connection, "SELECT row_id FROM articles ORDER BY row_id")]
    regroup(connection, row_ids, tell=tell)
    write_one_segment(connection, folder)
    next_generation(connection)


def _count_articles(connection: apsw.Connection) -> int:
    return int(rows(connection, "SELECT count(*) FROM articles")[0][0])
