"""Which article speaks where the newest is asked for, a week, or no time: rules compared on made-up news.

    python -m models.reader.newest

Two sets of questions, each of two kinds: those of the held-out topics, most of which the strongest evidence answers
already; and those where an older article says plainly what a newer one corrects in passing, with "now" and without. The
latter once more, asked of "this week" some days after the correction, of which no article tells.
Counted is how often the first evidence of the chosen article is of the right article and holds the right value.
"""

import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import qa
from models.generator.stories import Printed, group, printed
from models.reader.calibrate import AGES, write_articles
from models.reader.news import topics, worlds
from qa.answering.disagreement import brought_up_to_date
from qa.answering.evidence import Evidence, find_evidence, of_the_nearest, of_the_newest, strongest_first
from qa.answering.refusal import confidence
from qa.retrieval.query import Query, make_query
from qa.retrieval.search import what_is_searched
from qa.types import Hit, Scope, Searched

MOST = 140
WITHIN = (0.0, 0.69, 1.39, 2.0, 3.0, 4.0, 6.0)  # logits behind the strongest evidence
ALONE = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)  # probabilities by which an article answers by itself
NOW = (" now?", " at the moment?", ", according to the latest report?")
Case = tuple[dict, Query, list[Hit], list[Evidence], Searched]


def asked_of_held_out(newest: bool) -> Iterator[dict]:
    """Rows of held-out topics whose question asks for what is newest, or does not."""
    for world in worlds(400, seed=11):
        found = group(topics(held_out=True), world)
        for asked in found["asked"]:
            if asked["passage"] is not None and query_of(asked["question"]).newest is newest:
                yield row(asked["question"], found["passages"], asked["passage"] - 1, asked["answer"])


def corrected_in_passing(endings: Sequence[str]) -> Iterator[dict]:
    """Rows whose question, with one of the endings, asks for the value of an older article, which a newer one gives anew."""
    for held_out, count in ((True, 150), (False, 300)):
        for world in worlds(count, seed=21):
            made, _ = printed(topics(held_out), world)
            for first in (one for one in made if one.part == "first"):
                for later in (one for one in made if one.part == "later" and one.owner is first.owner):
                    yield from corrections(first, later, made, endings, world.rng)


def corrections(
    first: Printed, later: Printed, made: Sequence[Printed], endings: Sequence[str], rng: random.Random
) -> Iterator[dict]:
    """Questions whose slot stands in a later line, too, beside another of its kind that is asked for there."""
    for line, _, _ in first.lines:
        for slot, wordings in ((slot, wordings) for slot, when, wordings in line.asks if when == "alone"):
            for corrected, _, _ in later.lines:
                named = {name for wording in corrected.wordings for name in re.findall(r"\{(\w+)\}", wording)}
                new = [
                    s for s, *_ in corrected.asks if s != slot and s.rstrip("0123456789") == slot.rstrip("0123456789")
                ]
                if slot in named and new:
                    bare = first.owner.fill(rng.choice(wordings)).rstrip("?")
                    question = bare + rng.choice(endings)
                    passages = [one.passage for one in made]
                    yield row(question, passages, made.index(later), first.owner.value(new[0]))


def asked_later(rows: Iterator[dict]) -> Iterator[dict]:
    """The questions, asked eight days after the last article."""
    for one in rows:
        today = date.fromisoformat(max(passage["date"] for passage in one["passages"])) + timedelta(days=8)
        yield {**one, "today": today.isoformat()}


def after_all(rows: Iterator[dict]) -> Iterator[dict]:
    """The questions whose answer is the last article's, asked of "this week" eight days after it."""
    for one in asked_later(rows):
        if one["passages"][one["gold"][0]]["date"] == max(passage["date"] for passage in one["passages"]):
            yield {**one, "question": f"{one['question'].rstrip('?')} this week?"}


def row(question: str, passages: list[dict], gold: int, answer: str) -> dict:
    """A question with its passages, as the open sets have them."""
    return {"question": question, "passages": passages, "gold": [gold], "answers": [answer]}


