"""Long articles with questions, put together from training data: what passages of other sizes are measured on.

    .venv/bin/python benchmarks/long_articles.py DATA OUT

Paragraphs of one title stand one after the other as one article. DATA holds fairytaleqa.jsonl.gz and squad2.jsonl.gz
(models/reader/README.md); OUT gets articles.jsonl.gz and questions.jsonl, as many of each set.
"""

import argparse
import gzip
import json
import random
import statistics
from pathlib import Path

SETS = ("fairytaleqa", "squad2")


def main() -> None:
    """Read the sets, write articles and questions."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--each", type=int, default=150, help="questions of each set")
    given = parser.parse_args()
    articles: dict[str, list[str]] = {}  # what it is called -> its paragraphs, each once
    questions: dict[str, list[dict]] = {name: [] for name in SETS}
    for name in SETS:
        with gzip.open(given.data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in map(json.loads, lines):
                called = [passage["title"] for passage in line["passages"]]
                for one, passage in zip(called, line["passages"], strict=True):
                    paragraphs = articles.setdefault(one, [])
                    if passage["text"] not in paragraphs:
                        paragraphs.append(passage["text"])
                held = [
                    number
                    for number in line["gold"]
                    if any(a in line["passages"][number]["text"] for a in line["answers"])
                ]
                if held:
                    gold = sorted({called[number] for number in held})
                    questions[name].append({key: line[key] for key in ("id", "question", "answers")} | {"gold": gold})
    numbers = {one: f"a{number}" for number, one in enumerate(articles)}
    given.out.mkdir(parents=True, exist_ok=True)
    with gzip.open(given.out / "articles.jsonl.gz", "wt", encoding="utf-8") as file:
        for one, paragraphs in articles.items():
            file.write(json.dumps({"id": numbers[one], "title": one, "text": "\n\n".join(paragraphs)}) + "\n")
    with (given.out / "questions.jsonl").open("w", encoding="utf-8") as file:
        for made in questions.values():
            for asked in random.Random(0).sample(made, given.each):
                gold = [numbers[one] for one in asked.pop("gold")]
                file.write(json.dumps(asked | {"gold_articles": gold, "answerable": True, "kind": "long"}) + "\n")
    words = [sum(len(paragraph.split()) for paragraph in paragraphs) for paragraphs in articles.values()]
    print(f"{len(articles)} articles of {statistics.median(words):.0f} words (median; at most {max(words):,})")


if __name__ == "__main__":
    main()
