"""Put every evaluation set of a folder to the product, each at a size that ends soon: ``make eval DATA=folder``.

Without a folder only the questions on the sample articles are asked. ``SETS="squad2 newsqa"`` asks some only, ``SCALE=2`` twice as
many questions of each; the table, benchmarks/evaluation.md, is made of all reports that lie in evaluation/sets/ and says on
which day each was made, by which code. Every set is asked by a process of its own, so that its peak of memory is its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
REPORTS = ROOT / "evaluation" / "sets"  # beside those of runs by hand, which may have asked otherwise
RESULTS = Path(__file__).with_suffix(".md")
SEED = "0"
# Name, files of questions, corpus, --given, how many: together 20 minutes on two slow cores by their rates, corpus indexed.
SETS: tuple[tuple[str, tuple[str, ...], str | None, str | None, int], ...] = (
    ("realtimeqa", ("realtimeqa-2024.questions", "realtimeqa-2024-absent.questions"), "realtimeqa-2024.articles", None, 80),
    ("multihop-facts", ("multihop-news",), "multihop-news.facts", None, 40),
    ("squad2", ("squad2",), None, "gold", 60),
    ("newsqa", ("newsqa",), None, "gold", 40),
    ("clapnq", ("clapnq",), None, "gold", 40),
    ("eloq", ("eloq",), None, "gold", 30),
    ("conversations", ("mtrag",), None, None, 100),
    ("rewrites", ("rewrites",), None, None, 500),
    ("support", ("support",), None, None, 200),
    ("counterfactual", ("counterfactual",), None, None, 10),
    ("injections", ("injections",), None, None, 8),
)  # fmt: skip
SEEDS = 60  # questions on the sample articles
KEPT = (
    "hit@5, gold article",
    "nDCG@10, gold article",
    "all gold articles among 10",
    "answer within 150 words",
    "answer within 600 words",
    "F1 of the short answer, of all answerable",
    "text contains the gold answer, of all answerable",
    "ROUGE-L of the text, of all answerable",
    "answers with a right citation, of all answerable",
    "quote holds the gold answer, generated",
    "quote holds the gold answer, quoted",
    "true refusals, of all not answerable",
    "false refusals, of all answerable",
    "balanced accuracy",
    "calibration error (ECE) of confidence",
    "whole answer, p50",
)
OF_TASKS = ("Support check", "Follow-ups", "Search in conversations", "Wrong passages", "Planted instructions")


def evaluate(name: str, *arguments: str) -> None:
    """Run ``qa eval``; the report goes into evaluation/."""
    out = REPORTS / name
    print(f"{name}:", file=sys.stderr)
    command = [sys.executable, "-m", "qa", "eval", *arguments, "--seed", SEED, "--out", str(out)]
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        sys.exit(1)


def row(name: str, figure: dict[str, Any]) -> str:
    """A line of the table."""
    digits = ".0f" if figure["unit"] == "ms" else ".3f"
    low, high = figure["low"], figure["high"]
    interval = "" if low is None or high is None else f"{low:{digits}} to {high:{digits}}"
    return (
        f"| {name} | {figure['name']} | {figure['value']:{digits}} {figure['unit']} | {interval} | {figure['count']} |"
    )


def checked(folder: str, chosen: set[str]) -> None:
    """End in one sentence where what was asked for cannot be."""
    names = ("seeds", *(name for name, *_ in SETS))
    unknown = chosen - set(names)
    if unknown:
        sys.exit(f"newsdesk: there is no set {', '.join(sorted(unknown))}; known are {', '.join(names)}")
    if folder and not Path(folder).is_dir():
        sys.exit(f"newsdesk: there is no folder {folder}; name that of the evaluation data: make eval DATA=folder")
    if chosen - {"seeds"} and not folder:
        sys.exit("newsdesk: these sets need the folder of the evaluation data: make eval DATA=folder SETS=...")


def table(reports: Path = REPORTS) -> str:
    """The figures of all whole reports in a folder, each with its day and the beginning of the hash of its code."""
    lines = ["| set | asked on | code | figure | value | 95 % interval | of |", "|---|---|---|---|---|---|---|"]
    for name in ("seeds", *(name for name, *_ in SETS)):
        file = reports / name / "report.json"
        report = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"left": 1}
        if not report["left"]:
            head = f"{name} | {report['day']} | {report['code'].removeprefix('sha256 ')[:7]}"
            lines += [row(head, f) for f in report["figures"] if f["name"] in KEPT or f["group"] in OF_TASKS]
    return "\n".join(lines)


def sets_in(folder: Path) -> Path:
    """Where the sets lie: in a folder, or in its "eval"; ends in one sentence where in neither."""
    for place in (folder, folder / "eval"):
        if any((place / f"{file}.jsonl.gz").is_file() for _, files, *_ in SETS for file in files):
            return place
    sys.exit(f"newsdesk: {folder} holds none of the evaluation sets; name the folder of squad2.jsonl.gz and the others")


def scale() -> float:
    """How many times as many questions of each set are asked, as SCALE says."""
    given = os.environ.get("SCALE") or "1"
    try:
        times = float(given)
    except ValueError:
        times = 0.0
    if not 0 < times < float("inf"):
        sys.exit(f"newsdesk: SCALE cannot be {given}; give how many times as many questions to ask, such as SCALE=2")
    return times


def main() -> None:
    """Ask the sets, print and keep the table."""
    given, chosen = " ".join(sys.argv[1:2]), set(sys.argv[2:])
    checked(given, chosen)
    folder, times = sets_in(Path(given).resolve()) if given else None, scale()
    if not chosen or "seeds" in chosen:
        asked = ("--questions", str(ROOT / "tests" / "questions.jsonl"), "--corpus", str(ROOT / "seeds"))
        evaluate("seeds", *asked, "--limit", str(max(1, round(SEEDS * times))))
    if folder is None:
        print("Only the sample articles were asked; for the evaluation sets: make eval DATA=folder", file=sys.stderr)
        return
    for name, files, corpus, own, limit in SETS:
        questions = [folder / f"{file}.jsonl.gz" for file in files]
        if chosen and name not in chosen:
            continue
        if not all(file.is_file() for file in questions):
            print(f"{name}: left out, {folder} does not hold it", file=sys.stderr)
            continue
        place = ["--given", own] if own else []
        if corpus:
            place = ["--corpus", str(folder / f"{corpus}.jsonl.gz")]
        evaluate(name, "--questions", *map(str, questions), *place, "--limit", str(max(1, round(limit * times))))
    RESULTS.write_text(
        "# The evaluation sets\n\nMade by `make eval DATA=folder`: default models, samples with seed 0, each set once. "
        "What the figures mean: docs/evaluate.md.\n\n" + table() + "\n",
        encoding="utf-8",
    )
    print(table())


if __name__ == "__main__":
    main()
