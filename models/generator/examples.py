"""Make training examples for the generator's adapter: a few numbered passages, and questions put to all of them.

    python -m models.generator.examples DATA_FOLDER OUT_FOLDER [--left-open] [--draw 1]

DATA_FOLDER as in models/reader/examples.py, and the same paragraphs are held out. With --left-open, what was written on
some of the paragraphs (models/reader/left_open.py) is asked beside what their sets ask. Similar paragraphs stand together,
as they do behind a search; another --draw puts others together. The answer is the span with the number of its passage, or
NOT_SAID: for questions that their sets mark as unanswerable, and for questions of similar paragraphs that are not among the
passages.
"""

import argparse
import json
import random
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from models.reader.examples import find, split_rows, windows
from models.reader.left_open import FOLDER, as_rows, written
from qa.retrieval.embedder import SentenceEmbedder

WIDTH = 110  # words of a passage, as in the product
PASSAGES = (1, 2, 2, 3, 3, 3)  # how many stand together
MOST_ASKED = 10  # questions of one group
MOST_ANSWERED, LONGEST_ANSWER = 7, 12  # of one group; words
TWICE = 2  # how often a question may be asked
NEIGHBOURS = 10
FIRST_DAY, DAYS = date(2015, 1, 1), 4000


def make_groups(rows: list[dict], rng: random.Random) -> list[dict]:
    """Groups of passages with their questions, in random order."""
    asked_of: dict[str, list[dict]] = {}
    passage_of: dict[str, dict] = {}
    for row in rows:
        if len(row["passages"]) == 1:
            text = row["passages"][0]["text"].strip()
            asked_of.setdefault(text, []).append(row)
            passage_of[text] = row["passages"][0]
    texts = list(asked_of)
    vectors = SentenceEmbedder().encode([f"{passage_of[t]['title'] or ''}\n{t}" for t in texts])
    near = np.argsort(-(vectors @ vectors.T), axis=1)[:, 1 : NEIGHBOURS + 1]
    used: dict[str, int] = {}
    groups = []
    for anchor in rng.sample(range(len(texts)), len(texts)):
        count = rng.choice(PASSAGES)
        chosen = [anchor, *rng.sample(list(near[anchor]), count - 1)]
        others = [row for i in near[anchor] if i not in chosen for row in asked_of[texts[i]]]
        own = [row for i in chosen for row in asked_of[texts[i]]]
        pieces = [piece for i in chosen for piece in best_windows(passage_of[texts[i]], asked_of[texts[i]], count, rng)]
        rng.shuffle(pieces)
        asked = ask(pieces, own, others, used, rng)
        if any(question["answer"] for question in asked):
            groups.append({"passages": dated(pieces, rng), "asked": asked})
    return groups


def best_windows(passage: dict, rows: list[dict], count: int, rng: random.Random) -> list[tuple[str, str]]:
    """The piece of a paragraph that answers most of its questions; where it stands alone, sometimes all pieces."""
    pieces = windows(passage, WIDTH)
    if count == 1 and rng.random() < 0.5:
        return pieces[:3]
    return [max(pieces, key=lambda piece: sum(any(find(a, piece[1]) >= 0 for a in row["answers"]) for row in rows))]


def ask(
    pieces: list[tuple[str, str]], own: list[dict], others: list[dict], used: dict[str, int], rng: random.Random
) -> list[dict]:
    """The questions put to a group: those its passages answer, and about half as many that they do not."""
    answered, unanswered, foreign = [], [], []
    for row in rng.sample(own, len(own)) + rng.sample(others, len(others)):
        if used.get(row["id"], 0) >= TWICE:
            continue
        question = {"id": row["id"], "question": row["question"].strip(), "answer": None, "passage": None}
        holding = [
            (n, a)
            for n, (_, text) in enumerate(pieces, 1)
            for a in row["answers"]
            if row["answerable"] and find(a, text) >= 0
        ]
        if not row["answerable"]:
            (unanswered if row in own else foreign).append(question)
        elif not holding:
            # The answer in other words, perhaps: of the group's own questions only those that nothing resembles.
            if row not in own and not any(a.lower() in text.lower() for a in row["answers"] for _, text in pieces):
                foreign.append(question)
        elif row in own and len({n for n, _ in holding}) == 1 and len(row["answers"][0].split()) <= LONGEST_ANSWER:
            answer = next((a for a in row["answers"] if (holding[0][0], a) in holding), holding[0][1])
            answered.append({**question, "answer": answer, "passage": holding[0][0]})
    answered = answered[:MOST_ANSWERED]
    wanted = max(1, round(0.6 * len(answered)))
    asked = answered + (unanswered + foreign)[:wanted]
    asked = asked[:MOST_ASKED]
    for question in asked:
        used[question["id"]] = used.get(question["id"], 0) + 1
    rng.shuffle(asked)
    return asked


def dated(pieces: list[tuple[str, str]], rng: random.Random) -> list[dict]:
    """Passages as the prompt shows them; most groups have dates, invented here since the sets have none."""
    with_dates = rng.random() < 0.7
    return [
        {
            "title": title,
            "date": (FIRST_DAY + timedelta(days=rng.randrange(DAYS))).isoformat() if with_dates else None,
            "text": text,
        }
        for title, text in pieces
    ]


def main() -> None:
    """Write train.jsonl and held-out.jsonl."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--left-open", action="store_true")
    parser.add_argument("--draw", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    questions = written(FOLDER) if arguments.left_open else {}
    for part, rows in split_rows(arguments.data, random.Random(0)).items():
        groups = make_groups(rows + as_rows(rows, questions), random.Random(arguments.draw))
        with (arguments.out / f"{part}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(group, ensure_ascii=False) + "\n" for group in groups)
        asked = [question for group in groups for question in group["asked"]]
        answered = sum(question["answer"] is not None for question in asked)
        print(f"{part}: {len(groups)} groups, {len(asked)} questions, {answered} with an answer")


if __name__ == "__main__":
    main()
