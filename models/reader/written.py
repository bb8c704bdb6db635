"""News written for the reader by hand: whole articles with questions, in written/*.txt.

An article is a headline behind ``# ``, with its date in front where it is one of a running story, its paragraphs, then
lines ``? question = answer`` and ``- question`` for what it leaves open. An answer stands in the text once, as whole
words; one that stands there several times is given with some words around it, itself in braces. The articles of
written/held_out/ are for measuring:

    python -m models.reader.written FOLDER [--all]
    qa eval --corpus FOLDER/articles.jsonl --questions FOLDER/questions.jsonl

asks a library of all of them, or with ``--all`` of every written article, what is asked of those of them that are no part
of a running story.
"""

import argparse
import calendar
import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from qa.language.words import content_stems
from qa.retrieval.embedder import SentenceEmbedder
from qa.retrieval.passages import split_passages
from qa.types import Span

FOLDER = Path(__file__).parent / "written"
WIDTHS = (110, 80, 140)  # words of a passage; the product's, and others so that the reader does not learn one length
NAME = re.compile(r"(?<=[\w,;’'] )[A-Z][\w-]+")  # not at the start of a sentence
NEAREST = 12
DAYS = {*calendar.month_name, *calendar.day_name}


def articles(held_out: bool, files: str = "*") -> list[dict]:
    """Each with its title, its date or None, its text and its questions, as pairs with the span of the answer or None.

    ``files`` is a pattern of the names, without their suffix; all where left out.
    """
    read = []
    for file in sorted((FOLDER / "held_out" if held_out else FOLDER).glob(f"{files}.txt")):
        for block in ("\n" + file.read_text(encoding="utf-8")).split("\n# ")[1:]:
            head, *lines = block.strip().split("\n")
            date, title = re.fullmatch(r"(?:(\d{4}-\d\d-\d\d) )?(.+)", head).groups()
            text = "\n".join(line for line in lines if not line.startswith(("? ", "- "))).strip()
            read.append({"title": title, "date": date, "text": text, "asked": asked_of(text, lines)})
    return read


def asked_of(text: str, lines: Sequence[str]) -> list[tuple[str, tuple[int, int] | None]]:
    """The questions among some lines, each with the place of its answer in a text, or None where it is left open."""
    asked: list[tuple[str, tuple[int, int] | None]] = []
    for line in lines:
        if line.startswith("? "):
            question, answer = line[2:].split(" = ")
            asked.append((question, place(answer, text)))
        elif line.startswith("- "):
            asked.append((line[2:], None))
    return asked


def place(answer: str, text: str) -> tuple[int, int]:
    """Where an answer stands in a text; ValueError where that is not exactly one place."""
    whole = answer if "{" in answer else f"{{{answer}}}"
    before, inner, after = re.fullmatch(r"([^{}]*)\{([^{}]+)\}([^{}]*)", whole).groups()
    found = places(before + inner + after, text)
    if len(found) != 1:
        raise ValueError(f"{answer!r} stands {len(found)} times in {text[:60]!r}")
    start = found[0][0] + len(before)
    return start, start + len(inner)


def places(words: str, text: str) -> list[tuple[int, int]]:
    """Where words stand in a text as whole words."""
    return [match.span() for match in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text)]


def rows(read: Sequence[dict]) -> list[dict]:
    """The questions as the rows of the open sets are written, each with its whole article."""
    made = []
    for article in read:
        passages = [{"title": article["title"], "date": article["date"], "text": article["text"]}]
        for question, answer in article["asked"]:
            named = {"id": f"news-written-{len(made)}", "question": question, "answerable": answer is not None}
            gold, answers = ([0], [article["text"][slice(*answer)]]) if answer else ([], [])
            made.append({**named, "passages": passages, "gold": gold, "answers": answers})
    return made


