"""Reading a library: a snapshot pins one generation, so rows, keyword index and vectors always belong together."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import apsw

from qa.errors import InputError, LibraryError
from qa.fetching.address import is_address
from qa.library.catalogue import Catalogue
from qa.library.database import get_meta, json_list, mapped_errors, newer_columns, open_to_read, rows
from qa.library.drift import cosines_anew
from qa.library.embedded import under_way
from qa.library.history import versions
from qa.library.keywords import Terms, fts_string, keyword_search, rarity
from qa.library.listing import Selection, list_articles, older_than
from qa.library.segments import Segment, VectorIndex
from qa.library.statistics import statistics
from qa.retrieval.passages import passage_hash
from qa.types import Article, Embedder, Hit, ListedArticle, Listing, Nearest, Scope, Span, Statistics, Version

UPLOADS = "articles"
EVERYWHERE = Scope()
_IN_SCOPE = (
    "(?1 IS NULL OR a.date >= ?1) AND (?2 IS NULL OR a.date <= ?2)"
    " AND (?3 IS NULL OR a.article_id IN (SELECT value FROM json_each(?3)))"
)


@dataclass(frozen=True, slots=True)
class CopyPlace:
    """A passage's article, its date, and the number of its group of near copies, None where it has no copy."""

    article: int  # row id
    date: str | None
    group: int | None


