"""Keyword and vector search, put in one order: the passages that may answer a question, best first."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qa.library.store import CopyPlace, Snapshot
from qa.retrieval.parts import question_parts
from qa.retrieval.query import Query, search_terms
from qa.retrieval.ranking import RANK_CONSTANT, Candidate, scores
from qa.types import Embedder, Hit, Scope, Searched

_MOST = 10_000  # passages of one search, where copies crowd out the others
_ORDERED = 12  # passages among which "latest" may put the newer first
APART = 0.3  # logits that each further passage of an article counts less; see models/reranker/README.md


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of passages as the searches rank them, and the question's vector, float32 of shape (dimension,)."""

    by_keyword: tuple[list[int], ...]
    by_vector: tuple[list[int], ...]
    vector: Any

    @property
    def passage_ids(self) -> list[int]:
        """Every passage once."""
        return sorted({passage_id for ranking in (*self.by_keyword, *self.by_vector) for passage_id in ranking})

    def all_in(self, count: int) -> bool:
        """Whether no search has more to bring than ``count``."""
        return max(map(len, (*self.by_keyword, *self.by_vector))) < count


def search(snapshot: Snapshot, embedder: Embedder, query: Query, candidates: int, count: int) -> list[Hit]:
    """The best ``count`` passages of what both searches find, ``candidates`` each; newest first only where asked.

    A range that is set shuts out other dates; one that a phrase of the question names is preferred. A question that asks
    several things is searched whole and for each of them. Of articles that are near copies of one another one speaks: the
    best, or where the newest is asked for, the newest.
    """
    hits, all_found = _one_of_copies(snapshot, embedder, query, candidates)
    while len(hits) < count and not all_found and candidates < _MOST:  # copies took the places of others
        candidates *= 4
        hits, all_found = _one_of_copies(snapshot, embedder, query, candidates)
    return (_newest_first(hits[: max(count, _ORDERED)]) if query.newest else hits)[:count]


def _one_of_copies(snapshot: Snapshot, embedder: Embedder, query: Query, candidates: int) -> tuple[list[Hit], bool]:
    """The passages in their order without copies, and whether no search has more to bring."""
    asked = [(one, found_by(snapshot, embedder, one, candidates)) for one in whole_and_parts(query)]
    hits = in_order(snapshot, asked)
    places = snapshot.copy_places([hit.passage_id for hit in hits])
    return _without_copies(hits, places, query), all(found.all_in(candidates) for _, found in asked)


def whole_and_parts(query: Query) -> list[Query]:
    """The query, and where its question asks several things, one more for each of them."""
    return [query, *(replace(query, standalone=part, text=part) for part in question_parts(query.text))]


def found_by(snapshot: Snapshot, embedder: Embedder, query: Query, candidates: int) -> Found:
    """The best ``candidates`` passages of the keyword search, and those of the vector search.

    Where a phrase names the range, both search within it, and then both search all dates.
    """
    parts = (query, query.of_all_dates()) if query.phrased else (query,)
    vectors = embedder.encode([part.text for part in parts])
    by_keyword, by_vector = [], []
    for part, vector in zip(parts, vectors, strict=True):
        keyword, near = snapshot.search(search_terms(part.text), vector, candidates, part.scope)
        by_keyword.append(keyword)
        by_vector.append([passage_id for passage_id, _ in near])
    return Found(tuple(by_keyword), tuple(by_vector), vectors[0])


def in_order(snapshot: Snapshot, asked: Sequence[tuple[Query, Found]]) -> list[Hit]:
    """What was found for a question, and for each of its parts, with its scores, best first, ties by id."""
    return _best_first(apart(_best_first(as_likely([_scored(snapshot, query, found) for query, found in asked]))))


def _scored(snapshot: Snapshot, query: Query, found: Found) -> list[Hit]:
    candidates = as_candidates(snapshot, query, found)
    scored = scores(query.text, snapshot.rarity(search_terms(query.text)), candidates)
    return [replace(candidate.hit, score=score) for candidate, score in zip(candidates, scored, strict=True)]


