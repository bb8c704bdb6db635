"""Which article speaks where the newest is asked for: rules compared on made-up news.

    python -m models.reader.newest

Two sets of questions: those of the held-out topics that ask for what is newest, most of which the strongest evidence
answers already; and neutral ones with "now", where an older article says plainly what a newer one corrects in passing.
Counted is how often the first evidence of the chosen article is of the right article and holds the right value.
"""

import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import qa
from models.generator.stories import Printed, group, printed
from models.reader.calibrate import write_articles
from models.reader.news import topics, worlds
from qa.answering.evidence import Evidence, find_evidence, of_the_newest
from qa.answering.refusal import confidence
from qa.retrieval.query import Query, make_query
from qa.types import Hit, Scope

MOST = 140
WITHIN = (0.0, 0.69, 1.39, 2.0, 3.0, 4.0, 6.0)  # logits behind the strongest evidence
ALONE = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)  # probabilities by which an article answers by itself
Case = tuple[dict, Query, list[Hit], list[Evidence]]


def asked_of_held_out() -> Iterator[dict]:
    """Rows of held-out topics whose question asks for what is newest."""
    for world in worlds(400, seed=11):
        found = group(topics(held_out=True), world)
        for asked in found["asked"]:
            if asked["passage"] is not None and query_of(asked["question"]).newest:
                yield row(asked["question"], found["passages"], asked["passage"] - 1, asked["answer"])


def corrected_in_passing() -> Iterator[dict]:
    """Rows whose question asks for the value of an older article, which a newer one gives anew."""
    for held_out, count in ((True, 150), (False, 300)):
        for world in worlds(count, seed=21):
            made, _ = printed(topics(held_out), world)
            for first in (one for one in made if one.part == "first"):
                for later in (one for one in made if one.part == "later" and one.owner is first.owner):
                    yield from corrections(first, later, made, world.rng)


def corrections(first: Printed, later: Printed, made: Sequence[Printed], rng: random.Random) -> Iterator[dict]:
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
                    question = bare + rng.choice((" now?", " at the moment?", ", according to the latest report?"))
                    passages = [one.passage for one in made]
                    yield row(question, passages, made.index(later), first.owner.value(new[0]))


def row(question: str, passages: list[dict], gold: int, answer: str) -> dict:
    """A question with its passages, as the open sets have them."""
    return {"question": question, "passages": passages, "gold": [gold], "answers": [answer]}


def query_of(question: str) -> Query:
    """The question as the product reads it today."""
    return make_query(question, (), Scope(), date.today())


def measure(name: str, rows: list[dict]) -> None:
    """Index the passages, ask and print how often each rule is right."""
    with tempfile.TemporaryDirectory() as folder:
        ids = write_articles(rows, Path(folder) / "passages.jsonl.gz")
        desk = qa.open(Path(folder) / "library")
        desk.index(Path(folder) / "passages.jsonl.gz")
        weights, cases = desk.reader.calibration, list[Case]()
        for one in rows:
            query = query_of(one["question"])
            with desk.library.snapshot() as snapshot:
                hits = desk.found(snapshot, query, desk.settings.shown_passages)
            cases.append(
                (one, query, hits, find_evidence(query.text, hits, desk.reader, desk.embedder, weights.evidence))
            )

    def right(choose: Callable[[Case], list[Evidence]]) -> int:
        chosen = [(case[0], choose(case)[0]) for case in cases]
        return sum(
            best.hit.article_id == ids[one["passages"][one["gold"][0]]["text"].strip()]
            and one["answers"][0] in best.text
            for one, best in chosen
        )

    def close(case: Case, within: float) -> list[Evidence]:
        return of_the_newest(case[3], lambda part: part[0].strength >= case[3][0].strength - within)

    def alone(case: Case, above: float) -> list[Evidence]:
        return of_the_newest(case[3], lambda part: confidence(case[1].text, case[2], part, weights.confidence) >= above)

    print(f"{name}: {len(cases)} questions")
    print("  newest within so many logits of the best:", {w: right(lambda case, w=w: close(case, w)) for w in WITHIN})
    print("  newest that answers by itself, from:", {a: right(lambda case, a=a: alone(case, a)) for a in ALONE})


def main() -> None:
    """Measure both sets."""
    rows = list(corrected_in_passing())
    random.Random(0).shuffle(rows)
    measure("corrected in passing", rows[:MOST])
    measure("held-out topics", list(asked_of_held_out())[:MOST])


if __name__ == "__main__":
    main()