class Snapshot:
    """One consistent state of a library; use it within ``Library.snapshot`` only."""

    def __init__(
        self, connection: apsw.Connection, index: VectorIndex, catalogue: Callable[[], Catalogue], uploads: Path
    ) -> None:
        """Hold an open read transaction, and the vectors and the catalogue that belong to it."""
        self._connection = connection
        self._index = index
        self._catalogue = catalogue
        self._uploads = uploads
        self._terms = Terms(connection)
        self.embedder = get_meta(connection, "embedder")
        self._newer = ", ".join(newer_columns(connection))

    def listed(self) -> tuple[ListedArticle, ...]:
        """All articles, newest first, undated last."""
        return self.listing(Selection()).articles

    def listing(self, selection: Selection) -> Listing:
        """The articles that are selected, and how many there are."""
        return list_articles(self._connection, str(self._uploads), selection)

    def older_than(self, day: str) -> tuple[tuple[str, ...], int]:
        """Ids of the articles dated before an ISO date, oldest first, and how many articles have no date."""
        return older_than(self._connection, day)

    def article(self, article_id: str) -> tuple[Article, tuple[Span, ...]]:
        """An article and the spans of its passages. Raises InputError for an unknown id."""
        found = rows(
            self._connection,
            f"SELECT row_id, article_id, title, date, source, url, text, {self._newer} FROM articles WHERE article_id = ?",  # noqa: S608
            (article_id,),
        )
        if not found:
            raise InputError(f"there is no article {article_id!r} in the library; see: qa list")
        spans = rows(
            self._connection,
            'SELECT start, "end", text_hash FROM passages WHERE row_id = ? ORDER BY start',
            found[0][:1],
        )
        *said, pages, language = found[0][1:]
        article = replace(Article(*said), pages=_page_starts(pages), language=language)
        for start, end, text_hash in spans:
            _check(article_id, article.title, article.date, article.text[start:end], text_hash)
        return article, tuple(Span(start, end) for start, end, _ in spans)

    def statistics(self, folder: Path) -> Statistics:
        """What there is, in numbers; ``folder`` is the library's."""
        return statistics(self._connection, folder, self._uploads)

    def roots(self) -> list[Path]:
        """The folders and files that the library mirrors."""
        found = rows(self._connection, "SELECT root FROM sources ORDER BY root")
        return [Path(root) for (root,) in found if not is_address(root)]

    def reembedding(self) -> tuple[str, int, int] | None:
        """Whose vectors are being made for how many passages, and of how many they are made; None where nobody's are."""
        return under_way(self._connection)

    def cosines_anew(self, embedder: Embedder) -> Any:
        """Of some passages, the cosine of the stored vector with the one that the embedder gives now, of shape (n,)."""
        return cosines_anew(self._connection, embedder)

    def history(self, article_id: str) -> tuple[Version, ...]:
        """What happened to an article, the earliest first. Raises InputError for an id that no article ever had."""
        return versions(self._connection, article_id)

    def has_articles(self, scope: Scope = EVERYWHERE) -> bool:
        """Whether any article is in the scope."""
        return bool(rows(self._connection, f"SELECT 1 FROM articles a WHERE {_IN_SCOPE} LIMIT 1", _bound(scope)))  # noqa: S608

    def articles_with(self, phrases: Sequence[str], scope: Scope = EVERYWHERE) -> frozenset[str]:
        """Ids of the articles in which every phrase stands word for word, letter case and punctuation aside."""
        holding: list[set[str]] = []
        for phrase in phrases:
            # The keyword index finds the same stems in the same order; whether they are the same words, the text tells.
            found = rows(
                self._connection,
                f"""SELECT a.article_id, a.title || char(10) || a.text FROM articles a WHERE {_IN_SCOPE} AND a.row_id IN
                    (SELECT p.row_id FROM keywords k JOIN passages p ON p.passage_id = k.rowid WHERE keywords MATCH ?4)""",  # noqa: S608
                (*_bound(scope), fts_string(phrase)),
            )
            exact = re.compile(r"\b" + r"\W+".join(re.findall(r"\w+", phrase)) + r"\b", re.IGNORECASE)
            holding.append({article_id for article_id, text in found if exact.search(text)})
        return frozenset(set.intersection(*holding)) if holding else frozenset()

    def search(
        self, terms: Sequence[str], vector: Any, count: int, scope: Scope = EVERYWHERE
    ) -> tuple[list[int], list[tuple[int, float]]]:
        """Both searches side by side, as ``keyword_search`` and ``vector_search`` give them."""
        allowed = self._allowed(scope)
        with ThreadPoolExecutor(1) as other:  # FAISS needs no connection, which no two threads may use at once
            by_vector = other.submit(self._index.search, vector, count, allowed)
            return self._by_keyword(terms, count, allowed), by_vector.result()

    def keyword_search(self, terms: Sequence[str], count: int, scope: Scope = EVERYWHERE) -> list[int]:
        """Passage ids by BM25 over headline and text, best first; every term counts, none is required."""
        return self._by_keyword(terms, count, self._allowed(scope))

    def vector_search(self, vector: Any, count: int, scope: Scope = EVERYWHERE) -> list[tuple[int, float]]:
        """Passage ids with their cosine to ``vector``, float32 of shape (dimension,), best first."""
        return self._index.search(vector, count, self._allowed(scope))

    def rarity(self, terms: Sequence[str]) -> dict[str, float]:
        """What each word weighs by how few passages have it, by its stem: its inverse document frequency, as BM25 has it."""
        return rarity(self._connection, terms, self._terms)

    def passage_count(self, scope: Scope = EVERYWHERE) -> int:
        """How many passages a search may find."""
        allowed = self._allowed(scope)
        return len(self._index) if allowed is None else int(allowed.sum())

    def cosines(self, passage_ids: Sequence[int], vector: Any) -> dict[int, float]:
        """The cosine of each passage's vector to ``vector``, float32 of shape (dimension,)."""
        return self._index.cosines(passage_ids, vector)

    def copy_places(self, passage_ids: Sequence[int]) -> dict[int, CopyPlace]:
        """Which article each passage is of, and which group of near copies that belongs to."""
        found = rows(
            self._connection,
            """SELECT p.passage_id, a.row_id, a.date, n.copy_group
               FROM passages p JOIN articles a USING (row_id) LEFT JOIN near_copies n USING (row_id)
               WHERE p.passage_id IN (SELECT value FROM json_each(?))""",
            (json_list(passage_ids),),
        )
        return {passage_id: CopyPlace(*place) for passage_id, *place in found}

    def hits(self, scores: Sequence[tuple[int, float]]) -> list[Hit]:
        """The passages of ids with their scores, in the order given."""
        hits = []
        for passage_id, score in scores:
            found = rows(
                self._connection,
                f"""SELECT a.article_id, a.title, a.date, a.source, a.url, p.start, p."end",
                           substr(a.text, p.start + 1, p."end" - p.start), p.text_hash, {self._newer},
                           n.copy_group IS NOT NULL
                   FROM passages p JOIN articles a USING (row_id) LEFT JOIN near_copies n USING (row_id) WHERE p.passage_id = ?""",  # noqa: S608
                (passage_id,),
            )
            for article_id, title, date, source, url, start, end, text, text_hash, pages, language, copied in found:
                _check(article_id, title, date, text, text_hash)
                hit = Hit(article_id, title, date, source, url, text, start, end, score, passage_id)
                hits.append(replace(hit, pages=_page_starts(pages), language=language, copied=bool(copied)))
        return hits

    def newest(self, count: int) -> tuple[Nearest, ...]:
        """The newest articles, to name where a search found nothing."""
        query = "SELECT article_id, title, date FROM articles ORDER BY date DESC NULLS LAST, article_id LIMIT ?"
        return tuple(Nearest(*row) for row in rows(self._connection, query, (count,)))

    def _by_keyword(self, terms: Sequence[str], count: int, allowed: Any) -> list[int]:
        held = None if allowed is None else allowed.tobytes()
        return keyword_search(self._connection, terms, count, held, known=self._terms)

    def _allowed(self, scope: Scope) -> Any:
        """Which passages may be found, bool by their ids; None for all there are in the index."""
        if scope == EVERYWHERE and not rows(self._connection, "SELECT 1 FROM tombstones LIMIT 1"):
            return None
        chosen = None
        if scope.articles is not None:
            query = "SELECT row_id FROM articles WHERE article_id IN (SELECT value FROM json_each(?))"
            chosen = [row_id for (row_id,) in rows(self._connection, query, (json_list(scope.articles),))]
        return self._catalogue().allowed(scope.since, scope.until, chosen)


