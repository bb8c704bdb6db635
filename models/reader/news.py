"""News of our own as examples for the reader: one passage, one question, and where the answer stands or that none does.

    python -m models.reader.news EXAMPLES_FOLDER [--groups 400] [--files PATTERN] [--turn 0]

Writes news.jsonl, news-held-out.jsonl and, for calibrate.py, news-rows.jsonl beside what examples.py wrote there. The
stories are those of models/generator/stories.py, of its topics and of story_lines.txt here; the last topics are kept for
what is held out, so that it tells how what was learned carries over to news of another kind. The articles of written/
are all read, or those of the files that --files names, and cut in other places with another --turn; written-held-out.jsonl
has those of written/held_out/.
"""

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path

from models.generator import stories
from models.generator.stories import Printed, Story, Topic, World, drawn_in, group, printed, read_topics, styled
from models.reader import written
from models.reader.examples import find, follow_ups, row_examples
from models.reader.tables import table_examples
from qa.retrieval.embedder import SentenceEmbedder

HERE = Path(__file__).parent
HELD_OUT_TOPICS = 3
GROUPS, HELD_OUT_GROUPS = 400, 80
ANSWERED, LEFT_OUT = 4, 2  # questions of each kind put to one passage at most
TABLES = 0.2  # tables for each group
ANOTHER = 0.5  # how often a question about a subject that no passage mentions is put to it, too


def passage_examples(one: Printed, world: World) -> Iterator[dict]:
    """Questions that a passage answers, with the span in the sentence that says so, and some that it leaves open."""
    rng, owner, text = world.rng, one.owner, one.passage["text"]
    asks = [(line, start, end, ask) for line, start, end in one.lines for ask in line.asks]
    rng.shuffle(asks)
    told = 0
    for _, start, end, (slot, _, wordings) in asks:
        answer, question = owner.value(slot), styled(owner, rng.choice(wordings), rng)
        place = find(answer, text[start:end])
        if told < ANSWERED and place >= 0 and find(answer, question) < 0:
            told += 1
            yield example(one, question, [start + place, start + place + len(answer)])
    used = [line for line, _, _ in one.lines]
    open_lines = [line for lines in owner.topic.lines.values() for line in lines if line not in used and line.asks]
    rng.shuffle(open_lines)
    # Nothing that such a line says stands in the passage, not even what it was before.
    left = [
        line for line in open_lines if not any(find(owner.values[said], text) >= 0 for said in drawn_in(line, owner))
    ]
    for line in left[:LEFT_OUT]:
        yield example(one, styled(owner, rng.choice(rng.choice(line.asks)[2]), rng), None)
    wordings = [wording for *_, (_, _, options) in asks for wording in options if "{it}" in wording]
    if wordings and rng.random() < ANOTHER:
        yield example(one, styled(Story(owner.topic, world), rng.choice(wordings), rng), None)


def example(one: Printed, question: str, answer: list[int] | None) -> dict:
    """A line of the file."""
    passage = one.passage
    return {"question": question, "title": passage["title"], "text": passage["text"], "answer": answer, "row": "news"}


def worlds(count: int, seed: int) -> Iterator[World]:
    """One for each group; none draws a name of the sample articles."""
    rng, taken = random.Random(seed), stories.sample_words()
    forenames = [name for name in stories.FORENAMES if name not in taken]
    return (World(rng, set(taken), forenames) for _ in range(count))


def topics(held_out: bool) -> list[Topic]:
    """Those to train on, or the others."""
    lines = read_topics(Path(stories.__file__).with_name("story_lines.txt")) + read_topics(HERE / "story_lines.txt")
    return lines[-HELD_OUT_TOPICS:] if held_out else lines[:-HELD_OUT_TOPICS]


def examples(count: int, seed: int, held_out: bool) -> list[dict]:
    """The examples of so many groups of passages."""
    chosen, made = topics(held_out), list[dict]()
    for world in worlds(count, seed):
        passages, _ = printed(chosen, world)
        made += [made_one for one in passages for made_one in passage_examples(one, world)]
        if not held_out and world.rng.random() < TABLES:
            made += table_examples(world)
    random.Random(seed).shuffle(made)
    return made


def rows(count: int, seed: int) -> list[dict]:
    """Questions about held-out topics and held-out written articles, as the rows of the open sets are written."""
    chosen, made = topics(held_out=True), list[dict]()
    for number, world in enumerate(worlds(count, seed)):
        found = group(chosen, world)
        for asked in found["asked"]:
            gold = [] if asked["passage"] is None else [asked["passage"] - 1]
            answers = [asked["answer"]] if gold else []
            named = {"id": f"news-{number}-{asked['id']}", "question": asked["question"], "answerable": bool(gold)}
            made.append({**named, "passages": found["passages"], "gold": gold, "answers": answers})
    return made + written.rows(written.alone(written.articles(held_out=True)))


def written_news(files: str = "*", turn: int = 0) -> list[dict]:
    """The written articles that are trained on: every question by itself, as a follow-up and of other passages."""
    read, rng = written.articles(held_out=False, files=files), random.Random(0)
    made = list(written.written_examples(read, turn))
    asked = [row for row in written.rows(read) if not row["answerable"] or sure(row)]
    made += [one for row in follow_ups(asked, rng) for one in row_examples(row, rng)]
    return made + list(written.elsewhere(read, SentenceEmbedder()))


def sure(row: dict) -> bool:
    """Whether the answer stands in one place only, where row_examples finds it."""
    return len(written.places(row["answers"][0], row["passages"][0]["text"])) == 1


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("examples", type=Path)
    parser.add_argument("--groups", type=int, default=GROUPS)
    parser.add_argument("--files", default="*")
    parser.add_argument("--turn", type=int, default=0)
    arguments = parser.parse_args()
    folder = arguments.examples
    told = examples(arguments.groups, seed=0, held_out=False)
    for name, made in (
        ("news", told + written_news(arguments.files, arguments.turn)),
        ("written-held-out", list(written.written_examples(written.articles(held_out=True)))),
        ("news-held-out", examples(HELD_OUT_GROUPS, seed=1, held_out=True)),
        ("news-rows", rows(HELD_OUT_GROUPS, seed=2)),
    ):
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in made)
        print(f"{name}: {len(made)} questions")


if __name__ == "__main__":
    main()
