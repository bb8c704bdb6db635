"""The two corpora that every peer is given, with their questions; the choice depends on a fixed seed alone."""

import gzip
import json
import random
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import qa

ROOT = Path(__file__).parent.parent.parent
SEED = 0
ARTICLES, ANSWERABLE, ABSENT = 400, 80, 40
OWN_ANSWERABLE, OWN_ABSENT = 40, 20  # of the sample articles: as many as two cores answer, for all peers, in an hour

Line = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A question with what is right; without gold articles nothing in the corpus answers it."""

    id: str
    question: str
    date: str | None
    answers: tuple[str, ...]
    gold: tuple[str, ...]


@dataclass(frozen=True)
class Corpus:
    """Articles as the peers are given them, and the questions."""

    name: str
    articles: tuple[Line, ...]
    questions: tuple[Asked, ...]


def make(name: str, data: Path | None, limit: int | None, articles: int) -> Corpus:
    """A corpus by its name; with ``limit``, that many answerable questions and half as many absent ones."""
    return seeds(limit) if name == "seeds" or data is None else realtimeqa(data, limit, articles)


def realtimeqa(data: Path, limit: int | None, count: int) -> Corpus:
    """News articles with questions of the week, as the data folder's README describes them."""
    choose = random.Random(SEED)
    texts = {line["id"]: line for line in _packed(data, "realtimeqa-2024.articles.jsonl.gz")}
    # Answerable questions, every gold article of which is in the corpus.
    strong = [line for line in _packed(data, "realtimeqa-2024.questions.jsonl.gz") if line["gold_strong"]]
    answerable = choose.sample(strong, ANSWERABLE)[:limit]
    gold = sorted({article for line in answerable for article in line["gold_strong"]})
    # Questions of which no article may contain the answer.
    absent = _packed(data, "realtimeqa-2024-absent.questions.jsonl.gz")
    absent = [line for line in absent if line["corpus_matches"] == 0 and not _holding(line, gold, texts)]
    absent = choose.sample(absent, ABSENT)[: _half(limit)]
    others = sorted(texts.keys() - set(gold))
    choose.shuffle(others)
    free = (article for article in others if not any(_holding(line, [article], texts) for line in absent))
    chosen = gold + [next(free) for _ in range(max(0, count - len(gold)))]
    fields = ("id", "title", "date", "source", "url", "text")
    return Corpus(
        "realtimeqa",
        tuple({name: texts[article].get(name) for name in fields} for article in sorted(chosen)),
        tuple(_asked(line, line["date"], line["gold_strong"]) for line in _mixed(answerable, absent)),
    )


def seeds(limit: int | None) -> Corpus:
    """The project's sample articles with the questions of its tests that need no conversation."""
    with tempfile.TemporaryDirectory() as folder:
        desk = qa.open(folder)
        desk.index(ROOT / "seeds")
        articles = [asdict(desk.article(listed.article_id)) for listed in desk.articles()]
    lines = (ROOT / "tests" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [line for line in map(json.loads, lines) if not line.get("history")]
    random.Random(SEED).shuffle(asked)
    answerable = [line for line in asked if line["answerable"]][: limit or OWN_ANSWERABLE]
    absent = [line for line in asked if not line["answerable"]][: _half(limit or OWN_ABSENT * 2)]
    return Corpus(
        "seeds",
        tuple({"id": article.pop("article_id"), **article} for article in articles),
        tuple(_asked(line, line.get("today"), line["gold_articles"]) for line in _mixed(answerable, absent)),
    )


def _asked(line: Line, date: str | None, gold: list[str]) -> Asked:
    return Asked(
        line["id"], line["question"], date, tuple(line["answers"]), tuple(gold if line["answerable"] is True else ())
    )


def _packed(data: Path, name: str) -> list[Line]:
    with gzip.open(data / "eval" / name, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _holding(question: Line, articles: list[str], texts: dict[str, Line]) -> bool:
    """Whether one of the articles contains an accepted answer, in whatever case."""
    held = (f"{texts[article]['title']}\n{texts[article]['text']}".casefold() for article in articles)
    return any(answer.casefold() in text for text in held for answer in question["answers"])


def _mixed(answerable: list[Line], absent: list[Line]) -> list[Line]:
    """Both kinds in one order, so that each turn of a peer has some of each."""
    mixed = answerable + absent
    random.Random(SEED).shuffle(mixed)
    return mixed


def _half(limit: int | None) -> int | None:
    return None if limit is None else (limit + 1) // 2
