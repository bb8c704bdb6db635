"""Rank the passages of a corpus in several ways and hold them against plain dense search and BM25, in one run.

    .venv/bin/python benchmarks/retrieval.py NAME --corpus FILE --questions FILE... [--limit N] [--passage-words N]
        [--overlap N]

Prints a table and keeps it as benchmarks/retrieval/NAME.md. Every way ranks the same candidates of the same index; a
difference is that of the cases, one by one, to the better of the two baselines. ``reader`` puts passages in the order of
their strongest evidence, which is how answers are chosen.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qa.answering.evidence import find_evidence
from qa.chat import Desk
from qa.evaluate.asking import Record
from qa.evaluate.bench import Bench, kept
from qa.evaluate.cases import Case, facts, load_questions
from qa.evaluate.command import sample
from qa.evaluate.corpora import corpus_digest, index_corpus
from qa.evaluate.figures import Figure, mean, ranked, retrieval_figures
from qa.evaluate.looking import Ranking, rank_of_answer, rank_of_article, searched, words_to_answer
from qa.evaluate.scores import stated
from qa.language.values import numbers
from qa.language.words import names_asked
from qa.library.database import open_to_read
from qa.library.keywords import fts_string
from qa.retrieval.query import Query, read_query, search_terms
from qa.retrieval.search import found_by, in_order, search, whole_and_parts, within_reach
from qa.types import Hit

RESULTS = Path(__file__).parent / "retrieval"
DEEP = 40  # passages of a ranking that are looked at
FURTHER = 2000  # of all dates, among which those of the question's are looked for
BASELINES = ("dense", "BM25")
SHOWN = (
    "hit@5, gold article",
    "nDCG@10, gold article",
    "all gold articles among 10",
    "answer within 150 words",
    "answer within 600 words",
)


class Candidates:
    """What both searches of one question bring: passage ids with their scores, higher is better."""

    def __init__(self, desk: Desk, query: Query) -> None:
        """Search all dates; the scores of the keyword search are read from the same table by a connection of our own."""
        with desk.library.snapshot() as snapshot:
            self.query, _ = within_reach(snapshot, query)
            [vector] = desk.embedder.encode([self.query.text])
            began = time.perf_counter()
            self.by_keyword = snapshot.keyword_search(search_terms(self.query.text), DEEP, self.query.scope)
            middle = time.perf_counter()
            self.cosines = dict(snapshot.vector_search(vector, DEEP, self.query.scope))
            self.seconds = (middle - began, time.perf_counter() - middle)
            self.by_vector = list(self.cosines)
            known = dict.fromkeys([*self.by_keyword, *self.by_vector])
            self.hits = {hit.passage_id: hit for hit in snapshot.hits([(i, 0.0) for i in known])}
        self.bm25 = self._bm25(desk)

    def _bm25(self, desk: Desk) -> dict[int, float]:
        match = " OR ".join(map(fts_string, search_terms(self.query.text)))
        if not self.by_keyword:
            return {}
        connection = open_to_read(desk.library.folder)
        try:
            query = "SELECT rowid, -rank FROM keywords WHERE keywords MATCH ? ORDER BY rank LIMIT ?"
            scores = dict(connection.execute(query, (match, FURTHER)).fetchall())
        finally:
            connection.close()
        return {i: scores[i] for i in self.by_keyword if i in scores}


def reciprocal(constant: int, of_keywords: Callable[[Query], float]) -> Callable[[Candidates], list[int]]:
    """Reciprocal rank fusion with a constant, and with a share for the keyword search that may depend on the question."""

    def rank(found: Candidates) -> list[int]:
        share = of_keywords(found.query)
        scores: dict[int, float] = {}
        for weight, ranking in ((share, found.by_keyword), (1 - share, found.by_vector)):
            for place, i in enumerate(ranking, start=1):
                scores[i] = scores.get(i, 0.0) + weight / (constant + place)
        return sorted(scores, key=lambda i: (-scores[i], i))

    return rank


def normalised(share: float) -> Callable[[Candidates], list[int]]:
    """Scores of each search between 0 for the last candidate and 1 for the best, added with a share for the keywords."""

    def rank(found: Candidates) -> list[int]:
        scores: dict[int, float] = {}
        for weight, part in ((share, found.bm25), (1 - share, found.cosines)):
            low, high = (min(part.values()), max(part.values())) if part else (0.0, 0.0)
            for i, score in part.items():
                scores[i] = scores.get(i, 0.0) + weight * ((score - low) / (high - low) if high > low else 1.0)
        return sorted(scores, key=lambda i: (-scores[i], i))

    return rank


def by_names(query: Query) -> float:
    """More for the keyword search where the question names or counts something, less where it does not."""
    return 0.6 if names_asked(query.text) or numbers(query.text) or query.phrases else 0.4


def by_length(query: Query) -> float:
    """More for the keyword search where the question is short."""
    return 0.6 if len(search_terms(query.text)) <= 4 else 0.4


def learned(desk: Desk, query: Query) -> tuple[Query, list[Hit], float]:
    """What the product does, and the seconds that the order took, the searches aside."""
    with desk.library.snapshot() as snapshot:
        query, _ = within_reach(snapshot, query)
        asked = [(one, found_by(snapshot, desk.embedder, one, DEEP)) for one in whole_and_parts(query)]
        began = time.perf_counter()
        in_order(snapshot, asked)
        took = time.perf_counter() - began
        return query, search(snapshot, desk.embedder, query, DEEP, DEEP), took


WAYS: dict[str, Callable[[Candidates], list[int]]] = {
    "dense": lambda found: found.by_vector,
    "BM25": lambda found: found.by_keyword,
    "RRF, 60": reciprocal(60, lambda _: 0.5),
    "RRF, 20": reciprocal(20, lambda _: 0.5),
    "RRF, 5": reciprocal(5, lambda _: 0.5),
    "RRF, 2": reciprocal(2, lambda _: 0.5),
    "RRF, 5, keywords .35": reciprocal(5, lambda _: 0.35),
    "RRF, 5, keywords .65": reciprocal(5, lambda _: 0.65),
    "RRF, 5, by names and numbers": reciprocal(5, by_names),
    "RRF, 5, by length": reciprocal(5, by_length),
    "normalised scores, keywords .3": normalised(0.3),
    "normalised scores, keywords .5": normalised(0.5),
    "normalised scores, keywords .7": normalised(0.7),
}
READ = (8, 16, 24)  # passages of the product's ranking that the reader puts in its order


def read_orders(desk: Desk, query: Query, ranking: Sequence[Hit]) -> dict[int, list[Hit]]:
    """For each number of READ: so many passages in the order of their strongest evidence, then the others."""

    def read(count: int) -> list[Hit]:
        weights = desk.reader.calibration.evidence
        evidence = find_evidence(query.text, ranking[:count], desk.reader, desk.embedder, weights, today=query.today)
        return list(dict.fromkeys([*(e.hit for e in evidence), *ranking]))

    return {count: read(count) for count in READ}


def record(case: Case, hits: Sequence[Hit]) -> Record:
    """What the figures of a report are computed from."""
    ranking = Ranking(tuple(hits), ())
    sought = bool(stated(case.answers))
    return {
        "answers": list(case.answers),
        "gold_articles": sorted(case.gold_articles),
        "retrieval": {
            "articles": list(ranking.articles),
            "rank_of_article": rank_of_article(ranking, case),
            "gold_found": len(set(ranking.articles) & case.gold_articles),
            "rank_of_answer": rank_of_answer(ranking, case) if sought else None,
            "words_to_answer": words_to_answer(ranking, case) if sought else None,
            "lost_at": None,
        },
    }


def hit(run: Sequence[Record]) -> list[float]:
    """Whether a gold article is among the first five, for each case."""
    ranks = [r["retrieval"]["rank_of_article"] for r in run if r["gold_articles"]]
    return [float(rank is not None and rank <= 5) for rank in ranks]


def gains(run: Sequence[Record]) -> list[float]:
    """nDCG@10 of each case."""
    return [figure.value for r in run if r["gold_articles"] for figure in ranked("", [r])[-1:]]


def within(run: Sequence[Record]) -> list[float]:
    """Whether the answer stands in the first 150 words, for each case."""
    asked = [r["retrieval"]["words_to_answer"] for r in run if stated(r["answers"])]
    return [float(words is not None and words <= 150) for words in asked]


def difference(ours: Sequence[float], theirs: Sequence[Sequence[float]]) -> str:
    """The mean paired difference to the better baseline, with its interval."""
    if not ours:
        return ""
    best = max(theirs, key=lambda values: sum(values))
    [figure] = mean("", "", [a - b for a, b in zip(ours, best, strict=True)])
    return f"{figure.value:+.3f}" + ("" if figure.low is None else f" ({figure.low:+.3f} to {figure.high:+.3f})")


def cell(figure: Figure | None) -> str:
    """A value with its interval."""
    if figure is None:
        return ""
    return f"{figure.value:.3f}" + ("" if figure.low is None else f" ({figure.low:.3f} to {figure.high:.3f})")


def table(runs: dict[str, list[Record]]) -> str:
    """Every way with its figures, and its differences to the better baseline."""
    figures = {name: {f.name: f for f in retrieval_figures(run)} for name, run in runs.items()}
    columns = [name for name in SHOWN if any(name in found for found in figures.values())]
    header = ["ranked by", *columns, "hit@5, difference", "nDCG@10, difference", "150 words, difference"]
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    measured = {name: (hit(run), gains(run), within(run)) for name, run in runs.items()}
    for name in runs:
        differences = [
            "" if name in BASELINES else difference(ours, [measured[base][at] for base in BASELINES])
            for at, ours in enumerate(measured[name])
        ]
        lines.append("| " + " | ".join([name, *[cell(figures[name].get(c)) for c in columns], *differences]) + " |")
    return "\n".join(lines)


def desk_of(given: argparse.Namespace) -> Desk:
    """A desk over the corpus, cut as was asked for; it is indexed unless it was before."""
    bench = Bench()
    if given.passage_words is None and given.overlap is None:
        return bench.corpus(given.corpus)
    plain = bench.open(kept())
    settings = replace(
        plain.settings,
        passage_words=given.passage_words or plain.settings.passage_words,
        overlap_sentences=plain.settings.overlap_sentences if given.overlap is None else given.overlap,
    )
    folder = kept() / corpus_digest(given.corpus, plain.embedder.fingerprint, settings)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text(
        f"passage_words = {settings.passage_words}\noverlap_sentences = {settings.overlap_sentences}\n",
        encoding="utf-8",
    )
    desk = bench.open(folder)
    index_corpus(desk, given.corpus)
    return desk


def main() -> None:
    """Search, rank, print and keep the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("name")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--questions", type=Path, nargs="+", required=True)
    parser.add_argument("--limit", type=int, help="a sample of so many questions, seed 0")
    parser.add_argument("--passage-words", type=int)
    parser.add_argument("--overlap", type=int, help="sentences that two passages share")
    given = parser.parse_args()
    ids_by_text = facts(given.corpus) if given.corpus.is_file() else {}
    loaded = [case for file in given.questions for case in load_questions(file, None, ids_by_text).cases]
    cases = sample([case for case in loaded if case.answerable and case.gold_articles], given.limit, 0)
    desk = desk_of(given)
    runs: dict[str, list[Record]] = {}
    times: dict[str, list[float]] = {"keyword search": [], "vector search": []}
    for case in Bench().followed(cases, len(cases), "questions"):
        query = read_query(case.question, case.history, today=case.today, articles=searched(desk, case))
        found = Candidates(desk, query.of_all_dates())
        rankings = {name: [found.hits[i] for i in way(found)] for name, way in WAYS.items()}
        _, rankings["learned, dates in words of the question left alone"], _ = learned(desk, query.of_all_dates())
        query, ranking, took = learned(desk, query)
        rankings["learned, those dates preferred (the product)"] = ranking
        times.setdefault("order", []).append(took)
        began = time.perf_counter()
        for count, order in read_orders(desk, query, ranking).items():
            rankings[f"the product, {count} in the reader's order"] = order
        times.setdefault(f"reading {max(READ)}", []).append(time.perf_counter() - began)
        for name, hits in rankings.items():
            runs.setdefault(name, []).append(record(case, hits[:DEEP]))
        for name, seconds in zip(("keyword search", "vector search"), found.seconds, strict=True):
            times[name].append(seconds)
    passages = sum(article.passages for article in desk.articles())
    took = ", ".join(f"{name} {1000 * statistics.median(values):.0f} ms" for name, values in times.items())
    settings: Any = desk.settings
    text = "\n".join(
        [
            f"# Ways to rank: {given.name}",
            "",
            f"{len(cases)} questions with known articles, {passages:,} passages of at most {settings.passage_words} words "
            f"with {settings.overlap_sentences} sentence shared; {DEEP} candidates of each search. Intervals are 95 %, "
            "Wilson for rates and bootstrap for means; differences are paired, to the better of dense and BM25.",
            f"Median times: {took}.",
            "",
            table(runs),
            "",
        ]
    )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{given.name}.md").write_text(text, encoding="utf-8")
    print(text, file=sys.stdout)


if __name__ == "__main__":
    main()
