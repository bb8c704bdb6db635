"""Articles that answer one question with different values: each is said, and none is taken for the truth.

Only one that came later and names the earlier number beside its own is known to bring it up to date; it is said first.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from qa.answering.evidence import HALF_AS_LIKELY, Evidence, by_article
from qa.language.values import numbers
from qa.language.words import content_stems, names
from qa.types import Hit

MOST = 3  # values of one answer
AN_EIGHTH_AS_LIKELY = 2.08  # a difference of logits: benchmarks/disagreement.md


def differing(evidence: Sequence[Evidence], answers: Callable[[Sequence[Evidence]], bool]) -> list[Evidence]:
    """The best evidence of each article with a value of its own, newest first; none where there is no second value.

    ``answers`` says whether an article's evidence by itself would be taken to answer the question.
    """
    values: list[Evidence] = []
    for part in by_article(evidence):
        if len(values) < MOST and all(differ(part[0].answer, other.answer) for other in values):
            # The best of all is what the answer says; whether others answer has to be asked.
            likely = part[0].strength >= evidence[0].strength - AN_EIGHTH_AS_LIKELY
            if not values or (likely and answers(part)):
                values.append(part[0])
    return sorted(values, key=_dated, reverse=True) if len(values) > 1 else []


def brought_up_to_date(
    evidence: Sequence[Evidence], hits: Sequence[Hit], answers: Callable[[Sequence[Evidence]], bool]
) -> list[Evidence]:
    """The evidence, led by that of the newest article which ``answers`` and brings the best one's number up to date.

    It came later, has another number, and names the earlier one in a passage of ``hits``. From then on it counts as a
    little more than twice as likely as that.
    """
    newer = [part[0] for part in by_article(evidence) if _updates(part[0], evidence[0], hits) and answers(part)]
    first = max(newer, key=_dated, default=None)
    if first is None:
        return list(evidence)
    led = replace(first, strength=evidence[0].strength + 1.01 * HALF_AS_LIKELY, age=evidence[0].age)
    return [led, *(found for found in evidence if found is not first)]


def _updates(later: Evidence, earlier: Evidence, hits: Sequence[Hit]) -> bool:
    counted = numbers(earlier.answer)
    if not counted or not differ(earlier.answer, later.answer) or not _dated(later) > _dated(earlier) > "":
        return False
    told = (numbers(hit.text) for hit in hits if hit.article_id == later.hit.article_id)
    return counted <= frozenset[float]().union(*told)


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
