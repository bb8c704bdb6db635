"""Short questions on the written articles, as one asks of a report one has in mind: "Who was hurt?", "how many rooms".

    python -m models.reader.short EXAMPLES_FOLDER [--turn 0]

Writes short.jsonl, short-held-out.jsonl and, for calibrate.py, short-rows.jsonl. A file of the folder short/ has the name of
one of written/ and of its articles the headlines, behind each the lines ``? question = answer`` and ``- question`` as there;
short/held_out/ is on written/held_out/.
"""

import argparse
import json
from pathlib import Path

from models.reader import written

FOLDER = Path(__file__).parent / "short"
ALONE = "news-short-"  # how the ids of rows begin whose question makes sense beside its article alone


def articles(held_out: bool, files: str = "*") -> list[dict]:
    """The articles that short questions are asked of, each with those alone; ``files`` is a pattern of the names."""
    read = []
    for file in sorted((FOLDER / "held_out" if held_out else FOLDER).glob(f"{files}.txt")):
        named = {one["title"]: one for one in written.articles(held_out, file.stem)}
        for block in ("\n" + file.read_text(encoding="utf-8")).split("\n# ")[1:]:
            title, *lines = block.strip().split("\n")
            read.append({**named[title], "asked": written.asked_of(named[title]["text"], lines)})
    return read


def main() -> None:
    """Write all three files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("examples", type=Path)
    parser.add_argument("--turn", type=int, default=0)
    arguments = parser.parse_args()
    held_out = articles(held_out=True)
    for name, lines in (
        ("short", written.written_examples(articles(held_out=False), arguments.turn)),
        ("short-held-out", written.written_examples(held_out)),
        ("short-rows", [{**row, "id": f"{ALONE}{row['id']}"} for row in written.rows(held_out)]),
    ):
        text = [json.dumps(line, ensure_ascii=False) + "\n" for line in lines]
        (arguments.examples / f"{name}.jsonl").write_text("".join(text), encoding="utf-8")
        print(name, len(text))


if __name__ == "__main__":
    main()
