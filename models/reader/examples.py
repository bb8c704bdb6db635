"""Make training examples for the reader: one question, one passage as the product cuts it, and where the answer stands.

    python -m models.reader.examples DATA_FOLDER OUT_FOLDER [--draw 0] [--share 1]

DATA_FOLDER holds squad2, squad-long, nq and fairytaleqa as .jsonl.gz (see the model card for the format and licences).
A passage without the answer is an example too: windows of the same paragraph, questions that a person marked as unanswerable,
and for each question the most similar passage of another paragraph that does not hold the answer. Questions are also asked as
follow-ups, in the words the product makes of those, and of a name or a year of which the passage says nothing.
Another --draw cuts the same training rows in other places and asks other follow-ups, and a --share takes the rows of some
of the paragraphs and all that their set marks as unanswerable; what is held out stays as it is.
"""

import argparse
import gzip
import json
import random
import re
from pathlib import Path

import numpy as np

from qa.retrieval.embedder import SentenceEmbedder
from qa.retrieval.followup import standalone_question
from qa.retrieval.passages import split_passages
from qa.types import Message

SETS = {"squad2": None, "squad-long": None, "nq": None, "fairytaleqa": 3500}  # rows taken at most; None for all
HELD_OUT = 0.06  # share of paragraphs whose questions are kept for choosing the epoch and fitting the confidence
FOLLOW_UPS, OTHER_NAMES = 0.3, 0.25  # how often a question that allows it is asked in that way, too
NAME = re.compile(r"(?<!^)\b[A-Z][\w’'-]*\w(?: (?:of (?:the )?|the |de |von )?[A-Z][\w’'-]*\w)*|\b1\d{3}\b|\b20\d\d\b")
PRONOUNS = ("it", "it", "they", "he", "she", "this")


def find(answer: str, text: str) -> int:
    """Where an answer stands in a text as whole words, or -1."""
    match = re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text)
    return match.start() if match else -1


def windows(passage: dict, width: int) -> list[tuple[str, str]]:
    """A paragraph as (title, passage) pairs, cut as the product cuts articles."""
    text = passage["text"].strip()
    return [(passage["title"] or "", text[s.start : s.end]) for s in split_passages(text, width, 1)]


def row_examples(row: dict, rng: random.Random) -> list[dict]:
    """The examples of one row; an answerable one whose span stands nowhere gives none."""
    examples = []
    # The product's width most often; others so that the reader does not learn one length.
    width = rng.choice((110, 110, 80, 140))
    golds = set(row["gold"])
    answers = sorted(row["answers"], key=len)
    for number, passage in enumerate(row["passages"]):
        for title, text in windows(passage, width):
            example = {
                "question": row["question"].strip(),
                "title": title,
                "text": text,
                "answer": None,
                "row": row["id"],
                "marked": not row["answerable"],
            }
            if row["answerable"] and number in golds:
                answer = next((a for a in answers if find(a, text) >= 0), None)
                if answer:
                    example["answer"] = [find(answer, text), find(answer, text) + len(answer)]
                elif any(a.lower() in text.lower() for a in answers):
                    continue
            examples.append(example)
    if row["answerable"] and not any(e["answer"] for e in examples):
        return []
    positive = [e for e in examples if e["answer"]]
    negative = [e for e in examples if not e["answer"]]
    return positive[:2] + rng.sample(negative, min(1, len(negative)))


def follow_ups(rows: list[dict], rng: random.Random) -> list[dict]:
    """Some rows once more, their question as the product completes it when a name in it stood in the turns before."""
    asked_of: dict[str, list[dict]] = {}
    for row in rows:
        asked_of.setdefault(row["passages"][0]["text"], []).append(row)
    made = []
    for row in rows:
        name = NAME.search(row["question"])
        before = [r for r in asked_of[row["passages"][0]["text"]] if r["question"] != row["question"]]
        if name is None or not before or name.group()[0].isdigit() or rng.random() > FOLLOW_UPS:
            continue
        before_it = re.sub(r"\b(?:the|an?) $", "", row["question"][: name.start()], flags=re.IGNORECASE)
        bare = f"{before_it}{rng.choice(PRONOUNS)}{row['question'][name.end() :]}"
        turn = rng.choice([r for r in before if name.group() in r["question"]] or before)
        said = "" if name.group() in turn["question"] else name.group()
        reply = Message("assistant", f"So says the report on {said}." if said else "So says the report.")
        made.append({**row, "question": standalone_question(bare, [Message("user", turn["question"]), reply])})
    return made


