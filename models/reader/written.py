"""News written for the reader by hand: whole articles with questions, in written/*.txt.

An article is a headline behind ``# ``, with its date in front where it is one of a running story, its paragraphs, then
lines ``? question = answer`` and ``- question`` for what it leaves open. An answer stands in the text as whole words;
where it stands several times, the first counts, or behind ``=~`` the last.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from qa.retrieval.passages import split_passages

FOLDER = Path(__file__).parent / "written"
HELD_OUT = 18  # the last articles, for measuring; six of them are two running stories
WIDTHS = (110, 80, 140)  # words of a passage; the product's, and others so that the reader does not learn one length


def articles() -> list[dict]:
    """Each with its title, its date or None, its text and its questions, as pairs with the span of the answer or None."""
    read = []
    for file in sorted(FOLDER.glob("*.txt")):
        for block in ("\n" + file.read_text(encoding="utf-8")).split("\n# ")[1:]:
            head, *lines = block.strip().split("\n")
            date, title = re.fullmatch(r"(?:(\d{4}-\d\d-\d\d) )?(.+)", head).groups()
            text = "\n".join(line for line in lines if not line.startswith(("? ", "- "))).strip()
            asked: list[tuple[str, tuple[int, int] | None]] = []
            for line in lines:
                if line.startswith("? "):
                    question, last, answer = re.split(r" =(~?) ", line[2:])
                    asked.append((question, places(answer, text)[-1 if last else 0]))
                elif line.startswith("- "):
                    asked.append((line[2:], None))
            read.append({"title": title, "date": date, "text": text, "asked": asked})
    return read


def places(answer: str, text: str) -> list[tuple[int, int]]:
    """Where an answer stands in a text as whole words."""
    return [match.span() for match in re.finditer(rf"(?<!\w){re.escape(answer)}(?!\w)", text)]


def written_examples(held_out: bool) -> Iterator[dict]:
    """Every question with the passage that answers it, and with one that does not where the article has one."""
    for article in articles()[-HELD_OUT:] if held_out else articles()[:-HELD_OUT]:
        title, text = article["title"], article["text"]
        for number, (question, answer) in enumerate(article["asked"]):
            passages = split_passages(text, WIDTHS[number % len(WIDTHS)], 1)
            holding = [s for s in passages if answer and s.start <= answer[0] and answer[1] <= s.end]
            without = [s for s in passages if not answer or not places(text[slice(*answer)], text[s.start : s.end])]
            for span in holding[:1] + without[-1:]:
                place = [answer[0] - span.start, answer[1] - span.start] if answer and span in holding else None
                passage = {"title": title, "text": text[span.start : span.end], "row": "written"}
                yield {**passage, "question": question, "answer": place}
