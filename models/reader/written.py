"""News written for the reader by hand: whole articles with questions, in written/*.txt.

An article is a headline behind ``# ``, its paragraphs, then lines ``? question = answer`` and ``- question`` for what it
leaves open. An answer stands in the text as whole words; where it stands several times, the first counts.
"""

from collections.abc import Iterator
from pathlib import Path

from models.reader.examples import find
from qa.retrieval.passages import split_passages

FOLDER = Path(__file__).parent / "written"
HELD_OUT = 12  # the last articles, for measuring
WIDTHS = (110, 80, 140)  # words of a passage; the product's, and others so that the reader does not learn one length


def articles() -> list[dict]:
    """Each with its title, its text and its questions as pairs with the answer or None."""
    read = []
    for file in sorted(FOLDER.glob("*.txt")):
        for block in ("\n" + file.read_text(encoding="utf-8")).split("\n# ")[1:]:
            title, *lines = block.strip().split("\n")
            asked: list[tuple[str, str | None]] = []
            for line in lines:
                if line.startswith("? "):
                    question, answer = line[2:].split(" = ")
                    asked.append((question, answer))
                elif line.startswith("- "):
                    asked.append((line[2:], None))
            text = "\n".join(line for line in lines if not line.startswith(("? ", "- "))).strip()
            read.append({"title": title, "text": text, "asked": asked})
    return read


def written_examples(held_out: bool) -> Iterator[dict]:
    """Every question with the passage that answers it, and with one that does not where the article has one."""
    for article in articles()[-HELD_OUT:] if held_out else articles()[:-HELD_OUT]:
        title, text = article["title"], article["text"]
        for number, (question, answer) in enumerate(article["asked"]):
            place = find(answer, text) if answer else -1
            passages = split_passages(text, WIDTHS[number % len(WIDTHS)], 1)
            holding = [s for s in passages if answer and s.start <= place and place + len(answer) <= s.end]
            chosen = holding[:1] + [s for s in passages if find(answer or "\0", text[s.start : s.end]) < 0][-1:]
            for span in chosen:
                words = [place - span.start, place - span.start + len(answer)] if answer and span in holding else None
                passage = {"title": title, "text": text[span.start : span.end], "row": "written"}
                yield {**passage, "question": question, "answer": words}
