"""Whether the library answers a question at all, decided before anything is generated, and what a refusal says."""

import math
from collections.abc import Sequence

from qa.answering.evidence import Evidence
from qa.language.words import FUNCTION_WORDS, content_stems, stem, words
from qa.types import Hit, Nearest

# Logistic regression over margin of the best evidence, share of the question's stems in its passage, and cosine are
# fitted on held-out training paragraphs by models/reader/calibrate.py.
WEIGHTS = {"bias": 0.0, "margin": 0.5, "cover": 0.0}
_MOST_NAMED = 3


def confidence(question: str, evidence: Sequence[Evidence]) -> float:
    """The probability, 0..1, that the best evidence answers the question; 0 where there is none."""
    if not evidence:
        return 0.0
    values = features(question, evidence)
    return 1 / (1 + math.exp(-sum(WEIGHTS[name] * value for name, value in values.items())))


def features(question: str, evidence: Sequence[Evidence]) -> dict[str, float]:
    """What the probability is computed from."""
    best = evidence[0]
    asked = set(content_stems(question))
    near = set(content_stems(f"{best.hit.title} {best.hit.text}"))
    return {"bias": 1.0, "margin": best.margin, "cover": len(asked & near) / (len(asked) or 1)}


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
