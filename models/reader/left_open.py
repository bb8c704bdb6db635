"""Questions written for this purpose on paragraphs of the open sets: what they answer in other words, and what they leave open.

    python -m models.reader.left_open DATA_FOLDER EXAMPLES_FOLDER

Writes left-open.jsonl and left-open-held-out.jsonl, the latter of the paragraphs that examples.py holds out, and the
questions on those once more as rows for calibrate.py, left-open-rows.jsonl. The folder left_open/ has the questions, a line
for each: "row" is the id of a row for whose first gold passage it was written, "answer" where in that passage's text
its answer stands, null where the paragraph seems to answer it and does not. The paragraphs themselves are those of
DATA_FOLDER (squad-long and nq, see the model card).
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from models.reader.examples import split_rows
from qa.retrieval.passages import split_passages

FOLDER = Path(__file__).parent / "left_open"
WIDTH = 110  # words, as the product cuts
WINDOWS = 2  # of one paragraph, for a question that it leaves open


def written(folder: Path) -> dict[str, list[dict]]:
    """The written questions by the row of their paragraph."""
    found = defaultdict[str, list[dict]](list)
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            found[one["row"]].append(one)
    return found


def question_examples(one: dict, passage: dict) -> Iterator[dict]:
    """A written question with the windows of its paragraph: the one with the answer, or some that leave it open."""
    text, answer = passage["text"], one["answer"]
    spans = split_passages(text, WIDTH, 1)
    if answer:
        spans = [span for span in spans if span.start <= answer[0] and answer[1] <= span.end][:1]
    for span in spans[:WINDOWS]:
        yield {
            "question": one["question"],
            "title": passage["title"] or "",
            "text": text[span.start : span.end],
            "answer": [at - span.start for at in answer] if answer else None,
            "row": f"{one['row']}-open",
        }


def examples(rows: list[dict], questions: dict[str, list[dict]]) -> list[list[dict]]:
    """The examples of each paragraph of these rows on which questions were written."""
    return [
        [made for one in questions[row["id"]] for made in question_examples(one, row["passages"][row["gold"][0]])]
        for row in rows
        if row["id"] in questions
    ]


def as_rows(rows: list[dict], questions: dict[str, list[dict]]) -> list[dict]:
    """The written questions as the sets have theirs, each with its paragraph."""
    made = []
    for row in rows:
        passage = row["passages"][row["gold"][0]] if row["id"] in questions else None
        for number, one in enumerate(questions.get(row["id"], ())):
            answer = [passage["text"][one["answer"][0] : one["answer"][1]]] if one["answer"] else []
            said = {"id": f"open-{number}-{row['id']}", "question": one["question"], "passages": [passage]}
            made.append({**said, "gold": [0] if answer else [], "answers": answer, "answerable": bool(answer)})
    return made


def write(file: Path, lines: list[dict]) -> None:
    """Write JSON lines."""
    file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines), encoding="utf-8")


def main() -> None:
    """Write all three files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("examples", type=Path)
    arguments = parser.parse_args()
    questions, parts = written(FOLDER), split_rows(arguments.data, random.Random(0))
    for name, part in (("left-open", "train"), ("left-open-held-out", "held-out")):
        made = [example for paragraph in examples(parts[part], questions) for example in paragraph]
        write(arguments.examples / f"{name}.jsonl", made)
        print(f"{name}: {len(made)} examples, {sum(one['answer'] is not None for one in made)} with an answer")
    write(arguments.examples / "left-open-rows.jsonl", as_rows(parts["held-out"], questions))


if __name__ == "__main__":
    main()
