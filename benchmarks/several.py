"""Two questions in one, and each by itself: ``python benchmarks/several.py [PAIRS]``.

The articles are all those of models/reader/written; the questions are of written/held_out, on which no weights were trained, though
the calibration of the reader was fitted on some. So many pairs are drawn of two questions that are answered in two articles,
and as many of one that is and one that its article leaves open. Writes benchmarks/several.md.
"""

import json
import random
import statistics
import sys
import tempfile
from pathlib import Path

import qa
from models.reader.written import alone, articles
from qa.evaluate.figures import rate
from qa.evaluate.scores import holds
from qa.types import Answer

RESULTS = Path(__file__).with_suffix(".md")
OPENINGS = ("What", "Who", "Whose", "When", "Where", "Which", "Why", "How")
NOT_SAID = "The articles do not say: "


def drawn(pairs: int) -> tuple[list[dict], list[list[tuple]]]:
    """The lines of the library, and pairs of (question, article, answer or None), half of them with one left open."""
    read = [article | {"id": f"w{number}"} for number, article in enumerate(articles(False) + articles(True))]
    held_out = {article["title"] for article in alone(articles(True))}
    rng, asked = random.Random(0), {True: list[tuple](), False: list[tuple]()}
    for article in read:
        for question, place in article["asked"] if article["title"] in held_out else ():
            if question.split()[0] in OPENINGS:
                answer = article["text"][slice(*place)] if place else None
                asked[place is not None].append((question.rstrip("?"), article["id"], answer))
    made = []
    for known in (True, False):
        while len(made) < pairs * (1 if known else 2):
            one, other = rng.choice(asked[True]), rng.choice(asked[known])
            if one[1] != other[1]:
                made.append([one, other] if rng.random() < 0.5 else [other, one])
    return [{key: article[key] for key in ("id", "title", "date", "text")} for article in read], made


def together(first: str, second: str, number: int) -> str:
    """Two questions as one, by turns as one sentence and as two."""
    return f"{first}, and {second[0].lower()}{second[1:]}?" if number % 2 else f"{first}? {second}?"


def right(answer: Answer, article: str, wanted: str) -> bool:
    """Whether a quote of the right article holds the answer."""
    return any(c.article_id == article and holds(c.quote, [wanted]) for c in answer.citations)


def main() -> None:
    """Index, ask, print and keep the table."""
    lines, pairs = drawn(int(sys.argv[1]) if len(sys.argv) > 1 else 25)
    flags: dict[str, list[bool]] = {}
    seconds = []
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "articles.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        desk = qa.open(Path(place) / "library")
        desk.index(file)
        for number, pair in enumerate(pairs, start=1):
            answer = desk.ask(together(pair[0][0], pair[1][0], number))
            seconds.append(answer.timings.total_ms / 1000)
            found = [right(answer, article, wanted) for _, article, wanted in pair if wanted]
            if len(found) == 2:
                by_itself = [right(desk.ask(f"{question}?"), article, wanted) for question, article, wanted in pair]
                flags.setdefault("both answered: each asked by itself is right", []).extend(by_itself)
                flags.setdefault("both answered: each is right", []).extend(found)
                flags.setdefault("both answered: both are right", []).append(all(found))
                flags.setdefault("both answered: refused", []).append(answer.abstained)
            else:
                [left] = [question for question, _, wanted in pair if not wanted]
                named = f"{NOT_SAID}{left}?".casefold() in (answer.reason or "").casefold()
                flags.setdefault("one left open: the other is right", []).extend(found)
                flags.setdefault("one left open: it is named, or all is refused", []).append(named or answer.abstained)
            print(f"\r{number} of {len(pairs)} questions", end="", file=sys.stderr)
    table = ["| | share | 95 % interval | of |", "|---|---|---|---|"]
    for name, values in flags.items():
        table += [
            f"| {name} | {f.value:.3f} | {f.low:.3f} to {f.high:.3f} | {f.count} |" for f in rate("", name, values)
        ]
    text = (
        f"# Two questions in one\n\nMade by `python benchmarks/several.py`: default models, {len(lines):,} written articles, "
        f"questions on held-out ones, on some of which the calibration was fitted. Whole answer to two questions: "
        f"{statistics.median(seconds):.1f} s (median).\n\n" + "\n".join(table) + "\n"
    )
    RESULTS.write_text(text, encoding="utf-8")
    print(f"\n{text}")


if __name__ == "__main__":
    main()
