"""The whole product in one class: articles go in by ``index``, answers come out of ``stream``."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Generator as Yields
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from qa.answering.checking import Checked, checked
from qa.answering.citations import CitedText
from qa.answering.composing import add_quotes, grown, milliseconds_since, refused
from qa.answering.disagreement import brought_up_to_date, differing
from qa.answering.drafting import drafts
from qa.answering.evidence import (
    Evidence,
    find_evidence,
    of_the_nearest,
    of_the_newest,
    strongest_first,
    worth_quoting,
)
from qa.answering.prompt import as_read, build_messages, passages_for
from qa.answering.refusal import VOTES, Vote, confidence, nearest_articles, settled
from qa.answering.several import as_one
from qa.keeping import KeptLibrary
from qa.library.store import Snapshot
from qa.retrieval.followup import leans
from qa.retrieval.languages import language_note
from qa.retrieval.parts import questions_in
from qa.retrieval.query import Query, read_query
from qa.retrieval.search import search, stretch_of, what_is_searched, within_reach
from qa.settings import Settings
from qa.types import (
    Answer,
    Conflict,
    Embedder,
    Generator,
    Hit,
    Message,
    Nearest,
    Origin,
    Reader,
    Searched,
    Timings,
    Withheld,
)

# The probability from which an article counts as one that answers: where the newest that does is asked for, and for a
# later one, which names the answer's number and gives another, to be said first (models/reader/README.md).
ANSWERS_ALONE = 0.2
# The probability from which another article's value is said beside the answer's (there, too).
DIFFERS_ALONE = 0.4
_GENERATED: Origin = "generated"
_QUOTED: Origin = "quoted"


class _Found(NamedTuple):
    """A query and what a state of the library has for it; ``left_out`` says what of the query no article fits."""

    query: Query
    left_out: str | None
    embedder: Embedder
    hits: tuple[Hit, ...]
    nearest: tuple[Nearest, ...]
    searched: Searched


class Desk(KeptLibrary):
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
        super().__init__(folder, settings, embedder)
        self._make_reader, self._make_generator = reader, generator

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
        A question that consists of several is answered part by part; what is not known of it is said in the reason.
        ``articles`` are the ids of those to search, None for all; ``any_date`` takes no range from the question.
        """
        began = time.perf_counter()
        set_by = (since, until, today, articles, any_date)
        query = read_query(question, history, *set_by)

        # Of several questions in one each is answered by itself; one that leans on those before it, as their follow-up.
        asked, said = questions_in(question), list[Answer]()
        turns = [*history, *(Message("user", part) for part in asked)]
        before = [turns[: len(history) + at] if leans(part) else history for at, part in enumerate(asked)]
        parts = [read_query(part, told, *set_by) for part, told in zip(asked, before, strict=True)]
        for part, found in zip(asked, self._found_for(parts), strict=True):
            if not wanted():
                break
            for answer in self._stream(part, found, began, wanted):
                if answer.sentences:
                    yield as_one(question, query.standalone, [*said, answer])
            said.append(answer)
        if any(answer.sentences for answer in said):
            yield as_one(question, query.standalone, said)
        else:
            [found] = self._found_for([query])
            yield from self._stream(question, found, began, wanted)

    def _found_for(self, queries: Sequence[Query]) -> list[_Found]:
        """What is found for each query, all in one state of the library; ranges and phrases that no article fits are left out."""
        if not queries:
            return []
        with self.library.snapshot() as snapshot:
            embedder, found = self.embedder_of(snapshot.embedder), []
            for query in queries:
                reached, left_out = within_reach(snapshot, query)
                hits = self.found(snapshot, reached, self.settings.shown_passages)
                nearest = nearest_articles(hits) or snapshot.newest(3)
                searched = what_is_searched(snapshot, reached)
                found.append(_Found(reached, left_out, embedder, tuple(hits), nearest, searched))
            return found

    def _stream(self, question: str, found: _Found, began: float, wanted: Callable[[], bool]) -> Iterator[Answer]:
        """Answer one question; times count from ``began``."""
        query, left_out, embedder, hits, nearest, _ = found
        answer = Answer(
            question,
            query.standalone,
            reason=left_out,
            since=query.scope.since,
            until=query.scope.until,
            passages=hits,
            model=self.generator.name,
        )

        def read(asked: Query, part: Sequence[Hit]) -> list[Evidence]:
            weights = self.reader.calibration.evidence
            return find_evidence(asked.text, part, self.reader, embedder, weights, hits, asked.today)

        # Read them. Where a phrase names the range, the articles in it are asked first.
        inside = tuple(hit for hit in hits if query.scope.covers(hit.date))
        others = [hit for hit in hits if not query.scope.covers(hit.date)]
        evidence = read(query, inside)
        refusal = yield from self._attempt(replace(answer, passages=inside), query, evidence, found, began, wanted)
        if refusal and others and wanted():
            # Of "this week" an article may tell before or after; what those say counts before giving up.
            undated = query.of_all_dates()
            evidence = strongest_first(evidence + read(undated, others))
            note = f"No article dated {stretch_of(query.scope)} answers this; all dates were searched."
            answer = replace(answer, reason=" ".join(filter(None, (note, left_out))), since=None, until=None)
            if not (last := (yield from self._attempt(answer, undated, evidence, found, began, wanted))):
                return
            last = replace(last, reason=left_out, since=refusal.since, until=refusal.until)
            refusal = refused(last, query.text, nearest, began)
            refusal = replace(refusal, reason=f"{refusal.reason} Articles of other dates do not answer it either.")
        if refusal:
            yield refusal

    def _attempt(
        self,
        answer: Answer,
        query: Query,
        evidence: list[Evidence],
        found: _Found,
        began: float,
        wanted: Callable[[], bool],
    ) -> Yields[Answer, None, Answer | None]:
        """Yield the answer from the evidence of its passages as it grows; returns the refusal where there is none."""
        settings, weights, hits = self.settings, self.reader.calibration, answer.passages

        # Refuse before anything is generated where no reply would make it sure enough.
        sure = confidence(query.text, found.searched, hits, evidence, weights.confidence)
        answer = replace(answer, confidence=round(sure, 4), timings=Timings(retrieve_ms=milliseconds_since(began)))
        if not evidence or max(settled(sure, vote, weights.reply) for vote in VOTES) < settings.refuse_below:
            return refused(answer, query.text, found.nearest, began)
        yield answer

        def answers(part: Sequence[Evidence], sure_from: float = ANSWERS_ALONE) -> bool:
            return confidence(query.text, found.searched, hits, part, weights.confidence) >= sure_from

        if query.near is not None:
            evidence = of_the_nearest(evidence, query.near, answers)
        elif query.newest:
            evidence = of_the_newest(evidence, answers)
        evidence = brought_up_to_date(evidence, hits, answers)
        values = differing(evidence, lambda part: answers(part, DIFFERS_ALONE))
        for answered in self._answered(query, answer, evidence, values, began, wanted):
            if not answered.sentences:
                return refused(answered, query.text, found.nearest, began)
            yield answered
        return None

    def _answered(
        self,
        query: Query,
        answer: Answer,
        evidence: Sequence[Evidence],
        values: Sequence[Evidence],
        began: float,
        wanted: Callable[[], bool],
    ) -> Iterator[Answer]:
        """Yield the answer as it grows; one without sentences, as the last, is none. ``values`` are all said."""
        weights, settings = self.reader.calibration, self.settings
        cited, withheld, shown = CitedText(), list[Withheld](), list[Checked]()
        vote: Vote = "differs"

        # What would be answered whatever the generator replies need not wait for it; between two answers it may choose.
        before, quotes = answer.confidence, worth_quoting(evidence)
        certain = min(settled(before, v, weights.reply) for v in VOTES) >= settings.refuse_below
        if settings.quotes_first and certain and len(quotes) == 1:
            add_quotes(cited, quotes, before)
            answer = grown(answer, cited, withheld, began)
            yield answer
        quoted = bool(cited.sentences)
        messages, used, cut = self._prompt(query, evidence, answer.passages)
        prompted, cut_out = (tuple(map(answer.passages.index, part)) for part in (used, cut))
        answer = replace(answer, prompted=prompted, cut=cut_out)

        # Generate, and show each sentence that a quote supports, once it has passed its check.
        texts = list(map(as_read, used))
        pieces = self.generator.stream(messages, settings.answer_tokens, texts) if used else iter(())
        said = drafts(takewhile(lambda _: wanted(), pieces), len(used))
        for sentence in checked(said, used, evidence, self.reader, settings.support_above, weights.said):
            if sentence.shown and sentence.support:
                vote = "agrees"
                if quoted and cited.tells(sentence.text):
                    continue
                # A few words are the short answer; what is shown is the sentence they stand in.
                whole = sentence.brief and settings.quoted_fallback
                if whole and sentence.support in (earlier.support for earlier in shown):
                    continue
                shown.append(sentence)
                text, origin = (sentence.support.text, _QUOTED) if whole else (sentence.text, _GENERATED)
                cited.add(text, sentence.support.hit, sentence.support.span, sentence.score, origin)
                answer = grown(answer, cited, withheld, began)
                yield answer
            elif sentence.declines:
                vote = vote if vote == "agrees" else "declines"
            else:
                withheld.append(Withheld(sentence.text, sentence.score))
        sure = settled(before, vote, weights.reply)

        # Where nothing generated may stand, the best sentence of the articles speaks for itself.
        if not cited.sentences and settings.quoted_fallback and sure >= settings.refuse_below:
            add_quotes(cited, quotes, sure)
            quoted = True
        said_short = [s.text.rstrip(".") for s in shown if s.brief] + [s.answer or "" for s in shown]
        answers = [evidence[0].answer] if quoted else said_short

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
        made = replace(read_query(query, any_date=True), newest=False)
        with self.library.snapshot() as snapshot:
            return self.found(snapshot, within_reach(snapshot, made)[0], k)

    def found(self, snapshot: Snapshot, query: Query, count: int) -> list[Hit]:
        """The best ``count`` passages for a query: the search behind every answer, for what measures it, too."""
        embedder = self.embedder_of(snapshot.embedder)
        return search(snapshot, embedder, query, max(count, self.settings.candidates), count)

    def prepare(self) -> None:
        """Load every model now rather than with the first question. Raises ModelError."""
        read_query("yesterday")  # date phrases have a parser to load
        self.embedder.encode([""])
        self.reader.read("", ())
        self.reader.read_closely("", ())
        self.generator.count_tokens("")

    @property
    def reader(self) -> Reader:
        """The reader, made when first needed."""
        return self._once(self._make_reader)

    @property
    def generator(self) -> Generator:
        """The generator, made when first needed."""
        return self._once(self._make_generator)

    def _prompt(
        self, query: Query, evidence: Sequence[Evidence], passages: Sequence[Hit]
    ) -> tuple[list[Message], list[Hit], list[Hit]]:
        """What the generator reads, the passages in it, none where not even one fits its context, and those that did not fit.

        The passages of the evidence come first, then the others, but where only one article is to speak, for its date.
        """
        settings, generator = self.settings, self.generator
        budget = min(settings.context_tokens, generator.context_size) - settings.answer_tokens
        hits = [*(e.hit for e in evidence), *(() if query.newest or query.near else passages)]
        best = passages_for(hits, settings.context_passages)
        messages, used = build_messages(query.standalone, best, budget, generator.count_tokens)
        return messages, used, [hit for hit in best if hit not in used]
