"""Keyword and vector search, fused: the passages that may answer a question, best first."""

from collections.abc import Sequence

from qa.library.store import Snapshot
from qa.retrieval.query import Query, search_terms
from qa.types import Embedder, Hit

_RANK_CONSTANT = 60  # of reciprocal rank fusion: Cormack, Clarke and Büttcher, SIGIR 2009
_ORDERED = 12  # fused passages among which "latest" may put the newer first


def search(snapshot: Snapshot, embedder: Embedder, query: Query, candidates: int, count: int) -> list[Hit]:
    """The best ``count`` passages: ranks of both searches added as 1 / (60 + rank), newest first only where asked."""
    vector = embedder.encode([query.text])[0]
    by_vector = [i for i, _ in snapshot.vector_search(vector, candidates, query.scope)]
    by_keyword = snapshot.keyword_search(search_terms(query.text), candidates, query.scope)
    fused = fuse(by_keyword, by_vector)
    hits = snapshot.hits(fused[: max(count, _ORDERED) if query.newest else count])
    return (_newest_first(hits) if query.newest else hits)[:count]


def fuse(*rankings: Sequence[int]) -> list[tuple[int, float]]:
    """Reciprocal rank fusion: ids with their scores, best first, ties by id."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, identifier in enumerate(ranking, start=1):
            scores[identifier] = scores.get(identifier, 0.0) + 1 / (_RANK_CONSTANT + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def _newest_first(hits: Sequence[Hit]) -> list[Hit]:
    """The date as a third ranking among passages that are relevant already; an undated one ranks last in it."""
    dates = sorted({hit.date or "" for hit in hits}, reverse=True)
    scored = [(hit.score + 1 / (_RANK_CONSTANT + 1 + dates.index(hit.date or "")), hit) for hit in hits]
    return [
        Hit(h.article_id, h.title, h.date, h.source, h.url, h.text, h.start, h.end, score, h.passage_id)
        for score, h in sorted(scored, key=lambda pair: (-pair[0], pair[1].passage_id))
    ]
