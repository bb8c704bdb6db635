"""The whole product in one class: articles go in by ``index``, answers come out of ``stream``."""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Generator as Yields
from contextlib import suppress
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from qa.answering.checking import Checked, checked
from qa.answering.citations import CitedText
from qa.answering.composing import grown, milliseconds_since, refused
from qa.answering.disagreement import differing
from qa.answering.drafting import drafts
from qa.answering.evidence import Evidence, find_evidence, of_the_newest, worth_quoting
from qa.answering.prompt import build_messages, passages_for
from qa.answering.refusal import VOTES, Vote, confidence, nearest_articles, settled
from qa.answering.support import Support
from qa.errors import InputError, LibraryError, QAError
from qa.fetching.address import checked_address, is_address
from qa.library.addresses import Visit, ask_all, known_addresses
from qa.library.backup import backup
from qa.library.database import exists, open_to_write
from qa.library.diff import diff
from qa.library.embedded import embedder_mismatch, recorded_embedder
from qa.library.listing import ORDERS, Order, Selection
from qa.library.lock import writing
from qa.library.reembedding import reembed
from qa.library.restore import finish_restore, restore
from qa.library.store import Library, Snapshot
from qa.library.sync import remove, sync
from qa.library.uploads import store_upload
from qa.library.watching import watch
from qa.retrieval.embedder import DEFAULT
from qa.retrieval.languages import known_languages, language_note
from qa.retrieval.query import Query, checked_date, checked_range, read_query, search_terms
from qa.retrieval.search import search, stretch_of, within_reach
from qa.settings import Settings
from qa.types import (
    Answer,
    Article,
    Backup,
    Conflict,
    Diff,
    Embedder,
    Generator,
    Hit,
    ListedArticle,
    Listing,
    Message,
    Origin,
    Progress,
    Reader,
    Reembedding,
    Scope,
    Statistics,
    SyncReport,
    Timings,
    Version,
    Withheld,
)

if TYPE_CHECKING:
    from qa.fetching.client import Fetcher

