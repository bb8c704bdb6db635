"""What keeping a model's reply to the passages changes: ``python benchmarks/decoding.py [QUESTIONS]``.

The articles are those of models/reader/written/held_out, on which no weights were trained; the questions those that can be
asked by themselves, two of three with an answer. The product searches, reads and chooses the passages; the default model and
the one that it is made of, without the adapter, each reply twice, freely and kept to the rules of qa/answering/wording.py.
Writes benchmarks/decoding.md.
"""

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import qa
from models.reader.written import alone, articles
from qa.answering.choice import DEFAULT, model_file
from qa.answering.drafting import drafts
from qa.answering.evidence import find_evidence
from qa.answering.generator import LlamaGenerator
from qa.answering.prompt import NOT_SAID, as_read, build_messages, passages_for
from qa.answering.wording import Marked
from qa.evaluate.scores import holds, plain_text
from qa.retrieval.query import read_query
from qa.types import Hit, Message

RESULTS = Path(__file__).with_suffix(".md")
MEASURES = {
    "answer word for word": True,
    "contains the answer": True,
    "declines": True,
    "declines, where the article leaves it open": False,
    "each sentence with a mark": None,
    "words of the passage it names": None,
}


def asked(count: int) -> tuple[list[dict], list[tuple[str, str | None]]]:
    """The articles, and questions with their answers, None for what is left open."""
    read = articles(held_out=True)
    found: dict[bool, list[tuple[str, str | None]]] = {True: [], False: []}
    for article in alone(read):
        for question, place in article["asked"]:
            found[place is not None].append((question, article["text"][slice(*place)] if place else None))
    rng = random.Random(0)
    return read, rng.sample(found[True], count * 2 // 3) + rng.sample(found[False], count - count * 2 // 3)


def prompt(desk: qa.Desk, question: str) -> tuple[list[Message], list[Hit]]:
    """What the product would put before the model."""
    query, settings = read_query(question), desk.settings
    with desk.library.snapshot() as snapshot:
        hits = desk.found(snapshot, query, settings.shown_passages)
    evidence = find_evidence(
        query.text, hits, desk.reader, desk.embedder, desk.reader.calibration.evidence, today=query.today
    )
    best = passages_for([*(one.hit for one in evidence), *hits], settings.context_passages)
    budget = settings.context_tokens - settings.answer_tokens
    return build_messages(question, best, budget, desk.generator.count_tokens)


def judged(reply: str, passages: Sequence[str], answer: str | None) -> dict[str, bool]:
    """What is true of a reply."""
    said = list(drafts(iter([reply]), len(passages)))
    text = plain_text(" ".join(draft.text for draft in said))
    declines = text == plain_text(NOT_SAID)
    return {
        "answer word for word": answer is not None and text == plain_text(answer),
        "contains the answer": answer is not None and holds(reply, [answer]),
        "declines": declines,
        "declines, where the article leaves it open": declines,
        "each sentence with a mark": declines or all(draft.marks for draft in said),
        "words of the passage it names": declines
        or any(text in plain_text(passages[mark - 1]) for draft in said for mark in draft.marks),
    }


def main() -> None:
    """Ask, print and keep the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    read, questions = asked(count)
    ways: dict[str, tuple[list[dict[str, bool]], list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "written.jsonl"
        lines = [{"id": str(at), "title": one["title"], "text": one["text"]} for at, one in enumerate(read)]
        file.write_text("\n".join(map(json.dumps, lines)))
        desk = qa.open(Path(folder) / "library")
        desk.index(file)
        stock = LlamaGenerator(model_file(DEFAULT), desk.settings.context_tokens, rule=Marked)
        for number, (question, answer) in enumerate(questions, start=1):
            messages, used = prompt(desk, question)
            passages = list(map(as_read, used))
            for model, generator in (("default model", desk.generator), ("without the adapter", stock)):
                "".join(generator.stream(messages, 1))  # the prompt is read once, so that only the writing is timed
                for way, given in (("freely", []), ("kept to the rule", passages)):
                    began = time.perf_counter()
                    reply = "".join(generator.stream(messages, desk.settings.answer_tokens, given))
                    results, times = ways.setdefault(f"{model}, {way}", ([], []))
                    results.append(judged(reply, passages, answer))
                    times.append(1000 * (time.perf_counter() - began))
            print(f"\r{number} of {len(questions)}", end="", file=sys.stderr)
    answered = [answer is not None for _, answer in questions]
    names = list(ways)
    table = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for name, of in MEASURES.items():
        chosen = [of is None or is_answered is of for is_answered in answered]
        counts = [sum(one[name] for one, c in zip(ways[way][0], chosen, strict=True) if c) for way in names]
        table.append(f"| {name}, of {sum(chosen)} | {' | '.join(map(str, counts))} |")
    table.append(f"| writing, ms, median | {' | '.join(f'{statistics.median(ways[way][1]):.0f}' for way in names)} |")
    text = "\n".join(table)
    RESULTS.write_text(
        "# Replies that are kept to the passages\n\nMade by `benchmarks/decoding.py`: "
        f"{len(questions)} questions on written news.\n\n{text}\n",
        encoding="utf-8",
    )
    print(f"\n{text}")


if __name__ == "__main__":
    main()
