"""What is said where a second report gives another value: ``python benchmarks/disagreement.py [QUESTIONS]``.

The articles are those of models/reader/written/held_out: no weights were trained on them, but the calibration of the
reader was fitted on their questions, and the two limits of the rule were chosen on them. For each of a sample of questions
with a number or a name as its answer, a second report is made: the sentences around the answer, a month later, with
another answer of the same kind. Each question is asked of all articles, without that report and with it. Writes
benchmarks/disagreement.md.
"""

import json
import random
import re
import sys
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import qa
from models.reader.written import alone, articles
from qa.answering.disagreement import differ
from qa.evaluate.figures import rate
from qa.evaluate.scores import holds, plain_text
from qa.language.sentences import sentence_spans
from qa.types import Answer

RESULTS = Path(__file__).with_suffix(".md")
AROUND = 2  # sentences on each side of the answer's that the second report takes over
NUMBER = re.compile(r"\d+")
NAME = re.compile(r"[A-Z][\w'’-]+ [A-Z][\w'’-]+")
DAY = date(2031, 3, 1)  # of articles without a date of their own


def cases(count: int) -> list[dict]:
    """Questions whose answers are numbers or names, with the second report."""
    rng, made = random.Random(0), list[dict]()
    read = articles(held_out=True)
    for number, article in enumerate(read):
        article["id"], article["date"] = f"w{number}", article["date"] or DAY.isoformat()
    single = {article["title"] for article in alone(read)}
    people = sorted({found for one in read for _, span in one["asked"] if span and (found := _name(one, span))})
    for article in read:
        for question, span in article["asked"] if article["title"] in single else ():
            if span is None:
                continue
            answer = article["text"][slice(*span)]
            other = _other_value(answer, people, rng)
            if other and differ(answer, other) and article["text"].count(answer) == 1:
                made.append(
                    {
                        "question": question,
                        "answer": answer,
                        "other": other,
                        "article": article["id"],
                        "report": _second(article, span, other, len(made)),
                    }
                )
    chosen = rng.sample(made, min(count, len(made)))
    return [{**case, "library": [_line(article) for article in read]} for case in chosen]


def _name(article: dict, span: tuple[int, int]) -> str | None:
    """An answer that is a name of two words."""
    answer = article["text"][slice(*span)]
    return answer if NAME.fullmatch(answer) else None


def _other_value(answer: str, people: Sequence[str], rng: random.Random) -> str | None:
    """Another number where there is one, with the same words around it; another name for a name of two words."""
    if found := NUMBER.search(answer):
        number = int(found.group())
        other = (
            number + rng.choice((-3, -2, 2, 3))
            if 1900 < number < 2100
            else number + max(1, number * rng.randint(15, 60) // 100)
        )
        return f"{answer[: found.start()]}{other}{answer[found.end() :]}"
    return rng.choice(people) if NAME.fullmatch(answer) else None


def _second(article: dict, span: tuple[int, int], other: str, number: int) -> dict:
    """The report of a month later."""
    text = article["text"]
    sentences = sentence_spans(text)
    at = next(i for i, sentence in enumerate(sentences) if sentence.end >= span[1])
    first, last = sentences[max(0, at - AROUND)], sentences[min(len(sentences) - 1, at + AROUND)]
    body = text[first.start : span[0]] + other + text[span[1] : last.end]
    day = date.fromisoformat(article["date"]) + timedelta(days=30)
    return {"id": f"second-{number}", "title": article["title"], "date": day.isoformat(), "text": body}


def _line(article: dict) -> dict:
    return {key: article[key] for key in ("id", "title", "date", "text")}


def shown(answer: Answer, value: str) -> bool:
    """Whether an answer's text holds a value."""
    return not answer.abstained and holds(plain_text(answer.text), [value])


def table(asked: Sequence[tuple[dict, Answer, Answer]]) -> str:
    """The figures."""
    answered = [one for one in asked if not one[1].abstained]
    flags = {
        "without a second report: the right value is shown": [shown(a, c["answer"]) for c, a, _ in asked],
        "without a second report, of answered: articles are said to differ": [
            bool(a.conflicts) for _, a, _ in answered
        ],
        "with it: both values are shown": [shown(b, c["answer"]) and shown(b, c["other"]) for c, _, b in asked],
        "with it, where the right value was shown without: both are shown": [
            shown(b, c["answer"]) and shown(b, c["other"]) for c, a, b in asked if shown(a, c["answer"])
        ],
        "with it, where the right value was shown without: only the other is shown": [
            shown(b, c["other"]) and not shown(b, c["answer"]) for c, a, b in asked if shown(a, c["answer"])
        ],
        "with it: the articles are said to differ": [bool(b.conflicts) for _, _, b in asked],
    }
    lines = ["| | share | 95 % interval | of |", "|---|---|---|---|"]
    for name, values in flags.items():
        for f in rate("", name, values):
            lines.append(f"| {name} | {f.value:.3f} | {f.low:.3f} to {f.high:.3f} | {f.count} |")
    return "\n".join(lines)


def main() -> None:
    """Index, ask, print and keep the table."""
    chosen = cases(int(sys.argv[1]) if len(sys.argv) > 1 else 120)
    asked = []
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "articles.jsonl"
        lines = [*chosen[0]["library"], *(case["report"] for case in chosen)]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        desk = qa.open(Path(place) / "library")
        desk.index(file)
        own = {line["id"] for line in chosen[0]["library"]}
        for number, case in enumerate(chosen, start=1):
            day = case["report"]["date"]
            before = desk.ask(case["question"], today=day, articles=own)
            after = desk.ask(case["question"], today=day, articles=own | {case["report"]["id"]})
            asked.append((case, before, after))
            print(f"\r{number} of {len(chosen)} questions", end="", file=sys.stderr)
    text = (
        "# Reports that give different values\n\nMade by `python benchmarks/disagreement.py`: default models, questions on "
        f"held-out written articles, on which the calibration was fitted and the limits were chosen.\n\n{table(asked)}\n"
    )
    RESULTS.write_text(text, encoding="utf-8")
    print(f"\n{text}")


if __name__ == "__main__":
    main()