def query_of(question: str, today: str | None = None) -> Query:
    """The question as the product reads it, on a day."""
    return make_query(question, (), Scope(), date.fromisoformat(today) if today else date.today())


def asked(desk: qa.Desk, one: dict) -> Case:
    """What the library has for a row's question: within the range of a phrase, and of all dates."""
    query = query_of(one["question"], one.get("today"))
    with desk.library.snapshot() as snapshot:
        hits = desk.found(snapshot, query, desk.settings.shown_passages)
        searched = what_is_searched(snapshot, query)
    inside = [hit for hit in hits if query.scope.covers(hit.date)]
    others = [hit for hit in hits if not query.scope.covers(hit.date)]
    undated, evidence, weights = query.of_all_dates(), list[Evidence](), desk.reader.calibration.evidence
    for one_query, part in ((query, inside), (undated, others)):
        evidence += find_evidence(one_query.text, part, desk.reader, desk.embedder, weights, hits, one_query.today)
    return one, undated if others else query, hits, strongest_first(evidence), searched


def measure(name: str, rows: list[dict]) -> None:
    """Index the passages, ask and print how often each rule is right."""
    with tempfile.TemporaryDirectory() as folder:
        ids = write_articles(rows, Path(folder) / "passages.jsonl.gz")
        desk = qa.open(Path(folder) / "library")
        desk.index(Path(folder) / "passages.jsonl.gz")
        weights, cases = desk.reader.calibration, [asked(desk, one) for one in rows]

    def right(choose: Callable[[Case], list[Evidence]]) -> int:
        chosen = [(case[0], choose(case)[0]) for case in cases]
        return sum(
            best.hit.article_id == ids[one["passages"][one["gold"][0]]["text"].strip()]
            and one["answers"][0] in best.text
            for one, best in chosen
        )

    def close(case: Case, within: float) -> list[Evidence]:
        return of_the_newest(case[3], lambda part: part[0].strength >= case[3][0].strength - within)

    def answers(case: Case, above: float) -> Callable[[Sequence[Evidence]], bool]:
        return lambda part: confidence(case[1].text, case[4], case[2], part, weights.confidence) >= above

    def alone(case: Case, above: float) -> list[Evidence]:
        return of_the_newest(case[3], answers(case, above))

    def led(case: Case, above: float) -> list[Evidence]:
        return brought_up_to_date(case[3], case[2], answers(case, above))

    def by_age(case: Case, times: float) -> list[Evidence]:
        return sorted(case[3], key=lambda one: -(one.strength + (1 - times) * one.age))

    def closest(case: Case, above: float) -> list[Evidence]:
        return of_the_nearest(case[3], case[1].near or case[1].scope, answers(case, above))

    print(f"{name}: {len(cases)} questions; the strongest right: {right(lambda case: case[3])}")
    if any(case[1].near for case in cases):
        print("  closest that answers by itself, from:", {a: right(lambda case, a=a: closest(case, a)) for a in ALONE})
        return
    print(
        "  the strongest, by how much age counts:",
        {times: right(lambda case, t=times: by_age(case, t)) for times in AGES},
    )
    print("  led by what brings it up to date, from:", {a: right(lambda case, a=a: led(case, a)) for a in ALONE})
    print("  newest within so many logits of the best:", {w: right(lambda case, w=w: close(case, w)) for w in WITHIN})
    print("  newest that answers by itself, from:", {a: right(lambda case, a=a: alone(case, a)) for a in ALONE})


def main() -> None:
    """Measure all sets."""
    for kind, now in (("newest asked for", True), ("nothing said", False)):
        rows = list(asked_later(corrected_in_passing(NOW if now else ("?",))))
        random.Random(0).shuffle(rows)
        measure(f"corrected in passing, {kind}", rows[:MOST])
        rows = list(asked_later(asked_of_held_out(newest=now)))
        random.Random(0).shuffle(rows)
        measure(f"held-out topics, {kind}", rows[:MOST])

    rows = list(after_all(corrected_in_passing(("?",))))
    random.Random(0).shuffle(rows)
    measure("corrected in passing, asked of a week without a report", rows[:MOST])


if __name__ == "__main__":
    main()