Made = TypeVar("Made")
# The probability from which an article counts as one that answers, where the newest that does is asked for. On made-up
# news, the newest value came first for 147 of 170 questions, at 0.5 for 139: models/reader/README.md.
ANSWERS_ALONE = 0.3
# The probability from which another article's value is said beside the answer's: benchmarks/disagreement.md.
DIFFERS_ALONE = 0.6
_GENERATED: Origin = "generated"
_QUOTED: Origin = "quoted"


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
        wanted: Callable[[], bool] = lambda: True,
        articles: Collection[str] | None = None,
        any_date: bool = False,
    ) -> Iterator[Answer]:
        """Yield growing answers; the last one is complete. What has been shown is never withdrawn.

        ``history`` are the turns before; ``since`` and ``until`` (inclusive) and ``today`` are ISO dates. Raises
        InputError for a blank or overlong question or a bad date, LibraryError and ModelError. ``wanted`` is asked
        after every piece of the generator's reply, from which on it returns False nothing more is generated.
        ``articles`` are the ids of those to search, None for all; ``any_date`` takes no range from the question.
        """
        began = time.perf_counter()
        query = read_query(question, history, since, until, today, articles, any_date)
        refusal = yield from self._attempt(question, query, None, began, wanted)
        if refusal and query.phrased and (refusal.since or refusal.until) and wanted():
            # Of "this week" an article may tell before or after; what it says is looked for before giving up.
            note = f"No article dated {stretch_of(query.scope)} answers this; all dates were searched."
            refusal = yield from self._attempt(question, query.of_all_dates(), note, began, wanted)
        if refusal:
            yield refusal

    def _attempt(
        self, question: str, query: Query, note: str | None, began: float, wanted: Callable[[], bool]
    ) -> Yields[Answer, None, Answer | None]:
        """Yield the answer as it grows; returns the refusal where there is none. ``note`` is said with both."""
        settings = self.settings

        # Find passages, in one state of the library; a range or phrase that no article fits is left out, and said.
        with self.library.snapshot() as snapshot:
            embedder = self.embedder_of(snapshot.embedder)
            query, left_out = within_reach(snapshot, query)
            hits = self.found(snapshot, query, settings.shown_passages)
            nearest = nearest_articles(hits) or snapshot.newest(3)
        answer = Answer(
            question,
            query.standalone,
            reason=" ".join(filter(None, (note, left_out))) or None,
            since=query.scope.since,
            until=query.scope.until,
            passages=tuple(hits),
            model=self.generator.name,
        )

        # Read them, and refuse before anything is generated where no reply would make it sure enough.
        weights = self.reader.calibration
        evidence = find_evidence(query.text, hits, self.reader, embedder, weights.evidence)
        sure = confidence(query.text, hits, evidence, weights.confidence)
        answer = replace(answer, confidence=round(sure, 4), timings=Timings(retrieve_ms=milliseconds_since(began)))
        if not evidence or max(settled(sure, vote, weights.reply) for vote in VOTES) < settings.refuse_below:
            return refused(answer, query.text, nearest, began)
        yield answer

        def alone(part: Sequence[Evidence]) -> float:
            return confidence(query.text, hits, part, weights.confidence)

        if query.newest:
            evidence = of_the_newest(evidence, lambda part: alone(part) >= ANSWERS_ALONE)
        values = differing(evidence, lambda part: alone(part) >= DIFFERS_ALONE)
        for answered in self._answered(query, answer, evidence, values, embedder, began, wanted):
            if not answered.sentences:
                return refused(answered, query.text, nearest, began)
            yield answered
        return None

    def _answered(
        self,
        query: Query,
        answer: Answer,
        evidence: Sequence[Evidence],
        values: Sequence[Evidence],
        embedder: Embedder,
        began: float,
        wanted: Callable[[], bool],
    ) -> Iterator[Answer]:
        """Yield the answer as it grows; one without sentences, as the last, is none. ``values`` are all said."""
        weights, settings = self.reader.calibration, self.settings
        cited, withheld, shown = CitedText(), list[Withheld](), list[Checked]()
        vote: Vote = "differs"
        messages, used = self._prompt(query, evidence)
        answer = replace(answer, prompted=tuple(answer.passages.index(hit) for hit in used))

        # Generate, and show each sentence that a quote supports, once it has passed its check.
        pieces = self.generator.stream(messages, settings.answer_tokens) if used else iter(())
        said = drafts(takewhile(lambda _: wanted(), pieces), len(used))
        for sentence in checked(said, used, evidence, embedder, settings.support_above, weights.said):
            if sentence.shown and sentence.support:
                vote = "agrees"
                # A few words are the short answer; what is shown is the sentence they stand in.
                whole = sentence.brief and settings.quoted_fallback
                if whole and sentence.support in (before.support for before in shown):
                    continue
                shown.append(sentence)
                text, origin = (sentence.support.text, _QUOTED) if whole else (sentence.text, _GENERATED)
                cited.add(text, sentence.support.hit, sentence.support.span, sentence.score, origin)
                answer = grown(answer, cited, withheld, began)
                yield answer
            elif sentence.declines:
                vote = vote if shown else "declines"
            else:
                withheld.append(Withheld(sentence.text, sentence.score))
        sure = settled(answer.confidence, vote, weights.reply)

        # Where nothing generated may stand, the best sentence of the articles speaks for itself.
        quotes: list[Support] = []
        answers = [s.text.rstrip(".") for s in shown if s.brief] + [s.answer or "" for s in shown]
        if not shown and settings.quoted_fallback and sure >= settings.refuse_below:
            quotes = [Support(e.hit, e.span, sure) for e in worth_quoting(evidence)]
            answers = [evidence[0].answer]
        for quote in quotes:
            cited.add(quote.text, quote.hit, quote.span, quote.score, "quoted")

        # Where articles give different values, the answer holds each of them.
        conflicts = tuple(
            Conflict(e.answer, e.hit.date, cited.quote(e.text, e.hit, e.span, sure))
            for e in (values if cited.sentences else ())
        )
        answer = replace(grown(answer, cited, withheld, began), confidence=round(sure, 4), conflicts=conflicts)
        # Where it rests on a language that the search does not know, the answer says so.
        reason = " ".join(filter(None, (answer.reason, language_note(cited.citations, self.languages)))) or None
        short = cited.short_answer(answers)
        timings = replace(answer.timings, total_ms=milliseconds_since(began))
        yield replace(answer, short_answer=short, reason=reason, timings=timings)

    def ask(
        self,
        question: str,
        history: Sequence[Message | Mapping[str, str]] = (),
        since: str | None = None,
        until: str | None = None,
        today: str | None = None,
        articles: Collection[str] | None = None,
        any_date: bool = False,
    ) -> Answer:
        """The last answer of ``stream``."""
        *_, answer = self.stream(question, history, since, until, today, articles=articles, any_date=any_date)
        return answer

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """The best ``k`` passages for any string. Raises InputError for a blank one."""
        made = read_query(query)
        with self.library.snapshot() as snapshot:
            undated = replace(made, text=made.standalone, scope=Scope(), newest=False)
            return self.found(snapshot, within_reach(snapshot, undated)[0], k)

    def found(self, snapshot: Snapshot, query: Query, count: int) -> list[Hit]:
        """The best ``count`` passages for a query: the search behind every answer, for what measures it, too."""
        embedder = self.embedder_of(snapshot.embedder)
        return search(snapshot, embedder, query, max(count, self.settings.candidates), count)

    def index(
        self, *paths: Path | str, allow_empty: bool = False, progress: Progress | None = None, full: bool = False
    ) -> SyncReport:
        """Bring the library up to date with files, folders and addresses; with none, with every source it knows.

        ``full`` reads files, too, that have the size, the time of change and the inode they had when they were last read.
        This and ``diff`` are where anything is fetched. Raises InputError for paths that are missing and for what is no
        address; one that cannot be fetched is a failure of the report.
        """
        return self._index(_places(paths), allow_empty, progress, full)

    def watch(
        self,
        *paths: Path | str,
        told: Callable[[SyncReport | QAError], None],
        stop: threading.Event | None = None,
        allow_empty: bool = False,
        progress: Progress | None = None,
        full: bool = False,
        files: bool = True,
        every: float | None = None,
    ) -> None:
        """``index`` now and whenever these files and folders change, until ``stop`` is set; with no path, all known ones.

        ``every`` so many seconds it is done anyway, and addresses are asked again; only then where ``files`` is False.
        ``told`` gets the report of every round, or its error, after which the watching goes on. Raises what the first
        round raises.
        """
        places = _places(paths)

        def round_of(ask: bool) -> SyncReport:
            return self._index(places, allow_empty, progress, full, ask)

        told(round_of(True))
        with self.library.snapshot(vectors=False) as snapshot:
            roots = [place.resolve() for place in places if isinstance(place, Path)] if places else snapshot.roots()
        if not roots and every is None:
            raise InputError("there is no file or folder to watch; to ask addresses again and again: --every 10m")
        library = self.library.folder.resolve()
        watch(round_of, roots if files else (), library, told, stop or threading.Event(), every)

    def diff(
        self, *paths: Path | str, allow_empty: bool = False, progress: Progress | None = None, full: bool = False
    ) -> Diff:
        """What ``index`` would do; nothing is written or embedded."""
        places = _places(paths)
        return diff(self.library.folder, places, allow_empty, progress, full, self._visits(places, progress))

    def backup(self, file: Path | str, replace: bool = False, progress: Progress | None = None) -> Backup:
        """Write the library into one file, read back before it is there; questions go on meanwhile."""
        return backup(self.library.folder, Path(file), replace, progress)

    def restore(self, file: Path | str, replace: bool = False) -> Backup:
        """Make this library that of a backup; one that is there is replaced only where ``replace`` says so."""
        return restore(self.library.folder, Path(file), replace)

    def reembed(self, embedder: Callable[[], Embedder], progress: Progress | None = None) -> Reembedding:
        """Embed every passage anew with another embedder, with which the library is used afterwards; questions go on meanwhile.

        What a run that was cut short has embedded is not embedded again.
        """
        return reembed(self.library.folder, embedder, progress)

    def create(self) -> None:
        """Make the library where there is none, so that a page can open on it; an existing one is left as it is."""
        if not exists(self.library.folder):
            with writing(self.library.folder):
                open_to_write(self.library.folder).close()

    def prepare(self) -> None:
        """Load every model now rather than with the first question. Raises ModelError."""
        self.embedder.encode([""])
        self.reader.read("", ())
        self.generator.count_tokens("")

    def upload(self, name: str, data: bytes) -> Path:
        """Store a file in the library's own source, ``uploads``; ``index`` it afterwards. Raises InputError."""
        finish_restore(self.library.folder)  # which would put the restored files in the place of this one
        return store_upload(self.library.uploads, name, data)

    def remove(self, *article_ids: str, purge: bool = False) -> tuple[str, ...]:
        """Take articles out and keep them out; an uploaded file is deleted too, the user's own files never.

        The address of a source stands for all that came from it, and is asked no more.
        ``purge`` rewrites the library's files, so that nothing of them, or of any removed before, is left on the disk.
        """
        return remove(self.library.folder, article_ids, purge)

    def older_than(self, day: str) -> tuple[tuple[str, ...], int]:
        """Ids of the articles dated before an ISO date, oldest first, and how many articles have no date."""
        with self.library.snapshot(vectors=False) as snapshot:
            return snapshot.older_than(str(checked_date(day)))

    def articles(self) -> tuple[ListedArticle, ...]:
        """What is indexed, newest first."""
        return self.listing().articles

    def listing(
        self,
        since: str | None = None,
        until: str | None = None,
        source: str | None = None,
        match: str | None = None,
        sort: Order = "date",
        reverse: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> Listing:
        """A page of what is indexed: dated in a range, of a source, with all words of ``match``; undated ones are last.

        Raises InputError for a bad date, a range that ends before it begins, a ``match`` without words, an unknown order.
        """
        if sort not in ORDERS:
            raise InputError(f"nothing is sorted by {sort!r}; give one of {', '.join(ORDERS)}")
        first, last = checked_range(since, until)
        terms = search_terms(match) if match is not None else []
        if match is not None and not terms:
            raise InputError("there is no word to match; give words that an article has in its headline or text")
        selection = Selection(first, last, source, terms, sort, reverse, limit, offset)
        with self.library.snapshot(vectors=False) as snapshot:
            return snapshot.listing(selection)

    def article(self, article_id: str) -> Article:
        """One article as it is stored. Raises InputError for an unknown id."""
        with self.library.snapshot(vectors=False) as snapshot:
            return snapshot.article(article_id)[0]

    def history(self, article_id: str) -> tuple[Version, ...]:
        """What happened to an article, the earliest first. Raises InputError for an id that no article ever had."""
        with self.library.snapshot(vectors=False) as snapshot:
            return snapshot.history(article_id)

    def statistics(self) -> Statistics:
        """What is indexed, in numbers."""
        with self.library.snapshot(vectors=False) as snapshot:
            return snapshot.statistics(self.library.folder)

    @property
    def uploads(self) -> Path:
        """The folder of what the web page stored."""
        return self.library.uploads

    @property
    def embedder(self) -> Embedder:
        """The embedder, made when first needed, and made again where the library has another one by now."""
        return self._once(self._make_embedder)

    def embedder_of(self, fingerprint: str | None) -> Embedder:
        """The embedder whose vectors a library holds; any will do for None.

        Where it is not the one in memory, the one that is set is made anew: another process may have embedded the library
        anew since. Raises LibraryError where that is not it either.
        """
        embedder = self.embedder
        if fingerprint in (None, embedder.fingerprint):
            return embedder
        with self._making:
            embedder = self._made[self._make_embedder]
            if embedder.fingerprint != fingerprint:  # no other conversation has made it meanwhile
                embedder = self._make_embedder()
            if embedder.fingerprint != fingerprint:
                raise LibraryError(embedder_mismatch(self.library.folder, str(fingerprint), embedder))
            self._made[self._make_embedder] = embedder
        return embedder

    @property
    def languages(self) -> frozenset[str] | None:
        """ISO 639 codes of the languages that the embedder knows; None where they are not limited, or not known."""
        settings = self.settings
        auto = settings.embedder == Settings().embedder
        name = (recorded_embedder(self.library.folder)[1] or DEFAULT) if auto else settings.embedder
        return known_languages(name, settings.embedder_languages)

    @property
    def reader(self) -> Reader:
        """The reader, made when first needed."""
        return self._once(self._make_reader)

    @property
    def generator(self) -> Generator:
        """The generator, made when first needed."""
        return self._once(self._make_generator)

    def _index(
        self,
        places: Sequence[Path | str],
        allow_empty: bool,
        progress: Progress | None,
        full: bool,
        ask: bool = True,
    ) -> SyncReport:
        """Index; only where ``ask`` says so are addresses asked, before the library is locked."""
        visits = self._visits(places, progress) if ask else {}
        return sync(self.library.folder, places, self._embedder_now, self.settings, allow_empty, progress, full, visits)

    def _visits(self, places: Sequence[Path | str], progress: Progress | None) -> dict[str, Visit]:
        """What comes from the addresses among places, or, where there are no places, from all that the library knows."""
        folder = self.library.folder
        addresses = [place for place in places if isinstance(place, str)] if places else known_addresses(folder)
        tell = progress or (lambda stage, done, total: None)
        return ask_all(folder, addresses, lambda: self._once(self._make_fetcher), tell) if addresses else {}

    def _make_fetcher(self) -> "Fetcher":
        from qa.fetching.client import Fetcher  # it and what it needs are loaded by whoever has addresses

        return Fetcher(self.settings.private_hosts)

    def _once(self, make: Callable[[], Made]) -> Made:
        """What ``make`` returns, made once even where two conversations begin at the same time."""
        with self._making:
            if make not in self._made:
                self._made[make] = make()
            made: Made = self._made[make]
            return made

    def _embedder_now(self) -> Embedder:
        """The embedder to index with; whether another one's vectors are in its way, indexing finds out."""
        fingerprint, _ = recorded_embedder(self.library.folder)
        with suppress(LibraryError):
            return self.embedder_of(fingerprint)
        return self.embedder

    def _prompt(self, query: Query, evidence: Sequence[Evidence]) -> tuple[list[Message], list[Hit]]:
        """What the generator reads, and the passages in it: none where not even one fits its context."""
        settings, generator = self.settings, self.generator
        budget = min(settings.context_tokens, generator.context_size) - settings.answer_tokens
        best = passages_for(list(dict.fromkeys(e.hit for e in evidence)), settings.context_passages)
        return build_messages(query.standalone, best, budget, generator.count_tokens)


def _places(paths: Sequence[Path | str]) -> list[Path | str]:
    """Paths as paths, and addresses in their one form. Raises InputError for an address that is not asked."""
    return [checked_address(str(path)) if is_address(path) else Path(path) for path in paths]
