"""The order of what the searches found: a small network over what is known of a passage beside the others.

Ranks and scores of both searches, the share of the question's words in headline with source, passage and best sentence, each
word by its rarity, and what its article's other passages have. Learned listwise (Cao et al., ICML 2007): data and script in
models/reranker/.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from qa.language.sentences import sentence_spans
from qa.language.values import numbers
from qa.language.words import content_stems, names_asked, stem
from qa.types import Hit
from qa.weights import own_weights

RANKING_SHA256 = "1c9aff4ba778b8ac7e9214c6a51c64dfed65468a1fa667d7b42743ae69c19eed"
RANK_CONSTANT = 5  # of reciprocal ranks; see docs/retrieval.md
_K1, _B = 1.2, 0.75  # of BM25

# What is known of a passage by itself; then, of those in RELATIVE, how far it is from the best of all passages.
FEATURES = (
    "keyword rank", "vector rank", "share of the best BM25", "BM25", "cosine", "passage covers",
    "headline covers", "both cover", "article covers", "names covered", "best sentence covers", "pairs of words",
    "ranks of the article's others", "best BM25 of the article", "best cosine of the article", "in the range",
    "question has names", "question has numbers", "question's words",
)  # fmt: skip
RELATIVE = tuple(FEATURES.index(name) for name in FEATURES[3:9] + FEATURES[10:13])


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that a search found: its ranks from 1, None where it found it not, and its cosine to the question.

    ``preferred``: whether it lies in the range of dates that a phrase of the question names.
    """

    hit: Hit
    by_keyword: int | None
    by_vector: int | None
    cosine: float
    preferred: bool = False


def scores(question: str, rarity: Mapping[str, float], candidates: Sequence[Candidate]) -> list[float]:
    """What each candidate counts, in logits of a choice among them; ``rarity`` weighs the stems of the question."""
    if not candidates:
        return []
    network = _network()
    values = (features(question, rarity, candidates) - network["mean"]) / network["scale"]
    hidden = values @ network["hidden"] + network["hidden bias"]
    # GELU (Hendrycks and Gimpel, 2016) as torch approximates it by a hyperbolic tangent.
    active = 0.5 * hidden * (1 + np.tanh(math.sqrt(2 / math.pi) * (hidden + 0.044715 * hidden**3)))
    return [round(float(score), 6) for score in active @ network["output"]]  # the same to all that are alike


def features(question: str, rarity: Mapping[str, float], candidates: Sequence[Candidate]) -> Any:
    """What is known of each candidate, float64 of shape (n, len(FEATURES) + len(RELATIVE)); there is at least one."""
    asked = [one for one in dict.fromkeys(content_stems(question)) if one in rarity]
    total = math.fsum(rarity[one] for one in asked) or 1.0
    named = set(map(stem, names_asked(question)))
    pairs = set(pairwise(asked))
    texts = [_Text(candidate.hit) for candidate in candidates]
    mean = sum(len(text.stems) for text in texts) / len(texts)

    def covered(stems: set[str]) -> float:
        return sum(rarity[one] for one in asked if one in stems) / total

    bm25 = [text.bm25(asked, rarity, mean) / total for text in texts]
    reciprocal = [(_reciprocal(c.by_keyword), _reciprocal(c.by_vector)) for c in candidates]
    articles: dict[str, list[int]] = {}
    for at, candidate in enumerate(candidates):
        articles.setdefault(candidate.hit.article_id, []).append(at)
    # Of each article, once: what all of its passages cover, the best BM25, the best cosine and the sum of the ranks.
    together = {
        name: (
            covered(set().union(*(texts[at].title.union(texts[at].stems) for at in own))),
            max(bm25[at] for at in own),
            max(candidates[at].cosine for at in own),
            sum(sum(reciprocal[at]) for at in own),
        )
        for name, own in articles.items()
    }
    about = (float(bool(named)), float(bool(numbers(question))), math.log(len(asked) + 1))
    best_rank = max(bm25) or 1.0
    rows = []
    for candidate, text, (keyword, vector), score in zip(candidates, texts, reciprocal, bm25, strict=True):
        all_cover, all_bm25, all_cosine, all_ranks = together[candidate.hit.article_id]
        stems = set(text.stems)
        rows.append(
            (
                keyword,
                vector,
                score / best_rank,
                score,
                candidate.cosine,
                covered(stems),
                covered(text.title),
                covered(stems | text.title),
                all_cover,
                len(named & (stems | text.title)) / len(named) if named else 1.0,
                max(map(covered, text.sentences), default=0.0),
                len(pairs & set(pairwise(text.stems))) / (len(pairs) or 1),
                all_ranks - keyword - vector,
                all_bm25 / best_rank,
                all_cosine,
                float(candidate.preferred),
                *about,
            )
        )
    known = np.array(rows)
    return np.concatenate([known, known[:, RELATIVE] - known[:, RELATIVE].max(axis=0)], axis=1)


class _Text:
    """The stems of a passage, of its sentences, and of its headline and source."""

    def __init__(self, hit: Hit) -> None:
        sentences = [content_stems(hit.text[span.start : span.end]) for span in sentence_spans(hit.text)]
        self.stems = [one for sentence in sentences for one in sentence]
        self.sentences = [set(sentence) for sentence in sentences]
        self.title = set(content_stems(f"{hit.title} {hit.source or ''}"))  # "what does the Courier say of ..."

    def bm25(self, asked: Sequence[str], rarity: Mapping[str, float], mean: float) -> float:
        """BM25 of headline, source and passage, its length held against the mean of all candidates."""
        often = Counter(self.stems)
        often.update(self.title)
        length = _K1 * (1 - _B + _B * len(self.stems) / (mean or 1))
        return math.fsum(rarity[s] * often[s] * (_K1 + 1) / (often[s] + length) for s in asked if often[s])


def _reciprocal(rank: int | None) -> float:
    return 0.0 if rank is None else 1 / (RANK_CONSTANT + rank)


@cache
def _network() -> dict[str, Any]:
    """The weights by their names. Raises ModelError where they are missing or not the known ones."""
    kept = json.loads(own_weights("reranker/weights.json", RANKING_SHA256).read_text(encoding="utf-8"))
    return {name: np.array(values) for name, values in kept.items() if name != "features"}
