"""The whole product in one class: articles go in by ``index``, answers come out of ``stream``."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from qa.answering.checking import Checked, checked
from qa.answering.citations import CitedText
from qa.answering.drafting import drafts
from qa.answering.evidence import Evidence, find_evidence, newest_first
from qa.answering.prompt import build_messages
from qa.answering.refusal import confidence, missing_words, nearest_articles, refusal_text
from qa.articles import clean_text
from qa.errors import InputError, LibraryError
from qa.library.database import exists, open_to_write
from qa.library.lock import writing
from qa.library.store import Library, Snapshot
from qa.library.sync import embedder_mismatch, remove, sync
from qa.library.uploads import store_upload
from qa.retrieval.search import Query, make_query, search
from qa.settings import Settings
from qa.types import (
    Answer, Article, Embedder, Generator, Hit, ListedArticle, Message, Nearest, Progress, Reader, SyncReport, Timings, Withheld,
)

Made = TypeVar("Made")
LONGEST_QUESTION = 4_000  # characters


class Desk:
    """A library with the models that read it; every heavy thing is made by a function given here, when first needed."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        embedder: Callable[[], Embedder],
        reader: Callable[[], Reader],
        generator: Callable[[], Generator],
    ) -> None:
        """Name a library's folder; nothing is opened or loaded yet."""
        self.library = Library(folder)
        self.settings = settings
        self._make_embedder, self._make_reader, self._make_generator = embedder, reader, generator
        self._making = threading.Lock()
        self._made: dict[Callable[[], Any], Any] = {}

    def stream(
        self,
        question: str,
        history: Sequence[Message | Mapping[str, str]] = (),
        since: str | None = None,
        until: str | None = None,
        today: str | None = None,
    ) -> Iterator[Answer]:
        """Yield growing answers; the last one is complete. What has been shown is never withdrawn.

        ``history`` are the turns before; ``since`` and ``until`` (inclusive) and ``today`` are ISO dates. Raises
        InputError for a blank or overlong question or a bad date, LibraryError and ModelError.
        """
        began = time.perf_counter()
        settings = self.settings
        query = self._query(question, history, since, until, today)

        # Find passages, in one state of the library; an empty range is widened, and said.
        with self.library.snapshot() as snapshot:
            query, note = self._within_reach(snapshot, query)
            hits = search(snapshot, self.embedder, query, settings.candidates, settings.shown_passages)
            nearest = nearest_articles(hits) or snapshot.newest(3)
        answer = Answer(
            question, query.standalone, reason=note, since=query.since, until=query.until, passages=tuple(hits),
            model=self.generator.name,
        )

        # Read them, and refuse before anything is generated where none answers.
        evidence = find_evidence(query.text, hits, self.reader)
        answer = replace(answer, confidence=round(confidence(query.text, hits, evidence), 4))
        if query.newest and evidence:
            evidence = newest_first(evidence)
        answer = replace(answer, timings=Timings(retrieve_ms=_since(began)))
        if not evidence or answer.confidence < settings.refuse_below:
            yield _refused(answer, query, hits, nearest, began)
            return
        yield answer

        # Generate, and show each sentence that a quote supports, once it has passed its check.
        cited, withheld, first_token = CitedText(), list[Withheld](), None
        for sentence in self._checked(query, evidence):
            if sentence.shown and sentence.support:
                cited.add(sentence.text, [(sentence.support.hit, sentence.support.span)], sentence.score, "generated")
                first_token = first_token or _since(began)
                yield _grown(answer, cited, withheld, first_token)
            else:
                withheld.append(Withheld(sentence.text, sentence.score))

        # Where nothing generated may stand, the best sentence of the articles speaks for itself.
        if not cited.sentences and settings.quoted_fallback:
            cited.add(evidence[0].text, [(evidence[0].hit, evidence[0].span)], answer.confidence, "quoted")
            first_token = _since(began)
        if not cited.sentences:
            yield replace(_refused(answer, query, hits, nearest, began), withheld=tuple(withheld))
            return
        final = _grown(answer, cited, withheld, first_token)
        short = cited.short_answer([e.answer for e in evidence])
        yield replace(final, short_answer=short, timings=replace(final.timings, total_ms=_since(began)))

    def ask(
        self,
        question: str,
        history: Sequence[Message | Mapping[str, str]] = (),
        since: str | None = None,
        until: str | None = None,
        today: str | None = None,
    ) -> Answer:
        """The last answer of ``stream``."""
        *_, answer = self.stream(question, history, since, until, today)
        return answer

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """The best ``k`` passages for any string. Raises InputError for a blank one."""
        made = self._query(query, (), None, None, None)
        with self.library.snapshot() as snapshot:
            self._same_embedder(snapshot)
            return search(snapshot, self.embedder, replace(made, text=made.standalone, newest=False), max(k, self.settings.candidates), k)

    def index(self, *paths: Path | str, allow_empty: bool = False, progress: Progress | None = None) -> SyncReport:
        """Bring the library up to date with files and folders; with no path, with every source it knows."""
        chosen = [Path(path) for path in paths]
        return sync(self.library.folder, chosen, lambda: self.embedder, self.settings, allow_empty, progress)

    def create(self) -> None:
        """Make the library where there is none, so that a page can open on it; an existing one is left as it is."""
        if not exists(self.library.folder):
            with writing(self.library.folder):
                open_to_write(self.library.folder).close()

    def upload(self, name: str, data: bytes) -> Path:
        """Store a file in the library's own source, ``uploads``; ``index`` it afterwards. Raises InputError."""
        return store_upload(self.library.uploads, name, data)

    def remove(self, *article_ids: str) -> tuple[str, ...]:
        """Take articles out and keep them out; an uploaded file is deleted too, the user's own files never."""
        return remove(self.library.folder, article_ids)

    def articles(self) -> tuple[ListedArticle, ...]:
        """What is indexed, newest first."""
        with self.library.snapshot(vectors=False) as snapshot:
            return snapshot.listed()

    def article(self, article_id: str) -> Article:
        """One article as it is stored. Raises InputError for an unknown id."""
        with self.library.snapshot(vectors=False) as snapshot:
            return snapshot.article(article_id)[0]

    @property
    def uploads(self) -> Path:
        """The folder of what the web page stored."""
        return self.library.uploads

    @property
    def embedder(self) -> Embedder:
        """The embedder, made when first needed."""
        return self._once(self._make_embedder)

    @property
    def reader(self) -> Reader:
        """The reader, made when first needed."""
        return self._once(self._make_reader)

    @property
    def generator(self) -> Generator:
        """The generator, made when first needed."""
        return self._once(self._make_generator)

    def _once(self, make: Callable[[], Made]) -> Made:
        """What ``make`` returns, made once even where two conversations begin at the same time."""
        with self._making:
            if make not in self._made:
                self._made[make] = make()
            made: Made = self._made[make]
            return made

    def _query(
        self, question: str, history: Sequence[Message | Mapping[str, str]], since: str | None, until: str | None, today: str | None
    ) -> Query:
        asked = clean_text(question).strip()
        if not asked:
            raise InputError("the question is blank; type a question")
        if len(question) > LONGEST_QUESTION:
            raise InputError(f"the question has {len(question):,} characters; ask in at most {LONGEST_QUESTION:,}")
        first, last, now = (checked_date(text) for text in (since, until, today))
        if isinstance(history, str | Mapping) or not isinstance(history, Sequence):
            raise InputError('the history is no list; give a list of {"role", "content"} objects')
        turns = [turn if isinstance(turn, Message) else _message(turn) for turn in history]
        return make_query(asked, turns, first, last, date.fromisoformat(now) if now else date.today())

    def _within_reach(self, snapshot: Snapshot, query: Query) -> tuple[Query, str | None]:
        """The query, without its date range where no article falls in it; and the sentence that says so."""
        self._same_embedder(snapshot)
        if (query.since or query.until) and not snapshot.has_articles(query.since, query.until):
            stretch = " ".join(part for part in (query.since and f"from {query.since}", query.until and f"until {query.until}") if part)
            return replace(query, since=None, until=None), f"No article is dated {stretch}; all dates were searched."
        return query, None

    def _same_embedder(self, snapshot: Snapshot) -> None:
        if snapshot.embedder not in (None, self.embedder.fingerprint):
            raise LibraryError(embedder_mismatch(self.library.folder, str(snapshot.embedder), self.embedder.fingerprint))

    def _checked(self, query: Query, evidence: Sequence[Evidence]) -> Iterator[Checked]:
        """What the generator makes of the best passages, checked sentence by sentence."""
        settings, generator = self.settings, self.generator
        budget = min(settings.context_tokens, generator.context_size) - settings.answer_tokens
        best = [e.hit for e in evidence[: settings.context_passages]]
        messages, used = build_messages(query.standalone, best, budget, generator.count_tokens)
        if not used:  # not even one passage fits this model's context
            return iter(())
        pieces = generator.stream(messages, settings.answer_tokens)
        return checked(drafts(pieces, len(used)), used, evidence, self.embedder, settings.support_above)


