"""Questions that a passage seems to answer and does not: one word of an answered question is exchanged.

    python -m models.reader.twisted EXAMPLES_FOLDER

Reads what examples.py and news.py wrote there and writes twisted.jsonl and twisted-held-out.jsonl: each question with
its passage twice, as it was asked and with another name or year of the same passage in it, or with a word that means
the opposite. What the passage says of one thing answers no question about the other (two of the kinds of unanswerable
questions that Rajpurkar et al. 2018 found people to write for SQuAD 2.0).
"""

import argparse
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from models.reader.examples import NAME, find
from qa.language.sentences import sentence_spans

SEED = 0
INSIDE = re.compile(r"(?<!\S)[^\sA-Z][^\s.!?]* $")  # where a sentence begins any word has a capital
OPPOSITES = """
first last, before after, largest smallest, biggest smallest, highest lowest, most least, oldest youngest, earliest
latest, increase decrease, increased decreased, rise fall, rose fell, risen fallen, rising falling, grew shrank, won
lost, win lose, winner loser, north south, northern southern, east west, eastern western, opened closed,
opening closing, bought sold, buy sell, buyer seller, supported opposed, support oppose, supporters opponents,
approved rejected, approve reject, accepted refused, accept refuse, began ended, started finished, minimum
maximum, above below, men women, man woman, mother father, brother sister, son daughter, husband wife, boys girls,
public private, early late, faster slower, higher lower, larger smaller, longer shorter, older younger, heavier
lighter, better worse, best worst, hired dismissed, appointed dismissed, allowed forbidden, allow forbid, summer
winter, spring autumn, morning evening, stronger weaker, success failure, succeeded failed, gained lost, added
removed, built demolished, raised lowered, raise lower, inside outside, imports exports, imported exported, victory
defeat, cheaper dearer, cheapest dearest, richest poorest, joined left, agreed refused, agree refuse, more fewer,
friend enemy, teacher pupil, employer employee, landlord tenant, urban rural, upper lower, entered left, arrived
departed, borrowed lent, found lost, remembered forgot"""
OPPOSITE: dict[str, list[str]] = {}
for _one, _other in (pair.split() for pair in " ".join(OPPOSITES.split()).split(", ")):
    OPPOSITE.setdefault(_one, []).append(_other)
    OPPOSITE.setdefault(_other, []).append(_one)


def twists(example: dict, rng: random.Random) -> Iterator[str]:
    """The question of an answered example, put so that its passage no longer answers it; in no order.

    What stands in brackets behind a follow-up (qa/retrieval/followup.py) stays: it is only what was spoken of.
    """
    text = example["text"]
    question, bracket, behind = example["question"].partition(" (")
    start, end = example["answer"]
    answer = text[start:end]
    said = next((text[s.start : s.end] for s in sentence_spans(text) if s.start <= start < s.end), text)
    asked = {word for name in NAME.finditer(question) for word in name.group().split()}
    for name in NAME.finditer(question):
        year = name.group()[0].isdigit()
        if find(name.group(), said) < 0:
            continue  # the sentence may speak of it by a pronoun and of the other by its name
        others = sorted(
            {
                other.group()
                for other in NAME.finditer(text)
                if other.group()[0].isdigit() == year
                and INSIDE.search(text[: other.start()])
                and not asked & set(other.group().split())
                and find(other.group(), answer) < 0
                and find(other.group(), said) < 0
                and (year or len(other.group().split()) == len(name.group().split()))
            }
        )
        if others:
            yield f"{question[: name.start()]}{rng.choice(others)}{question[name.end() :]}{bracket}{behind}"
    words = question.split(" ")
    for place, word in enumerate(words):
        opposites = [one for one in OPPOSITE.get(word, ()) if find(one, said) < 0]
        if opposites and place:
            yield " ".join([*words[:place], rng.choice(opposites), *words[place + 1 :]]) + bracket + behind


def pairs(examples: list[dict], rng: random.Random) -> list[dict]:
    """Of each answered example that can be twisted one twist, behind the example itself."""
    made = []
    for example in examples:
        found = list(twists(example, rng)) if example["answer"] else []
        if found:
            made += [example, {**example, "question": rng.choice(found), "answer": None}]
    return made


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("examples", type=Path)
    folder, rng = parser.parse_args().examples, random.Random(SEED)
    for name, sources in (
        ("twisted", ("train", "news")),
        ("twisted-held-out", ("held-out", "written-held-out")),
    ):
        examples = [
            json.loads(line) for source in sources for line in (folder / f"{source}.jsonl").open(encoding="utf-8")
        ]
        made = pairs(examples, rng)
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in made)
        print(f"{name}: {len(made) // 2} pairs")


if __name__ == "__main__":
    main()
