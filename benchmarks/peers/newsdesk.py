"""Newsdesk itself, through its public interface and with its default settings."""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import protocol
from protocol import Article, Question, Reply

import qa
from qa.answering.choice import DEFAULT, model_file
from qa.retrieval.embedder import base_folder
from qa.types import Answer


class Newsdesk:
    """``qa.open``, ``index`` and ``stream``, as the README shows them."""

    package = "newsdesk"
    deviations = (
        "as it is shipped: its own adapter is merged into the GGUF, and its own reader stands beside it",
        "the merged model is stored as bfloat16 where the processor has instructions for it; the others read Q8_0, or that, too, with AMX",
        "embedder and reader run in bfloat16 where that is measured to be faster; the others embed in float32",
        "at most 96 new tokens, its default",
        "title and date are fields of the articles, which it puts in front of each passage that it embeds",
        "the day of a question is passed as today; no other peer takes one",
    )

    def __init__(self, model: str, embedder: str) -> None:
        """Open a library in a temporary folder; models that are its defaults are left to it."""
        self.folder = tempfile.TemporaryDirectory()
        self.desk = qa.open(
            Path(self.folder.name, "library"),
            model=None if Path(model).samefile(model_file(DEFAULT)) else model,
            embedder=None if Path(embedder).samefile(base_folder()) else embedder,
        )
        self.desk.prepare()
        self.last: Answer | None = None

    def index(self, articles: Sequence[Article]) -> None:
        """Index one file of JSON lines, which holds all articles."""
        lines = [json.dumps(asdict(article), ensure_ascii=False) for article in articles]
        file = Path(self.folder.name, "articles.jsonl")
        file.write_text("\n".join(lines), encoding="utf-8")
        report = self.desk.index(file)
        if report.added != len(articles):
            raise SystemExit(f"{report.added} of {len(articles)} articles were indexed: {report.failures}")

    def retrieve(self, question: Question, count: int) -> list[str]:
        """The articles of the passages that came with the answer, then of further ones of the search."""
        listed = self.last.passages if self.last else ()
        return [hit.article_id for hit in (*listed, *self.desk.search(question.question, count))]

    def answer(self, question: Question, shown: Callable[[], None]) -> Reply:
        """Stream; what has been shown is never withdrawn, so the first text is the first answer that has some."""
        self.last = None
        for answer in self.desk.stream(question.question, today=question.date):
            if answer.text:
                shown()
            self.last = answer
        quotes = [(citation.article_id, citation.quote) for citation in self.last.citations] if self.last else []
        return Reply(self.last.text if self.last else "", quotes, self.last.abstained if self.last else None)


if __name__ == "__main__":
    protocol.main(Newsdesk)