def checked_date(text: str | None) -> str | None:
    """An ISO date as it was given. Raises InputError for anything else."""
    try:
        return date.fromisoformat(text).isoformat() if text is not None else None
    except (ValueError, TypeError) as error:
        raise InputError(f"{text!r} is not a date; write it as YYYY-MM-DD") from error


def _message(turn: Mapping[str, str]) -> Message:
    if not isinstance(turn, Mapping) or turn.get("role") not in ("user", "assistant", "system") or not isinstance(turn.get("content"), str):
        raise InputError('a turn of the history is none; give {"role": "user" or "assistant", "content": a text}')
    return Message(turn["role"], turn["content"])  # type: ignore[arg-type]


def _refused(answer: Answer, query: Query, hits: Sequence[Hit], nearest: tuple[Nearest, ...], began: float) -> Answer:
    """A refusal that helps: what is missing, and which articles come nearest."""
    missing = missing_words(query.text, hits)
    why = f"No passage found mentions: {missing}." if missing else "No passage found answers this question."
    return replace(
        answer, text=refusal_text(nearest), abstained=True, reason=" ".join(filter(None, (answer.reason, why))), missing=missing,
        nearest=nearest, timings=replace(answer.timings, total_ms=_since(began)),
    )


def _grown(answer: Answer, cited: CitedText, withheld: Sequence[Withheld], first_token: float | None) -> Answer:
    """The answer with what has been cited so far."""
    return replace(
        answer, text=cited.text, as_of=cited.as_of, sentences=tuple(cited.sentences), withheld=tuple(withheld),
        citations=tuple(cited.citations), timings=replace(answer.timings, first_token_ms=first_token),
    )


def _since(began: float) -> float:
    """Milliseconds since a reading of the performance counter."""
    return round((time.perf_counter() - began) * 1000, 1)
