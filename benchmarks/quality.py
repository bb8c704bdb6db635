"""Ask every question of tests/questions.jsonl of the sample articles and count what comes back: ``make quality``.

Prints the table, once as the product is and once with the quoted fallback off, and the ten worst cases; the table is
kept in benchmarks/quality.md. No setting is fitted on these questions.
"""

import json
import statistics
import sys
import tempfile
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any

import qa
from qa.types import Answer, Message

ROOT = Path(__file__).parent.parent
QUESTIONS = ROOT / "tests" / "questions.jsonl"
RESULTS = Path(__file__).with_suffix(".md")


def load_questions() -> list[dict[str, Any]]:
    """The questions in their order."""
    return [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]


def ask_all(desk: qa.Desk, questions: list[dict[str, Any]]) -> list[Answer]:
    """One answer for each question."""
    answers = []
    for number, asked in enumerate(questions, start=1):
        history = [Message(turn["role"], turn["content"]) for turn in asked.get("history", [])]
        answers.append(desk.ask(asked["question"], history, today=asked.get("today")))
        print(f"\r{number} of {len(questions)} questions", end="", file=sys.stderr)
    print(file=sys.stderr)
    return answers


def contains_gold(asked: dict[str, Any], answer: Answer) -> bool:
    """Whether an accepted answer stands in the text, case and line ends aside."""
    text = " ".join(answer.text.casefold().split())
    return not answer.abstained and any(" ".join(gold.casefold().split()) in text for gold in asked["answers"])


def cites_gold(asked: dict[str, Any], answer: Answer) -> bool:
    """Whether a cited article is one from which the right answer may be cited."""
    return any(citation.article_id in asked["gold_articles"] for citation in answer.citations)


def rate(flags: list[bool]) -> str:
    """A share with its count and 95 % Wilson interval."""
    n, k = len(flags), sum(flags)
    if not n:
        return "none"
    z, p = 1.96, k / n
    middle, half = (
        (p + z * z / (2 * n)) / (1 + z * z / n),
        z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n),
    )
    return f"{100 * p:.1f} % ({k}/{n}; {100 * (middle - half):.0f} to {100 * (middle + half):.0f})"


def measure(desk: qa.Desk, questions: list[dict[str, Any]], answers: list[Answer]) -> dict[str, str]:
    """Every figure by its name."""
    pairs = list(zip(questions, answers, strict=True))
    answerable = [(q, a) for q, a in pairs if q["answerable"]]
    answered = [(q, a) for q, a in answerable if not a.abstained]
    sentences = [sentence for answer in answers for sentence in answer.sentences]
    seconds = sorted(answer.timings.total_ms / 1000 for answer in answers)
    first = [answer.timings.first_token_ms / 1000 for answer in answers if answer.timings.first_token_ms]
    figures = {
        "contains gold, of all answerable": rate([contains_gold(q, a) for q, a in answerable]),
        "cited article right, of those answered": rate([cites_gold(q, a) for q, a in answered]),
        "cited article right, of all answerable": rate([cites_gold(q, a) for q, a in answerable]),
        "quotes exact": rate(
            [desk.article(c.article_id).text[c.start : c.end] == c.quote for a in answers for c in a.citations]
        ),
        "true refusals, of all not answerable": rate([a.abstained for q, a in pairs if not q["answerable"]]),
        "false refusals, of all answerable": rate([a.abstained for _, a in answerable]),
        "sentences generated": rate([sentence.origin == "generated" for sentence in sentences]),
        "seconds per question, median and 95th of 100": f"{statistics.median(seconds):.2f}, {seconds[int(0.95 * len(seconds))]:.2f}",
        "seconds to the first text, median": f"{statistics.median(first):.2f}" if first else "none",
    }
    for kind in dict.fromkeys(q["kind"] for q in questions):
        of_kind = [(q, a) for q, a in pairs if q["kind"] == kind]
        right = [contains_gold(q, a) if q["answerable"] else a.abstained for q, a in of_kind]
        figures[f"right, {kind}"] = rate(right)
    return figures


def worst_cases(questions: list[dict[str, Any]], answers: list[Answer], count: int = 10) -> list[str]:
    """The cases that are wrong with the most confidence, as one line each."""
    wrong = []
    for asked, answer in zip(questions, answers, strict=True):
        right = contains_gold(asked, answer) if asked["answerable"] else answer.abstained
        if not right:
            sure = 1 - answer.confidence if answer.abstained else answer.confidence
            expected = " / ".join(asked["answers"]) if asked["answerable"] else "a refusal"
            wrong.append(
                (
                    sure,
                    f"{asked['id']} ({asked['kind']}): {asked['question']} | expected: {expected} | got: {answer.text}",
                )
            )
    return [line for _, line in sorted(wrong, reverse=True)[:count]]


def main() -> None:
    """Index, ask twice, print and keep the table."""
    questions = load_questions()
    with tempfile.TemporaryDirectory() as folder:
        desk = qa.open(folder)
        desk.index(ROOT / "seeds")
        answers = ask_all(desk, questions)
        bare = qa.open(folder)
        bare.settings = replace(bare.settings, quoted_fallback=False)
        both = [measure(desk, questions, answers), measure(bare, questions, ask_all(bare, questions))]
    lines = ["| figure | as it is | without the quoted fallback |", "|---|---|---|"]
    lines += [f"| {name} | {both[0][name]} | {both[1][name]} |" for name in both[0]]
    table = "\n".join(lines)
    worst = "\n".join(f"- {line}" for line in worst_cases(questions, answers))
    RESULTS.write_text(
        f"# Quality on the sample articles\n\nMade by `make quality`: {len(questions)} questions on seeds/, default models, one run.\n"
        f"Rates with counts and 95 % Wilson intervals.\n\n{table}\n\n## The ten worst cases\n\n{worst}\n",
        encoding="utf-8",
    )
    print(f"{table}\n\nThe ten worst cases:\n{worst}")


if __name__ == "__main__":
    main()
