"""What the retrieved passages hold for a question: the reader's answers, each in its sentence, best first."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from qa.answering.kinds import asked_kind, is_of_kind
from qa.answering.support import MOST_QUOTED
from qa.language.sentences import sentence_spans
from qa.language.values import numbers
from qa.language.words import content_stems, names_asked, words
from qa.types import Embedder, Hit, Reader, Reading, Scope, Span

HALF_AS_LIKELY = 0.69  # a difference of logits
_AS_CLOSE = 2  # times as far away as the closest
_PAIRED = ('"“”„«»', "()", "[]")
_DIGITS = tuple("0123456789")
_WIDEST = 12.0  # logits beyond which a margin says no more
# How many passages are read closely: the most relevant ones, and others by the first reader's margin and twice the logits that a
# passage lies behind the most relevant one, as the first reader may be wrong about a kind of question it never met. Of 1,361
# held-out questions 98 % have their answer in one of these (models/close_reader/README.md).
_READ_CLOSELY, _BY_ORDER = 6, 2
# What was asked for is more often new than old: logits for each time that the age is 2.7 times as high, counted from a month on
# (after Li and Croft, CIKM 2003). As much as costs one first sentence in 300 where dates say nothing (docs/retrieval.md).
_AGE = 0.4
_MONTH, _UNDATED = 30.0, 365.0  # days; an article without a date counts like one of a year


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence (or a few) of a hit that holds an answer; ``answer`` stands in it word for word.

    ``strength`` counts in differences: that of two is the logit of the probability that the one is the answer rather
    than the other. Of it the age of its article has taken ``age``. ``margin`` is the reader's own, in logits, at most 12
    either way.
    """

    hit: Hit
    span: Span  # in the article's stored text, whole sentences
    answer: str
    strength: float
    margin: float = 0.0
    age: float = 0.0

    @property
    def text(self) -> str:
        """The sentences as they stand in the article."""
        return self.hit.text[self.span.start - self.hit.start : self.span.end - self.hit.start]


def find_evidence(
    question: str,
    hits: Sequence[Hit],
    reader: Reader,
    embedder: Embedder,
    weights: Mapping[str, float],
    ranking: Sequence[Hit] = (),
    today: date | None = None,
) -> list[Evidence]:
    """The readings of all hits in their sentences, strongest first; a sentence in two passages once.

    ``weights`` are those of a logistic regression over differences of the features of ``read_features``, fitted on pairs
    of readings of held-out paragraphs. ``ranking`` is what the hits are a part of, where they are not all. Age counts from
    ``today``, and not at all without it.
    """
    found: dict[tuple[str, Span], Evidence] = {}
    for hit, span, answer, values in read_features(question, hits, reader, embedder, ranking):
        age = aged(hit.date, today) if today else 0.0
        strength = sum(weights[name] * value for name, value in values.items()) - age
        best = found.get((hit.article_id, span))
        if best is None or strength > best.strength:
            found[hit.article_id, span] = Evidence(hit, span, answer, strength, values["margin"], age)
    return strongest_first(found.values())


def aged(day: str | None, today: date) -> float:
    """The logits that the age of an article takes; none for one of today or later."""
    days = (today - date.fromisoformat(day)).days if day else _UNDATED
    return _AGE * math.log(1 + max(0.0, days) / _MONTH)


