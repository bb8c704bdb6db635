"""A desk whose answers are written by hand: each question names what it should do."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from qa.errors import InputError, ModelError
from qa.types import (
    Answer,
    Article,
    Citation,
    Conflict,
    Failure,
    Hit,
    ListedArticle,
    Message,
    Nearest,
    Progress,
    Sentence,
    SyncReport,
    Timings,
    Withheld,
)

TUNNEL = Article(
    "2025-10-16-gant-tunnel-audit.txt",
    "Gant tunnel audit finds water damage",
    "2025-10-16",
    "The Harrow Courier",
    "https://courier.example/gant-tunnel-audit",
    "The county published its audit of the Gant tunnel on Thursday. Inspectors walked all four kilometres of the "
    "eastern bore in September. They found water behind the lining in eleven places, and advised that trains keep "
    "to forty kilometres an hour until the drains are relaid.\nThe work will cost 3.1 million crowns. The county says "
    "the money is in next year's budget. Residents of Lower Gant, who have complained of wet cellars since the first "
    "blast, will be heard in November. A spokeswoman said that nobody had been in danger at any time.",
)
MEASLES = Article(
    "2025-06-12-measles-outbreak-over.txt",
    "Harrowmouth declares measles outbreak over",
    "2025-06-12",
    "The Harrow Courier",
    None,
    "Harrowmouth has had no new case of measles for six weeks, and the health office declared the outbreak over. "
    "In all, 91 people fell ill, most of them children under ten.",
)
COMPLETE = Timings(retrieve_ms=120.0, first_token_ms=640.0, total_ms=2100.0)


def cited(number: int, article: Article, quote: str) -> Citation:
    """Return a citation of words that stand in the article."""
    start = article.text.index(quote)
    end = start + len(quote)
    return Citation(
        number, article.article_id, article.title, article.date, article.source, article.url, quote, start, end
    )


def hit(article: Article, start: int = 0, end: int = 120) -> Hit:
    """Return a passage of an article."""
    text = article.text[start:end]
    end = start + len(text)
    return Hit(
        article.article_id, article.title, article.date, article.source, article.url, text, start, end, 0.9, start
    )


def written(text: str, *citations: int) -> Sentence:
    """Return a sentence that passed its check."""
    return Sentence(text, citations, True, 0.9, "generated")


class FakeDesk:
    """Answers by the first word of the question; files are articles as soon as they are indexed."""

    def __init__(self, library: Path, articles: Sequence[Article] = (TUNNEL, MEASLES)) -> None:
        self.uploads = library / "articles"
        self.uploads.mkdir(parents=True, exist_ok=True)
        self.known = {article.article_id: article for article in articles}
        self.histories: list[tuple[Message, ...]] = []
        self.any_dates: list[bool] = []
        self.closed = threading.Event()
        self.go_on = threading.Event()

    def stream(
        self,
        question: str,
        history: Sequence[Message] = (),
        since: str | None = None,
        until: str | None = None,
        today: str | None = None,
        wanted: Callable[[], bool] = lambda: True,
        *,
        any_date: bool = False,
    ) -> Iterator[Answer]:
        """Yield what the question calls for."""
        self.any_dates.append(any_date)
        self.histories.append(tuple(history))
        start = Answer(question, question, passages=(hit(TUNNEL), hit(TUNNEL, 120, 260), hit(MEASLES)), model="fake")
        try:
            yield start
            yield from getattr(self, f"_{question.split()[0].strip('?.,:').lower()}", self._answer)(start)
        finally:
            self.closed.set()

    def articles(self) -> tuple[ListedArticle, ...]:
        """List what is known."""
        return tuple(
            ListedArticle(
                known.article_id,
                known.title,
                known.date,
                known.source,
                known.url,
                3,
                (self.uploads / known.article_id).exists(),
            )
            for known in self.known.values()
        )

    def article(self, article_id: str) -> Article:
        """Return one that is known."""
        if article_id not in self.known:
            raise InputError(f"no article {article_id!r}; see the list")
        return self.known[article_id]

    def index(self, *paths: Path, allow_empty: bool = False, progress: Progress | None = None) -> SyncReport:
        """Make every uploaded file an article; a file that says "broken" fails."""
        added, failures = 0, []
        files = sorted(self.uploads.iterdir())
        for number, file in enumerate(files):
            if progress:
                progress("Embedding", number, len(files))
            text = file.read_text(encoding="utf-8")
            if text.startswith("broken"):
                failures.append(Failure(file.name, "is not an article"))
            elif file.name not in self.known:
                added += 1
                self.known[file.name] = Article(file.name, text.partition("\n")[0], "2026-01-02", None, None, text)
        return SyncReport(
            added=added, unchanged=len(self.known) - added, failed=len(failures), failures=tuple(failures), seconds=0.4
        )

    def upload(self, name: str, data: bytes) -> Path:
        """Store a text file."""
        if not name.endswith(".txt"):
            raise InputError(f"{name} is of no type that can be read; upload .txt")
        path = self.uploads / name
        path.write_bytes(data)
        return path

    def remove(self, *article_ids: str) -> tuple[str, ...]:
        """Forget articles, and delete uploaded files."""
        for article_id in article_ids:
            self.article(article_id)
            (self.uploads / article_id).unlink(missing_ok=True)
            del self.known[article_id]
        return article_ids

    def _answer(self, start: Answer) -> Iterator[Answer]:
        first = cited(1, TUNNEL, "They found water behind the lining in eleven places")
        second = cited(2, TUNNEL, "The work will cost 3.1 million crowns.")
        half = replace(
            start,
            text="The audit found water behind the lining in eleven places [1].",
            sentences=(written("The audit found water behind the lining in eleven places.", 1),),
            citations=(first,),
        )
        yield half
        time.sleep(0.2)
        yield replace(
            half,
            text=f"{half.text} Repairs will cost 3.1 million crowns [2].",
            sentences=(*half.sentences, written("Repairs will cost 3.1 million crowns.", 2)),
            citations=(first, second),
            short_answer="eleven places",
            as_of="2025-10-16",
            since=None if self.any_dates[-1] else "2025-10-01",
            withheld=(Withheld("Nobody may see this sentence.", 0.1),),
            timings=COMPLETE,
        )

    def _refuse(self, start: Answer) -> Iterator[Answer]:
        yield replace(
            start,
            text="The articles do not say.",
            abstained=True,
            reason="No passage mentions a football cup.",
            nearest=tuple(Nearest(a.article_id, a.title, a.date) for a in (TUNNEL, MEASLES)),
            timings=COMPLETE,
        )

    def _quote(self, start: Answer) -> Iterator[Answer]:
        quote = "In all, 91 people fell ill, most of them children under ten."
        yield replace(
            start,
            text=f"{quote} [1]",
            reason="No sentence of the model passed its check; this is the nearest sentence of an article.",
            sentences=(Sentence(quote, (1,), True, 1.0, "quoted"),),
            citations=(cited(1, MEASLES, quote),),
            as_of="2025-06-12",
            conflicts=(Conflict("91", "2025-06-12", 1), Conflict("74", "2025-02-13", 1)),
            timings=COMPLETE,
        )

    def _fail(self, start: Answer) -> Iterator[Answer]:
        raise ModelError("the model file cannot be read; run qa doctor")
        yield start

    def _crash(self, start: Answer) -> Iterator[Answer]:
        raise RuntimeError("a secret of the machine")
        yield start

    def _wait(self, start: Answer) -> Iterator[Answer]:
        yield replace(start, text="It begins.", sentences=(written("It begins."),))
        for _ in range(200):
            if self.go_on.wait(0.1):
                break
            yield replace(start, text="It begins.", sentences=(written("It begins."),))
        yield replace(start, text="It ended.", sentences=(written("It ended."),), timings=COMPLETE)
