"""Further questions on the written articles, of two kinds, in the folders short/ and quiz/.

    python -m models.reader.further EXAMPLES_FOLDER [--turn 0]

Short ones are those that one asks of a report one has in mind: "Who was hurt?", "how many rooms". Those of a quiz tell in other
words what a report is about, as one does who has forgotten the name, and ask for it: "Which ferry line gave up its night boats?".

Writes for each kind KIND.jsonl, KIND-held-out.jsonl and, for calibrate.py, KIND-rows.jsonl. A file of either folder has the name
of one of written/ and of its articles the headlines, behind each the lines ``? question = answer`` and ``- question`` as there;
held_out/ in it is on written/held_out/.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from models.reader import written
from qa.retrieval.embedder import SentenceEmbedder

KINDS = ("short", "quiz")
ALONE = "news-short-"  # how the ids of rows begin whose question makes sense beside its article alone


def articles(kind: str, held_out: bool, files: str = "*") -> list[dict]:
    """The articles that a kind of questions is asked of, each with those alone; ``files`` is a pattern of the names."""
    folder, read = Path(__file__).parent / kind, []
    for file in sorted((folder / "held_out" if held_out else folder).glob(f"{files}.txt")):
        named = {one["title"]: one for one in written.articles(held_out, file.stem)}
        for block in ("\n" + file.read_text(encoding="utf-8")).split("\n# ")[1:]:
            title, *lines = block.strip().split("\n")
            read.append({**named[title], "asked": written.asked_of(named[title]["text"], lines)})
    return read


def of_another(read: list[dict], embedder: SentenceEmbedder) -> Iterator[dict]:
    """Every second answered question of a quiz with the passage most like it of an article on something else.

    That shares at most one name with its own and does not hold the answer.
    """
    named = {one["title"]: written.names_in(one) for one in read}
    answered = [(one, asked, one["text"][slice(*answer)]) for one in read for asked, answer in one["asked"] if answer]
    asked = [
        (
            question,
            lambda other, own=one["title"], answer=answer: (
                len(named[own] & named[other["title"]]) < 2 and not written.places(answer, written.whole(other))
            ),
        )
        for one, question, answer in answered[::2]
    ]
    yield from written.most_similar(asked, read, embedder)


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("examples", type=Path)
    parser.add_argument("--turn", type=int, default=0)
    arguments = parser.parse_args()
    for kind in KINDS:
        read, held_out = (articles(kind, held_out=side) for side in (False, True))
        made = list(written.written_examples(read, arguments.turn))
        if kind == "quiz":
            made += of_another(read, SentenceEmbedder())
        for name, lines in (
            (kind, made),
            (f"{kind}-held-out", written.written_examples(held_out)),
            (f"{kind}-rows", [{**row, "id": f"news-{kind}-{row['id']}"} for row in written.rows(held_out)]),
        ):
            text = [json.dumps(line, ensure_ascii=False) + "\n" for line in lines]
            (arguments.examples / f"{name}.jsonl").write_text("".join(text), encoding="utf-8")
            print(name, len(text))


if __name__ == "__main__":
    main()
