"""Groups from the news written by hand for the reader: passages of one article and of others like it, and questions.

    python -m models.generator.written GROUPS_FOLDER OUT_FOLDER [--paragraphs 90] [--stories 60] [--seed 0]

GROUPS_FOLDER is what examples.py wrote; OUT_FOLDER, for train.py, gets some of its groups, some of stories.py and one of
every article of models/reader/written. The other passages come from articles that share no more than one name with it.
Left open is what the article does not say, what only its other passages say, and what names something that none mentions.
"""

import argparse
import json
import random
from pathlib import Path

import numpy as np

from models.generator.examples import LONGEST_ANSWER, dated
from models.generator.stories import stories, well_asked
from models.reader.examples import follow_ups
from models.reader.written import DAYS, NAME, articles, places, rows
from qa.retrieval.embedder import SentenceEmbedder
from qa.retrieval.passages import split_passages
from qa.types import Embedder, Span

WIDTH = 110  # words of a passage, as in the product
OWN = (1, 1, 2, 2, 2, 3)  # passages of the article itself, of three
PASSAGES = 3
MOST_ASKED = 14  # questions of one group; more than of the other kinds, for the passages are read once
LEFT_OPEN = 0.4  # of the questions of a group
NEAREST = 12
HELD_OUT = 24


def groups(read: list[dict], embedder: Embedder, rng: random.Random) -> list[dict]:
    """One of every article, in random order."""
    cut = [split_passages(one["text"], WIDTH, 1) for one in read]
    named = [set(NAME.findall(f"{one['title']}. {one['text']}")) - DAYS for one in read]
    asked = asked_of(read, rng)
    flat = [(number, span) for number, spans in enumerate(cut) for span in spans]
    vectors = embedder.encode([f"{read[n]['title']}\n{piece(read[n], span)}" for n, span in flat])
    first = np.cumsum([0, *(len(spans) for spans in cut)])
    made = []
    for number in rng.sample(range(len(read)), len(read)):
        own = rng.sample(cut[number], min(rng.choice(OWN), len(cut[number])))
        about = vectors[first[number] + cut[number].index(own[0])]
        near = (flat[i] for i in np.argsort(-(vectors @ about))[: 5 * NEAREST])
        others = [(n, span) for n, span in near if n != number and len(named[n] & named[number]) <= 1][:NEAREST]
        chosen = [(number, span) for span in own] + rng.sample(others, min(len(others), PASSAGES - len(own)))
        rng.shuffle(chosen)
        foreign = [pair for n, _ in others if n not in {c for c, _ in chosen} for pair in asked[n]]
        made.append(
            {
                "passages": dated_as_read(read, chosen, rng),
                "asked": ask(number, read, chosen, asked[number], foreign, rng),
            }
        )
    return made


def asked_of(read: list[dict], rng: random.Random) -> list[list[tuple[str, tuple[int, int] | None]]]:
    """The questions of each article with the place of the answer; some completed by the product as follow-ups."""
    all_rows = rows(read)
    completed = {row["id"]: row["question"] for row in follow_ups(all_rows, rng)}
    numbered = iter(all_rows)
    return [[(completed.get(next(numbered)["id"], q), place) for q, place in one["asked"]] for one in read]


def ask(
    number: int,
    read: list[dict],
    chosen: list[tuple[int, Span]],
    own: list[tuple[str, tuple[int, int] | None]],
    foreign: list[tuple[str, tuple[int, int] | None]],
    rng: random.Random,
) -> list[dict]:
    """Questions that exactly one chosen passage answers, and such as none does."""
    texts = [piece(read[n], span) for n, span in chosen]
    answered, left = [], []
    for question, place in rng.sample(own, len(own)):
        if place is None:
            left.append(question)
            continue
        answer = read[number]["text"][slice(*place)]
        holding = [
            i
            for i, (n, span) in enumerate(chosen, 1)
            if n == number and span.start <= place[0] and place[1] <= span.end
        ]
        said = [i for i, text in enumerate(texts, 1) if places(answer, text)]
        if holding and len(said) == 1 and len(answer.split()) <= LONGEST_ANSWER:
            answered.append({"question": question, "answer": answer, "passage": holding[0]})
        elif not said:
            left.append(question)
    whole = " ".join(f"{read[n]['title']} {read[n]['text']}" for n, _ in chosen)
    elsewhere = [
        question
        for question, _ in rng.sample(foreign, len(foreign))
        if NAME.search(question) and not any(name in whole for name in NAME.findall(question))
    ]
    most_open = max(2, round(LEFT_OPEN * MOST_ASKED))
    open_questions = left[: most_open - 1] + elsewhere[: max(1, most_open - len(left))]
    made = answered[: MOST_ASKED - len(open_questions)] + [
        {"question": question, "answer": None, "passage": None} for question in open_questions
    ]
    rng.shuffle(made)
    return [{"id": f"written-{number}-{i}", **one} for i, one in enumerate(made)]


def piece(article: dict, span: Span) -> str:
    """The text of a passage."""
    return article["text"][span.start : span.end]


def dated_as_read(read: list[dict], chosen: list[tuple[int, Span]], rng: random.Random) -> list[dict]:
    """Passages as the prompt shows them: with the article's date, or one that is invented, or none."""
    pieces = dated([(read[n]["title"], piece(read[n], span)) for n, span in chosen], rng)
    return [{**one, "date": read[n]["date"] or one["date"]} for one, (n, _) in zip(pieces, chosen, strict=True)]


def main() -> None:
    """Write train.jsonl and held-out.jsonl."""
    parser = argparse.ArgumentParser()
    parser.add_argument("groups", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--paragraphs", type=int, default=90, help="groups of examples.py")
    parser.add_argument("--stories", type=int, default=60, help="groups of stories.py")
    parser.add_argument(
        "--seed", type=int, default=0, help="of what stands together, and of the stories, which take the next"
    )
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    paragraphs = {
        part: well_asked(map(json.loads, (arguments.groups / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()))
        for part in ("train", "held-out")
    }
    embedder = SentenceEmbedder()
    train = well_asked(groups(articles(held_out=False), embedder, rng))
    train += rng.sample(paragraphs["train"], min(arguments.paragraphs, len(paragraphs["train"])))
    train += well_asked(stories(2 * arguments.stories, arguments.seed + 1))[: arguments.stories]
    rng.shuffle(train)
    held_out = (
        well_asked(groups(articles(held_out=True), embedder, rng))[:HELD_OUT] + paragraphs["held-out"][: HELD_OUT // 2]
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    for part, made in (("train", train), ("held-out", held_out)):
        with (arguments.out / f"{part}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in made)
        asked = [question for one in made for question in one["asked"]]
        print(
            f"{part}: {len(made)} groups, {len(asked)} questions, {sum(q['answer'] is not None for q in asked)} answered"
        )


if __name__ == "__main__":
    main()
