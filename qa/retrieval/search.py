"""Keyword and vector search, fused: the passages that may answer a question, best first."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qa.library.store import CopyPlace, Snapshot
from qa.retrieval.query import Query, search_terms
from qa.types import Embedder, Hit, Scope

# Of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), who took 60: with 5 more comes first that both
# searches put near the top, on news, encyclopedia paragraphs and questions of a search engine alike (docs/retrieval.md).
_RANK_CONSTANT = 5
_MOST = 10_000  # passages of one search, where copies crowd out the others
_ORDERED = 12  # fused passages among which "latest" may put the newer first


def search(snapshot: Snapshot, embedder: Embedder, query: Query, candidates: int, count: int) -> list[Hit]:
    """The best ``count`` passages: the ranks of all searches added as 1 / (5 + rank), newest first only where asked.

    A range that is set shuts out other dates; one that a phrase of the question names is preferred. Of articles that are
    near copies of one another one speaks: the best, or where the newest is asked for, the newest.
    """
    fused, all_found = _one_of_copies(snapshot, embedder, query, candidates)
    while len(fused) < count and not all_found and candidates < _MOST:  # copies took the places of others
        candidates *= 4
        fused, all_found = _one_of_copies(snapshot, embedder, query, candidates)
    hits = snapshot.hits(fused[: max(count, _ORDERED) if query.newest else count])
    return (_newest_first(hits) if query.newest else hits)[:count]


def _one_of_copies(
    snapshot: Snapshot, embedder: Embedder, query: Query, candidates: int
) -> tuple[list[tuple[int, float]], bool]:
    """The fused passages without copies, and whether no search has more to bring."""
    rankings = found_by(snapshot, embedder, query, candidates)
    fused = fuse(*rankings)
    places = snapshot.copy_places([passage_id for passage_id, _ in fused])
    return _without_copies(fused, places, query), max(map(len, rankings)) < candidates


def found_by(snapshot: Snapshot, embedder: Embedder, query: Query, candidates: int) -> list[list[int]]:
    """Ids of the best ``candidates`` passages of the keyword search, and those of the vector search.

    Where a phrase names the range, both search within it, and then both search all dates.
    """
    rankings = []
    parts = (query, query.of_all_dates()) if query.phrased else (query,)
    for part, vector in zip(parts, embedder.encode([part.text for part in parts]), strict=True):
        by_keyword, by_vector = snapshot.search(search_terms(part.text), vector, candidates, part.scope)
        rankings += [by_keyword, [passage_id for passage_id, _ in by_vector]]
    return rankings


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
        held_in = query.of_all_dates().scope if query.phrased else query.scope
        holding = snapshot.articles_with(query.phrases, held_in)
        if holding:
            query = replace(query, scope=replace(query.scope, articles=holding))
        else:
            named, stretch = " and ".join(f"“{phrase}”" for phrase in query.phrases), stretch_of(held_in)
            dated = f" dated {stretch}" if stretch else ""
            notes.append(f"No article{dated} says {named} word for word; other wordings were searched.")
    return query, " ".join(notes) or None


def stretch_of(scope: Scope) -> str:
    """A range of dates in words; none where both sides are open."""
    return " ".join(
        part for part in (scope.since and f"from {scope.since}", scope.until and f"until {scope.until}") if part
    )


def fuse(*rankings: Sequence[int]) -> list[tuple[int, float]]:
    """Reciprocal rank fusion: ids with their scores, best first, ties by id."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, identifier in enumerate(ranking, start=1):
            scores[identifier] = scores.get(identifier, 0.0) + 1 / (_RANK_CONSTANT + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def _without_copies(
    fused: Sequence[tuple[int, float]], places: Mapping[int, CopyPlace], query: Query
) -> list[tuple[int, float]]:
    """The passages of one article of each group of near copies, and all of those that have none."""

    # A copy in the range that was asked for goes before a later one outside it.
    def precedence(place: CopyPlace) -> tuple[bool, str]:
        return query.phrased and query.scope.covers(place.date), place.date or ""

    chosen: dict[int, CopyPlace] = {}
    for passage_id, _ in fused:
        place = places[passage_id]
        if place.group is not None:
            best = chosen.setdefault(place.group, place)
            if query.newest and precedence(place) > precedence(best):
                chosen[place.group] = place
    return [
        (passage_id, score)
        for passage_id, score in fused
        if (place := places[passage_id]).group is None or chosen[place.group].article == place.article
    ]


def _newest_first(hits: Sequence[Hit]) -> list[Hit]:
    """The date as one more ranking among passages that are relevant already; an undated one ranks last in it."""
    dates = sorted({hit.date or "" for hit in hits}, reverse=True)
    scored = [(hit.score + 1 / (_RANK_CONSTANT + 1 + dates.index(hit.date or "")), hit) for hit in hits]
    return [replace(hit, score=score) for score, hit in sorted(scored, key=lambda pair: (-pair[0], pair[1].passage_id))]
