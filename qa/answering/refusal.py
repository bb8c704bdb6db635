"""Whether the library answers a question at all, decided before anything is generated, and what a refusal says."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from qa.answering.evidence import Evidence
from qa.language.values import numbers
from qa.language.words import FUNCTION_WORDS, content_stems, names_asked, stem, words
from qa.types import Hit, Nearest, Searched

Vote = Literal["agrees", "differs", "declines"]
"""What the generator's reply says of the evidence: the same answer, another or none that a passage supports, no answer."""
VOTES: tuple[Vote, ...] = ("agrees", "differs", "declines")
_MOST_NAMED = 3
_FEWEST, _MOST = 100, 100_000  # passages; fitted on a thousand and ten thousand, and a decade beyond
_FAR_BEHIND = 5.0  # logits; how much further the second lies behind tells only how little else the library has


def confidence(
    question: str,
    searched: Searched,
    hits: Sequence[Hit],
    evidence: Sequence[Evidence],
    weights: Mapping[str, float],
) -> float:
    """The probability, 0..1, that the best evidence answers the question; 0 where there is none.

    ``weights`` are those of a logistic regression over ``features``, fitted on held-out paragraphs and news.
    """
    if not evidence:
        return 0.0
    known = features(question, searched, hits, evidence)
    return _logistic(sum(weights[name] * value for name, value in known.items()))


def settled(before: float, vote: Vote, weights: Mapping[str, float]) -> float:
    """The probability that the library answers, from that before generating and from what the generator replied."""
    if not 0 < before < 1:
        return before
    return _logistic(weights["before"] * math.log(before / (1 - before)) + weights[vote])


def _logistic(logit: float) -> float:
    return (1 + math.tanh(logit / 2)) / 2  # cannot overflow in this form


def features(question: str, searched: Searched, hits: Sequence[Hit], evidence: Sequence[Evidence]) -> dict[str, float]:
    """What the probability is computed from: how strong the evidence is, and what of the question its article lacks.

    Its words count alike, and once more each by its rarity. The article stands for what was found of it: its headline,
    date and all of its hits. The margin and what the sentence itself has of the question tell near misses, such as another
    fact of the right article, which the rest does not. The more passages there are, the better the best one looks that
    does not answer. Where all hits are of one article, that it has the question's words says nothing, for nothing else was
    searched; the best margin of any of its readings counts instead.
    """
    best = evidence[0]
    strength = best.strength + best.age  # an old article answers as well as a new one
    second = evidence[1].strength + evidence[1].age if len(evidence) > 1 else -math.inf
    one = len({hit.article_id for hit in hits}) == 1
    found = " ".join(hit.text for hit in hits if hit.article_id == best.hit.article_id)
    held = f"{best.hit.title} {best.hit.date or ''} {found}"
    asked, named = set(content_stems(question)), names_asked(question)
    in_article, in_sentence = set(content_stems(held)), set(content_stems(f"{best.hit.title}\n{best.text}"))
    alike = dict.fromkeys(asked, 1.0)
    rare = {one: searched.rarity[one] for one in asked if one in searched.rarity}
    return {
        "bias": 1.0,
        "strength": strength,
        "second": max(second, strength - _FAR_BEHIND),
        "cover": 0.0 if one else _share(alike, in_article),
        "rare_cover": 0.0 if one else _share(rare, in_article),
        "missing_names": float(bool(named - set(words(held)))),
        "missing_numbers": float(not numbers(question) <= numbers(held)),
        "margin": best.margin,
        "sentence_cover": _share(alike, in_sentence),
        "rare_sentence_cover": _share(rare, in_sentence),
        "size": 0.0 if one else math.log10(min(max(searched.passages, _FEWEST), _MOST)),
        "one_article": float(one),
        "one_article_margin": max(reading.margin for reading in evidence) if one else 0.0,
    }


def _share(weights: Mapping[str, float], held: Collection[str]) -> float:
    """What those that are held weigh, of all."""
    return math.fsum(weight for one, weight in weights.items() if one in held) / (math.fsum(weights.values()) or 1.0)


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
