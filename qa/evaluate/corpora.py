"""The library that questions are put to: an indexed corpus, made once for each content and used again."""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qa.answering.weights import file_sha256
from qa.chat import Desk
from qa.evaluate.cases import Case, numbered_lines
from qa.settings import Settings
from qa.types import Progress

_INDEXED = "indexed.json"


def corpus_digest(corpus: Path, settings: Settings) -> str:
    """A name for a corpus as these settings index it."""
    digest = hashlib.sha256(_indexing(settings))
    files = sorted(path for path in corpus.rglob("*") if path.is_file()) if corpus.is_dir() else [corpus]
    for file in files:
        digest.update(os.fsencode(file.name) + file_sha256(file).encode())
    return digest.hexdigest()[:16]


def given_digest(cases: Sequence[Case], settings: Settings) -> str:
    """A name for the passages that questions bring along, as these settings index them."""
    found = sorted({article.article_id for case in cases for article in case.given or ()})
    return hashlib.sha256(_indexing(settings) + json.dumps(found).encode()).hexdigest()[:16]


def _indexing(settings: Settings) -> bytes:
    return json.dumps([settings.embedder, settings.passage_words, settings.overlap_sentences]).encode()


def index_corpus(desk: Desk, corpus: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Index a folder, or a file of articles or facts, unless that was done before; returns what it took."""
    if corpus.is_dir():
        return _indexed(desk, corpus, progress)
    return _indexed(desk, _as_articles(desk.library.folder, (line for _, line in numbered_lines(corpus))), progress)


def index_given(desk: Desk, cases: Sequence[Case], progress: Progress | None = None) -> dict[str, Any]:
    """Index the passages that questions bring along, each as an article, unless that was done before."""
    articles = {article.article_id: article for case in cases for article in case.given or ()}
    lines = ({"id": a.article_id, "title": a.title or None, "date": a.date, "text": a.text} for a in articles.values())
    return _indexed(desk, _as_articles(desk.library.folder, lines), progress)


def _as_articles(folder: Path, lines: Iterable[dict[str, Any]]) -> Path:
    """A file of articles beside the library; a line's ``fact`` is its text."""
    file = folder / "corpus" / "articles.jsonl"
    if not (folder / _INDEXED).exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", encoding="utf-8") as out:
            for line in lines:
                article = {key: line.get(key) for key in ("id", "title", "date", "url", "source")}
                out.write(json.dumps({**article, "text": line.get("text") or line.get("fact")}) + "\n")
    return file


def _indexed(desk: Desk, source: Path, progress: Progress | None) -> dict[str, Any]:
    """What indexing took, as it was written down when it was done."""
    record = desk.library.folder / _INDEXED
    if not record.exists():
        desk.embedder.encode([""])  # loading it is not to be timed
        began = time.perf_counter()
        report = desk.index(source, progress=progress)
        seconds = time.perf_counter() - began
        passages = sum(article.passages for article in desk.articles())
        took = {**asdict(report), "passages": passages, "seconds": round(seconds, 2)}
        record.write_text(json.dumps(took), encoding="utf-8")
    found: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    return found
