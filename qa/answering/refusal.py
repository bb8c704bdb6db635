"""Whether the library answers a question at all, decided before anything is generated, and what a refusal says."""

import math
from collections.abc import Sequence

from qa.answering.evidence import Evidence
from qa.language.words import FUNCTION_WORDS, content_stems, names, stem, words
from qa.types import Hit, Nearest

# Logistic regression over the features below, fitted on held-out training paragraphs by models/reader/calibrate.py.
WEIGHTS = {"bias": -1.338, "margin": 0.288, "second": 0.078, "cover": 1.318, "missing_names": -0.545, "rank": 1.615}
_WIDEST = 12.0  # logits beyond which a margin says no more
_MOST_NAMED = 3


def confidence(question: str, hits: Sequence[Hit], evidence: Sequence[Evidence]) -> float:
    """The probability, 0..1, that the best evidence answers the question; 0 where there is none."""
    if not evidence:
        return 0.0
    values = features(question, hits, evidence)
    return 1 / (1 + math.exp(-sum(WEIGHTS[name] * value for name, value in values.items())))


def features(question: str, hits: Sequence[Hit], evidence: Sequence[Evidence]) -> dict[str, float]:
    """What the probability is computed from: how sure the reader is, and how much of the question the passage holds."""
    best = evidence[0]
    asked, named = set(content_stems(question)), set(names(question)) - set(words(question)[:1])
    held = f"{best.hit.title} {best.hit.text}"
    return {
        "bias": 1.0,
        "margin": _bounded(best.margin),
        "second": _bounded(evidence[1].margin) if len(evidence) > 1 else -_WIDEST,
        "cover": len(asked & set(content_stems(held))) / (len(asked) or 1),
        "missing_names": len(named - set(words(held))) / (len(named) or 1),
        "rank": 1 / (1 + hits.index(best.hit)),
    }


def _bounded(margin: float) -> float:
    return max(-_WIDEST, min(_WIDEST, margin))


def nearest_articles(hits: Sequence[Hit]) -> tuple[Nearest, ...]:
    """The articles of the best hits, each once."""
    found = {hit.article_id: Nearest(hit.article_id, hit.title, hit.date) for hit in hits}
    return tuple(found.values())[:_MOST_NAMED]


def missing_words(question: str, hits: Sequence[Hit]) -> str | None:
    """The words of a question that no hit holds, as the question has them, or None."""
    held = {found for hit in hits for found in content_stems(f"{hit.title} {hit.text}")}
    missing = [w for w in dict.fromkeys(words(question)) if w not in FUNCTION_WORDS and stem(w) not in held]
    return ", ".join(missing) or None


def refusal_text(nearest: Sequence[Nearest]) -> str:
    """What the person asking reads."""
    if not nearest:
        return "The library holds no articles yet."
    named = "; ".join(f"“{article.title}” ({article.date or 'undated'})" for article in nearest)
    return f"The articles do not say. The nearest are: {named}."