def as_likely(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Each passage once; where there are several rankings, with the logarithm of its mean chance to be chosen in them."""
    if len(rankings) == 1:
        return list(rankings[0])
    hits: dict[int, Hit] = {}
    chances: dict[int, float] = {}
    for ranking in filter(None, rankings):
        best = max(hit.score for hit in ranking)
        total = math.fsum(math.exp(hit.score - best) for hit in ranking)
        for hit in ranking:
            hits[hit.passage_id] = hit
            share = math.exp(hit.score - best) / total / len(rankings)
            chances[hit.passage_id] = chances.get(hit.passage_id, 0.0) + share
    return [replace(hit, score=round(math.log(max(chances[i], 1e-300)), 6)) for i, hit in hits.items()]


def _best_first(hits: Iterable[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage_id))


def apart(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Each further passage of an article counts a little less: a question may need two articles, or two may differ."""
    before = Counter[str]()
    for hit in hits:
        yield replace(hit, score=round(hit.score - APART * before[hit.article_id], 6))
        before[hit.article_id] += 1


def as_candidates(snapshot: Snapshot, query: Query, found: Found) -> list[Candidate]:
    """What is known of each passage that was found; of two searches of one kind its better rank counts."""
    by_keyword, by_vector = _best_ranks(found.by_keyword), _best_ranks(found.by_vector)
    hits = snapshot.hits([(passage_id, 0.0) for passage_id in found.passage_ids])
    cosines = snapshot.cosines(found.passage_ids, found.vector)
    return [
        Candidate(
            hit,
            by_keyword.get(hit.passage_id),
            by_vector.get(hit.passage_id),
            cosines[hit.passage_id],
            query.phrased and query.scope.covers(hit.date),
        )
        for hit in hits
    ]


def _best_ranks(rankings: Sequence[Sequence[int]]) -> dict[int, int]:
    ranks: dict[int, int] = {}
    for ranking in rankings:
        for rank, passage_id in enumerate(ranking, start=1):
            ranks[passage_id] = min(rank, ranks.get(passage_id, rank))
    return ranks


def within_reach(snapshot: Snapshot, query: Query) -> tuple[Query, str | None]:
    """The query with what no article fits left out: its date range, its phrases; and the sentences that say so.

    Phrases in quotation marks keep the search to the articles that have them all, word for word.
    """
    notes = []
    stretch = stretch_of(query.scope)
    if stretch and not snapshot.has_articles(query.scope):
        query = query.of_all_dates()
        notes.append(f"No article is dated {stretch}; all dates were searched.")
    if query.phrases:
        holding = snapshot.articles_with(query.phrases, query.reach)
        if holding:
            query = replace(query, scope=replace(query.scope, articles=holding))
        else:
            named, stretch = " and ".join(f"“{phrase}”" for phrase in query.phrases), stretch_of(query.reach)
            dated = f" dated {stretch}" if stretch else ""
            notes.append(f"No article{dated} says {named} word for word; other wordings were searched.")
    return query, " ".join(notes) or None


def what_is_searched(snapshot: Snapshot, query: Query) -> Searched:
    """What the confidence has to know of where a question was put to."""
    return Searched(snapshot.rarity(search_terms(query.standalone)), snapshot.passage_count(query.reach))


def stretch_of(scope: Scope) -> str:
    """A range of dates in words; none where both sides are open."""
    return " ".join(
        part for part in (scope.since and f"from {scope.since}", scope.until and f"until {scope.until}") if part
    )


def _without_copies(hits: Sequence[Hit], places: Mapping[int, CopyPlace], query: Query) -> list[Hit]:
    """The passages of one article of each group of near copies, and all of those that have none."""

    # A copy in the range that was asked for goes before a later one outside it.
    def precedence(place: CopyPlace) -> tuple[bool, str]:
        return query.phrased and query.scope.covers(place.date), place.date or ""

    chosen: dict[int, CopyPlace] = {}
    for hit in hits:
        place = places[hit.passage_id]
        if place.group is not None:
            best = chosen.setdefault(place.group, place)
            if query.newest and precedence(place) > precedence(best):
                chosen[place.group] = place
    return [
        hit
        for hit in hits
        if (place := places[hit.passage_id]).group is None or chosen[place.group].article == place.article
    ]


def _newest_first(hits: Sequence[Hit]) -> list[Hit]:
    """The date as one more ranking among passages that are relevant already; an undated one ranks last in it.

    Reciprocal ranks are added (Cormack, Clarke and Büttcher, SIGIR 2009). A passage stands a rank lower for three logits less,
    so that nothing but the date decides between those that are about as good, and its rank weighs twice the date's.
    """
    dates = sorted({hit.date or "" for hit in hits}, reverse=True)

    def newness(hit: Hit) -> float:
        behind = (hits[0].score - hit.score) / 3
        return 2 / (RANK_CONSTANT + 1 + behind) + 1 / (RANK_CONSTANT + 1 + dates.index(hit.date or ""))

    return sorted(hits, key=lambda hit: (-newness(hit), hit.passage_id))