def strongest_first(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Evidence in the order in which it counts."""
    return sorted(evidence, key=lambda one: -one.strength)


def read_features(
    question: str, hits: Sequence[Hit], reader: Reader, embedder: Embedder, ranking: Sequence[Hit] = ()
) -> list[tuple[Hit, Span, str, dict[str, float]]]:
    """Each reading with the span of its sentences, its words, and what its strength is computed from.

    All hits are read, best first as they come, and the most promising ones once more by the larger network, whose readings
    count.
    """
    if not hits:
        return []  # nor are the networks loaded for nothing
    places = list(ranking or hits)
    most = max((hit.score for hit in places), default=0.0)
    glanced = dict(zip(hits, reader.read(question, hits), strict=True))

    def promise(hit: Hit) -> float:
        return max((reading.margin for reading in glanced[hit]), default=-_WIDEST) + 2 * (hit.score - most)

    promising = list(dict.fromkeys([*hits[:_BY_ORDER], *sorted(hits, key=promise, reverse=True)]))[:_READ_CLOSELY]
    read = []
    for hit, readings in zip(promising, reader.read_closely(question, promising), strict=True):
        for reading in readings:
            span = _sentences_around(hit, reading.start, reading.end)
            whole = replace(reading, end=min(reading.end, span.end))
            text = f"{hit.title}\n{hit.text[span.start - hit.start : span.end - hit.start]}"
            inside = [r.margin for r in glanced[hit] if r.start < span.end and r.end > span.start]
            values = _features(question, hit, text, whole) | {
                "glance": _within(max(inside, default=-_WIDEST)),
                "rank": 1 / (1 + places.index(hit)),
                "relevance": _within(hit.score - most),
            }
            read.append((text, hit, span, _words_of(hit, whole), values))
    if not read:
        return []
    texts = list(dict.fromkeys(text for text, *_ in read))  # answers often share their sentence
    asked, *vectors = embedder.encode([question, *texts])
    similarity = {text: float(vector @ asked) for text, vector in zip(texts, vectors, strict=True)}
    return [(hit, span, answer, {**values, "similarity": similarity[text]}) for text, hit, span, answer, values in read]


def _within(logits: float) -> float:
    return max(-_WIDEST, min(_WIDEST, logits))


def _features(question: str, hit: Hit, text: str, reading: Reading) -> dict[str, float]:
    """What is known of one reading by itself but its similarity; ``text`` is its sentence with the headline."""
    asked, named = set(content_stems(question)), names_asked(question)
    passage = f"{hit.title} {hit.text}"
    kind, answer = asked_kind(question), _words_of(hit, reading)
    return {
        "margin": _within(reading.margin),
        "cover": len(asked & set(content_stems(text))) / (len(asked) or 1),
        "cover_near": len(asked & set(content_stems(passage))) / (len(asked) or 1),
        "fits": float(kind is not None and is_of_kind(kind, answer)),
        "misfits": float(kind is not None and not is_of_kind(kind, answer)),
        "missing_names": float(bool(named - set(words(passage)))),
    }


def _words_of(hit: Hit, reading: Reading) -> str:
    """An answer's words, without a mark at either end that belongs to what stands around them."""
    whole = hit.text[reading.start - hit.start : reading.end - hit.start]
    found = whole
    for pair in _PAIRED:
        found = _bare(found)
        if sum(map(found.count, pair)) == 1 and not found[:-1].endswith(_DIGITS):  # 21" is no quotation
            found = found.strip(pair)
    return _bare(found) or whole


def _bare(words: str) -> str:
    return re.sub(r"\s[–—-]+$", "", words.strip(" \n,;:")).strip(" \n,;:")


def _sentences_around(hit: Hit, start: int, end: int) -> Span:
    """The first MOST_QUOTED sentences of a hit that the span touches, in the article's indices."""
    touched = [s for s in sentence_spans(hit.text) if s.start < end - hit.start and s.end > start - hit.start]
    last = touched[:MOST_QUOTED][-1]
    return Span(hit.start + touched[0].start, hit.start + last.end)


def worth_quoting(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The best evidence, and the next where it is at least half as likely and gives another answer."""
    best, *others = evidence
    rival = next((e for e in others if e.answer.casefold() != best.answer.casefold()), None)
    return [best, rival] if rival and rival.strength >= best.strength - HALF_AS_LIKELY else [best]


def by_article(evidence: Sequence[Evidence]) -> list[list[Evidence]]:
    """The evidence of each article, in its order; the article of the best first."""
    found: dict[str, list[Evidence]] = {}
    for one in evidence:
        found.setdefault(one.hit.article_id, []).append(one)
    return list(found.values())


def of_the_newest(evidence: Sequence[Evidence], answers: Callable[[Sequence[Evidence]], bool]) -> list[Evidence]:
    """What the newest article says of those whose evidence ``answers`` by itself; of the best one where none does."""
    return max(_answering(evidence, answers), key=_dated, default=[])


def of_the_nearest(
    evidence: Sequence[Evidence], scope: Scope, answers: Callable[[Sequence[Evidence]], bool]
) -> list[Evidence]:
    """Likewise, what an article says that is dated close to a range which none in it answers: the best of the close ones.

    Those are close that lie at most twice as many days away as the closest. Where the best of all is in the range all the
    same, or undated, everything is kept.
    """
    if not evidence or evidence[0].hit.date is None or scope.covers(evidence[0].hit.date):
        return list(evidence)
    outside = [found for found in evidence if not scope.covers(found.hit.date)]
    articles = _answering(outside, answers)
    days = [scope.days_to(part[0].hit.date) for part in articles]
    return next(part for part, away in zip(articles, days, strict=True) if away <= _AS_CLOSE * min(days))


def _answering(evidence: Sequence[Evidence], answers: Callable[[Sequence[Evidence]], bool]) -> list[list[Evidence]]:
    articles = by_article(evidence)
    return [part for part in articles if answers(part)] or articles[:1]


def _dated(evidence: Sequence[Evidence]) -> str:
    return evidence[0].hit.date or ""  # an undated article is older than any


def evidence_given(sentence: str, evidence: Sequence[Evidence], within: float) -> Evidence | None:
    """The first evidence whose answer a sentence gives, of those that come ``within`` so many logits of the best.

    A few words give it where they stand in its sentence as they are; a sentence, where it has the numbers of the
    answer or, if that has none, half of its stems.
    """
    said = words(sentence)
    for found in evidence:
        if found.strength < evidence[0].strength - within:
            continue
        asked_numbers, stems = numbers(found.answer), set(content_stems(found.answer))
        if stands_in(said, words(found.text)) or (asked_numbers and asked_numbers <= numbers(sentence)):
            return found
        if not asked_numbers and stems and 2 * len(stems & set(content_stems(sentence))) >= len(stems):
            return found
    return None


def stands_in(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether words stand in others, one after the other."""
    return bool(part) and any(
        list(whole[at : at + len(part)]) == list(part) for at in range(len(whole) - len(part) + 1)
    )
