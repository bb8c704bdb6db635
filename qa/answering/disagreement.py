"""Articles that answer one question with different values: each is said, and none is taken for the truth."""

from collections.abc import Callable, Sequence

from qa.answering.evidence import Evidence
from qa.language.values import numbers
from qa.language.words import content_stems, names

MOST = 3  # values of one answer
AN_EIGHTH_AS_LIKELY = 2.08  # a difference of logits: benchmarks/disagreement.md


def differing(evidence: Sequence[Evidence], answers: Callable[[Sequence[Evidence]], bool]) -> list[Evidence]:
    """The best evidence of each article with a value of its own, newest first; none where there is no second value.

    ``answers`` says whether an article's evidence by itself would be taken to answer the question.
    """
    by_article: dict[str, list[Evidence]] = {}
    for found in evidence:
        by_article.setdefault(found.hit.article_id, []).append(found)
    values: list[Evidence] = []
    for part in by_article.values():
        if len(values) < MOST and all(differ(part[0].answer, other.answer) for other in values):
            # The best of all is what the answer says; whether others answer has to be asked.
            likely = part[0].strength >= evidence[0].strength - AN_EIGHTH_AS_LIKELY
            if not values or (likely and answers(part)):
                values.append(part[0])
    return sorted(values, key=_dated, reverse=True) if len(values) > 1 else []


def differ(one: str, other: str) -> bool:
    """Whether two answers are values that cannot both be meant: other numbers, or other names.

    A number is compared with a number and a name with a name; what one of them says more exactly is no difference, and
    other words for something that has neither are none.
    """
    counted, recounted = numbers(one), numbers(other)
    if counted and recounted:
        return not (counted <= recounted or recounted <= counted)
    if counted or recounted:
        return False
    named, renamed = set(names(one)), set(names(other))
    return bool(named and renamed) and not set(content_stems(one)) & set(content_stems(other))


def _dated(evidence: Evidence) -> str:
    return evidence.hit.date or ""  # an undated article is older than any