def _check(article_id: str, title: str, date: str | None, text: str, text_hash: bytes) -> None:
    """Hold a passage against the hash of what was embedded for it: no other text is shown."""
    if passage_hash(title, date, text) != text_hash:
        raise apsw.CorruptError(f"a passage of {article_id} is not the text that was indexed")


def _page_starts(stored: str | None) -> tuple[int, ...]:
    return tuple(json.loads(stored)) if stored else ()


def _bound(scope: Scope) -> tuple[str | None, str | None, str | None]:
    """The parameters of _IN_SCOPE."""
    chosen = None if scope.articles is None else json_list(scope.articles)
    return scope.since, scope.until, chosen


class Library:
    """A library's folder, with the vectors and the catalogue of the generation last read kept in memory."""

    def __init__(self, folder: Path) -> None:
        """Name a folder; nothing is opened yet."""
        self.folder = folder
        self.uploads = (folder / UPLOADS).resolve()
        self._lock = threading.Lock()
        self._loaded: tuple[tuple[Segment, ...], VectorIndex] | None = None
        self._catalogue: tuple[str | None, Catalogue] | None = None

    @contextmanager
    def snapshot(self, vectors: bool = True) -> Iterator[Snapshot]:
        """Pin the current generation; ``vectors`` False leaves the FAISS files alone, for what only reads rows.

        Raises LibraryError when there is no library, or a file of its generation is missing or damaged.
        """
        with mapped_errors(self.folder):
            connection = open_to_read(self.folder)
            try:
                index = self._begin(connection, vectors)
                yield Snapshot(connection, index, lambda: self._catalogue_of(connection), self.uploads)
            finally:
                connection.close()

    def _begin(self, connection: apsw.Connection, vectors: bool) -> VectorIndex:
        """Start the read transaction and load its vectors; a merge may delete a file between the two, so try again."""
        for last_try in (False, False, True):
            connection.execute("BEGIN")
            segments = listed_segments(connection) if vectors else ()
            try:
                return self._index(segments)
            except LibraryError:
                connection.execute("ROLLBACK")
                if last_try or segments == listed_segments(connection):
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    def _index(self, segments: tuple[Segment, ...]) -> VectorIndex:
        if not segments:
            return VectorIndex(self.folder, ())
        with self._lock:
            if self._loaded is None or self._loaded[0] != segments:
                before = self._loaded[1] if self._loaded else None  # most files stay when few articles change
                self._loaded = (segments, VectorIndex(self.folder, segments, before))
            return self._loaded[1]

    def _catalogue_of(self, connection: apsw.Connection) -> Catalogue:
        """The catalogue of the connection's generation."""
        generation = get_meta(connection, "generation")
        with self._lock:
            if self._catalogue is None or self._catalogue[0] != generation:
                self._catalogue = (generation, Catalogue(connection))
            return self._catalogue[1]


def listed_segments(connection: apsw.Connection) -> tuple[Segment, ...]:
    """The FAISS files of the current generation."""
    return tuple(
        Segment(*row) for row in connection.execute("SELECT file, sha256, vectors FROM segments ORDER BY file")
    )