def other_names(rows: list[dict], rng: random.Random) -> list[dict]:
    """Examples without an answer: a question about a name or a year that its passage does not mention."""
    named = [row for row in rows if row["answerable"] and NAME.search(row["question"])]
    pools: dict[bool, list[str]] = {False: [], True: []}
    for row in named:
        for found in NAME.finditer(row["question"]):
            pools[found.group()[0].isdigit()].append(found.group())
    made = []
    for row in named:
        found, text = rng.choice(list(NAME.finditer(row["question"]))), row["passages"][row["gold"][0]]["text"]
        other = rng.choice(pools[found.group()[0].isdigit()])
        if rng.random() < OTHER_NAMES and found.group() in text and not set(other.split()) & set(text.split()):
            question = f"{row['question'][: found.start()]}{other}{row['question'][found.end() :]}".strip()
            holding = [w for w in windows(row["passages"][row["gold"][0]], 110) if found.group() in w[1]]
            made += [
                {"question": question, "title": title, "text": text, "answer": None, "row": row["id"]}
                for title, text in holding[:1]
            ]
    return made


def mined_negatives(rows: list[dict], rng: random.Random) -> list[dict]:
    """For each answerable question the most similar passage of another paragraph that lacks every answer."""
    texts = sorted({w for row in rows for p in row["passages"] for w in windows(p, 110)})
    asked = [row for row in rows if row["answerable"]]
    embedder = SentenceEmbedder()
    passages = embedder.encode([f"{title}\n{text}" for title, text in texts])
    questions = embedder.encode([row["question"] for row in asked])
    found = []
    for row, vector in zip(asked, questions, strict=True):
        own = {p["text"].strip() for p in row["passages"]}
        best = np.argsort(-(passages @ vector))[:12]
        fitting = [
            texts[i]
            for i in best
            if not any(texts[i][1] in text for text in own)
            and not any(a.lower() in texts[i][1].lower() for a in row["answers"])
        ]
        if fitting:
            title, text = rng.choice(fitting[:4])
            found.append(
                {"question": row["question"].strip(), "title": title, "text": text, "answer": None, "row": row["id"]}
            )
    return found


def split_rows(data: Path, rng: random.Random) -> dict[str, list[dict]]:
    """The rows of all sets in two parts that share no paragraph: "train" and "held-out"."""
    rows: list[dict] = []
    for name, most in SETS.items():
        with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            loaded = [json.loads(line) for line in lines]
        if name == "fairytaleqa":
            loaded = [row for row in loaded if row.get("kind") == "explicit" and len(row["passages"]) == 1]
        rows += rng.sample(loaded, most) if most and len(loaded) > most else loaded
    paragraphs = sorted({row["passages"][0]["text"][:200] for row in rows})
    held_out = set(rng.sample(paragraphs, round(HELD_OUT * len(paragraphs))))
    parts: dict[str, list[dict]] = {"train": [], "held-out": []}
    for row in rows:
        parts["held-out" if row["passages"][0]["text"][:200] in held_out else "train"].append(row)
    return parts


def main() -> None:
    """Write train.jsonl, held-out.jsonl and the rows themselves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--draw", type=int, default=0)
    parser.add_argument("--share", type=float, default=1.0)
    arguments = parser.parse_args()
    rng = random.Random(0)
    parts = split_rows(arguments.data, rng)
    if arguments.draw:
        rng = random.Random(arguments.draw)
    if arguments.share < 1:
        paragraphs = sorted({row["passages"][0]["text"] for row in parts["train"]})
        taken = set(rng.sample(paragraphs, round(arguments.share * len(paragraphs))))
        parts["train"] = [r for r in parts["train"] if r["passages"][0]["text"] in taken or not r["answerable"]]
    arguments.out.mkdir(parents=True, exist_ok=True)
    for part, part_rows in parts.items():
        examples = [example for row in part_rows for example in row_examples(row, rng)] + mined_negatives(
            part_rows, rng
        )
        if part == "train":
            examples += [example for row in follow_ups(part_rows, rng) for example in row_examples(row, rng)]
            examples += other_names(part_rows, rng)
        rng.shuffle(examples)
        with (arguments.out / f"{part}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(example, ensure_ascii=False) + "\n" for example in examples)
        answered = sum(example["answer"] is not None for example in examples)
        print(f"{part}: {len(part_rows)} rows, {len(examples)} examples, {answered} with an answer")
        with (arguments.out / f"{part}-rows.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in part_rows)


if __name__ == "__main__":
    main()