def written_examples(read: Sequence[dict], turn: int = 0) -> Iterator[dict]:
    """Every question with the passage that answers it, and with the one most like it that does not, where there is one.

    Another turn cuts the passages in other places.
    """
    for article in read:
        text = article["text"]
        for number, (question, answer) in enumerate(article["asked"], start=turn):
            passages = _cut(text, WIDTHS[number % len(WIDTHS)])
            holding = [s for s in passages if answer and s.start <= answer[0] and answer[1] <= s.end]
            without = [s for s in passages if not answer or not places(text[slice(*answer)], text[s.start : s.end])]
            asked = set(content_stems(question))
            nearest = sorted(without, key=lambda s: len(asked & passages[s]))
            for span in holding[:1] + nearest[-1:]:
                yield example(article, span, question, answer if span in holding else None)


@lru_cache(maxsize=len(WIDTHS))
def _cut(text: str, width: int) -> dict[Span, frozenset[str]]:
    """The passages of an article with the stems of their words; its questions ask for them one after the other."""
    return {s: frozenset(content_stems(text[s.start : s.end])) for s in split_passages(text, width, 1)}


def elsewhere(read: Sequence[dict], embedder: SentenceEmbedder) -> Iterator[dict]:
    """Every answered question that names something, with the most similar passage of an article on other things.

    What is named does not occur in that article, so it cannot answer, however much it sounds like it.
    """
    named = [(asked, set(NAME.findall(asked))) for one in read for asked, answer in one["asked"] if answer]
    asked = [
        (question, lambda other, names=names: not any(name in whole(other) for name in names))
        for question, names in named
        if names
    ]
    yield from most_similar(asked, read, embedder)


def most_similar(
    asked: Sequence[tuple[str, Callable[[dict], bool]]], read: Sequence[dict], embedder: SentenceEmbedder
) -> Iterator[dict]:
    """Each question with the passage most like it of the articles that cannot answer it, as is told of each question."""
    cut = [(one, span) for one in read for span in split_passages(one["text"], WIDTHS[0], 1)]
    passages = embedder.encode([f"{one['title']}\n{one['text'][span.start : span.end]}" for one, span in cut])
    vectors = embedder.encode([question for question, _ in asked])
    for (question, cannot_answer), vector in zip(asked, vectors, strict=True):
        for best in np.argsort(-(passages @ vector))[:NEAREST]:
            one, span = cut[best]
            if cannot_answer(one):
                yield example(one, span, question, None)
                break


def whole(article: dict) -> str:
    """All that an article says."""
    return f"{article['title']}. {article['text']}"


def example(article: dict, span: Span, question: str, answer: tuple[int, int] | None) -> dict:
    """A line of the file: a question with one passage, and the answer's place in it."""
    inside = [answer[0] - span.start, answer[1] - span.start] if answer else None
    text = article["text"][span.start : span.end]
    return {"question": question, "title": article["title"], "text": text, "answer": inside, "row": "written"}


def alone(read: Sequence[dict]) -> list[dict]:
    """The articles that share at most one name with any other, so that no other answers what is asked of them."""
    named = list(map(names_in, read))
    return [
        one
        for one, names in zip(read, named, strict=True)
        if not any(other is not names and len(other & names) > 1 for other in named)
    ]


def names_in(article: dict) -> set[str]:
    """The names in an article, but for days and months."""
    return set(NAME.findall(whole(article))) - DAYS


def main() -> None:
    """Write what is held out as a library and questions for ``qa eval``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="the other articles stand in the library, too")
    arguments = parser.parse_args()
    folder, held_out = arguments.folder, articles(held_out=True)
    read = held_out + (articles(held_out=False) if arguments.all else [])
    for number, one in enumerate(read):
        one["id"] = f"written-{number}"
    asked = [
        {
            "question": question,
            "answers": [one["text"][slice(*answer)]] if answer else [],
            "answerable": answer is not None,
            "gold_articles": [one["id"]] if answer else [],
        }
        for one in alone(read)
        if one in held_out
        for question, answer in one["asked"]
    ]
    library = [{key: one[key] for key in ("id", "title", "date", "text")} for one in read]
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (("articles", library), ("questions", asked)):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    print(f"{len(library)} articles, {len(asked)} questions")


if __name__ == "__main__":
    main()
