"""The library that questions are put to: an indexed corpus, made once for each content and used again."""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import qa
from qa.chat import Desk
from qa.errors import InputError
from qa.evaluate.cases import Case, numbered_lines
from qa.settings import Settings
from qa.types import Progress
from qa.weights import file_sha256

LINES = (
    ".jsonl",
    ".jsonl.gz",
)  # of files whose lines are articles or facts; any other one is an article, or an archive
PACKAGE = Path(qa.__file__).parent
_INDEXED, _BEGUN = "indexed.json", "begun"


def corpus_digest(corpus: Path, embedder: str, settings: Settings) -> str:
    """A name for a corpus as this program indexes it with these settings; ``embedder`` is a fingerprint."""
    digest = hashlib.sha256(_indexing(embedder, settings))
    folder = corpus if corpus.is_dir() else corpus.parent
    files = sorted(path for path in corpus.rglob("*") if path.is_file()) if corpus.is_dir() else [corpus]
    for file in files:
        digest.update(os.fsencode(file.relative_to(folder)) + b"\0" + file_sha256(file).encode())
    return digest.hexdigest()[:16]


def given_digest(cases: Sequence[Case], embedder: str, settings: Settings) -> str:
    """A name for the passages that questions bring along, as this program indexes them with these settings."""
    found = sorted({article.article_id for case in cases for article in case.given or ()})
    return hashlib.sha256(_indexing(embedder, settings) + json.dumps(found).encode()).hexdigest()[:16]


def _indexing(embedder: str, settings: Settings) -> bytes:
    """All that decides what an index holds, the articles aside: the code that reads, cuts and stores them, too."""
    hashes = [file_sha256(file) for file in indexing_code()]
    return json.dumps([embedder, settings.passage_words, settings.overlap_sentences, hashes]).encode()


def indexing_code() -> list[Path]:
    """The files of this program that decide what an index of given articles holds."""
    folders = [PACKAGE / name for name in ("articles", "language", "library")]
    files = [PACKAGE / "retrieval" / name for name in ("embedder.py", "languages.py", "passages.py")]
    return sorted([*files, *(file for folder in folders for file in folder.rglob("*.py"))])


def library_digest(desk: Desk) -> str:
    """A hash of all articles of a library, by which a report says of which it speaks."""
    digest = hashlib.sha256()
    with desk.library.snapshot(vectors=False) as snapshot:
        for listed in sorted(snapshot.listed(), key=lambda article: article.article_id):
            article, _ = snapshot.article(listed.article_id)
            digest.update(json.dumps([article.article_id, article.title, article.date, article.text]).encode())
    return digest.hexdigest()


def index_corpus(desk: Desk, corpus: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Index a folder, or a file of articles or facts, unless that was done before; returns what it took."""
    source = corpus
    if corpus.is_file() and corpus.name.endswith(LINES):
        source = _as_articles(desk.library.folder, (line for _, line in numbered_lines(corpus)))
    took = _indexed(desk, source, progress)
    if not took["passages"]:
        raise InputError(f"{corpus} holds no articles to ask; give a folder or a file of articles (docs/articles.md)")
    return took


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
    record, begun = desk.library.folder / _INDEXED, desk.library.folder / _BEGUN
    if not record.exists():
        interrupted = begun.exists()
        begun.parent.mkdir(parents=True, exist_ok=True)
        begun.touch()
        desk.embedder.encode([""])  # loading it is not to be timed
        began = time.perf_counter()
        report = desk.index(source, progress=progress)
        seconds = time.perf_counter() - began
        passages = sum(article.passages for article in desk.articles())
        # What was embedded before an interruption would count as made in the time of the rest.
        took = {**asdict(report), "passages": passages, "seconds": None if interrupted else round(seconds, 2)}
        record.write_text(json.dumps(took), encoding="utf-8")
    found: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    return found
