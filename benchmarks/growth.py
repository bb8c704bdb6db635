"""How search grows with the library: keyword and vector search from 1,000 passages to a million.

    .venv/bin/python benchmarks/growth.py [--sizes 1000 10000 100000 1000000] [--work FOLDER]

The passages are made of sentences of models/reader/written, drawn anew for each; their vectors are real ones of such
articles, moved to a cosine of about .95, so that no two are the same. The questions are those articles' own. Each search
is timed alone and both together, which is what a question costs, with and without a range of dates that holds half of the
articles, and held against the exact result: BM25 over all terms, and the inner product with every vector; and both for
two questions in one, which is searched whole and for each of them. Writes benchmarks/growth.md and growth.png.
"""

import argparse
import itertools
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import apsw
import numpy as np
import psutil

from qa.language.sentences import sentence_spans
from qa.library.database import open_to_write, rows
from qa.library.keywords import fts_string
from qa.library.publish import write_keywords, write_one_segment
from qa.library.store import EVERYWHERE, Library
from qa.retrieval.embedder import SentenceEmbedder
from qa.retrieval.query import read_query, search_terms
from qa.retrieval.search import whole_and_parts
from qa.types import Scope

Found = TypeVar("Found")
ROOT = Path(__file__).parent.parent
WRITTEN = ROOT / "models" / "reader" / "written"
RESULTS = Path(__file__).with_suffix(".md")
SIZES = (1_000, 10_000, 100_000, 1_000_000)
PASSAGES, SENTENCES, NEAR = (
    4,
    6,
    0.95,
)  # of an article, of a passage; the cosine of a vector to the real one it is made of
CANDIDATES, DEEP = 40, 10
REAL = 1_000  # passages that are embedded, by chance; a thousand made ones come of each at a million
FIRST, DAYS = date(2010, 1, 1), 6000
HALF = Scope(since=(FIRST + timedelta(days=DAYS // 2)).isoformat())


def material(limit: int) -> tuple[list[str], list[str], list[str]]:
    """Sentences, real passages and questions of the written articles."""
    sentences, passages, questions = [], [], []
    for file in sorted(WRITTEN.glob("**/*.txt")):
        for block in ("\n" + file.read_text(encoding="utf-8")).split("\n# ")[1:]:
            _, *lines = block.strip().split("\n")
            text = "\n".join(line for line in lines if not line.startswith(("? ", "- "))).strip()
            found = [" ".join(text[span.start : span.end].split()) for span in sentence_spans(text)]
            sentences += found
            passages += [" ".join(found[at : at + SENTENCES]) for at in range(0, len(found), SENTENCES)]
            questions += [re.split(" = ", line[2:])[0] for line in lines if line.startswith("? ")]
    random.Random(0).shuffle(questions)
    return sentences, passages, questions[:limit]


class Maker:
    """Writes made passages into a library, as indexing would leave them."""

    def __init__(self, folder: Path, sentences: Sequence[str], vectors: Any) -> None:
        """``vectors`` are real ones, float32 of shape (n, dimension)."""
        self.folder, self.sentences, self.vectors = folder, sentences, vectors
        self.random, self.noise, self.made = random.Random(0), np.random.default_rng(0), 0
        self.connection = open_to_write(folder)
        if not rows(self.connection, "SELECT 1 FROM sources"):
            self.connection.execute("INSERT INTO sources VALUES (1, '/made', 'made')")

    def grow_to(self, size: int) -> None:
        """Add articles until there are so many passages, and publish them in one FAISS file."""
        with self.connection:
            while self.made < size:
                self._article()
            write_one_segment(self.connection, self.folder)

    def _article(self) -> None:
        day = (FIRST + timedelta(days=self.random.randrange(DAYS))).isoformat()
        parts = [" ".join(self.random.choices(self.sentences, k=SENTENCES)) for _ in range(PASSAGES)]
        number, text = self.made // PASSAGES + 1, "\n".join(parts)
        title = " ".join(self.random.choice(self.sentences).split()[:8])
        self.connection.execute(
            "INSERT INTO articles VALUES (?, ?, 1, ?, NULL, '', ?, ?, NULL, NULL, ?, NULL, NULL)",
            (number, f"{number}", f"{number}", title, day, text),
        )
        at = 0
        for part, vector in zip(parts, moved(self.vectors, PASSAGES, self.noise), strict=True):
            self.made += 1
            key = self.made.to_bytes(8, "big")
            self.connection.execute(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?)", (self.made, number, at, at + len(part), key)
            )
            self.connection.execute("INSERT INTO vectors VALUES (?, ?)", (key, vector.astype(np.float16).tobytes()))
            write_keywords(self.connection, self.made, title, part)
            at += len(part) + 1


def moved(vectors: Any, count: int, draw: np.random.Generator) -> Any:
    """So many of the vectors, float32 of shape (n, dimension), each with noise of the share that leaves a cosine of NEAR."""
    real = vectors[draw.integers(len(vectors), size=count)]
    noise = draw.standard_normal(real.shape).astype(np.float32)
    noise -= (noise * real).sum(axis=1, keepdims=True) * real
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return NEAR * real + np.sqrt(1 - NEAR**2) * noise


def timed(search: Callable[[], Found]) -> tuple[float, Found]:
    """Milliseconds a search takes, and what it found."""
    began = time.perf_counter()
    found = search()
    return 1000 * (time.perf_counter() - began), found


def exact_keywords(connection: apsw.Connection, terms: Sequence[str], scope: Scope) -> list[int]:
    """BM25 over all terms, as SQLite computes it."""
    match = " OR ".join(map(fts_string, terms))
    query = """SELECT k.rowid FROM keywords k JOIN passages p ON p.passage_id = k.rowid JOIN articles a USING (row_id)
               WHERE keywords MATCH ? AND (?2 IS NULL OR a.date >= ?2) ORDER BY k.rank, k.rowid LIMIT ?"""
    return [i for (i,) in connection.execute(query, (match, scope.since, DEEP))]


def exact_vectors(connection: apsw.Connection, questions: Any, scope: Scope) -> list[list[int]]:
    """The passages with the largest inner products, of all vectors; ``questions`` of shape (n, dimension)."""
    query = """SELECT p.passage_id, v.vector FROM passages p JOIN vectors v USING (text_hash) JOIN articles a USING (row_id)
               WHERE ?1 IS NULL OR a.date >= ?1"""
    best: list[list[tuple[float, int]]] = [[] for _ in questions]
    for part in batches(connection.execute(query, (scope.since,)), 50_000):
        ids = np.array([i for i, _ in part])
        vectors = (
            np.frombuffer(b"".join(v for _, v in part), dtype=np.float16).reshape(len(part), -1).astype(np.float32)
        )
        products = questions @ vectors.T
        for row, found in zip(products, best, strict=True):
            nearest = np.argpartition(-row, min(DEEP, len(row) - 1))[:DEEP]
            found += [(float(row[at]), int(ids[at])) for at in nearest]
            found.sort(reverse=True)
            del found[DEEP:]
    return [[i for _, i in found] for found in best]


def batches(items: Any, size: int) -> Iterator[list[Any]]:
    """An iterator's items in lists."""
    part: list[Any] = []
    for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def recall(found: Sequence[Sequence[int]], exact: Sequence[Sequence[int]]) -> float:
    """The share of the exact first ten that is among the ten found, over all questions."""
    return sum(len(set(f[:DEEP]) & set(e)) for f, e in zip(found, exact, strict=True)) / sum(map(len, exact))


def in_two(questions: Sequence[str]) -> list[list[str]]:
    """Of two questions in one, all that is searched for: the whole and both."""
    joined = [f"{one} {other}" for one, other in itertools.pairwise(questions)]
    return [[query.text for query in whole_and_parts(read_query(question))] for question in joined]


def measure(folder: Path, questions: Sequence[str], embedder: SentenceEmbedder) -> dict[str, Any]:
    """Times and recall of both searches, with and without a range of dates; memory of this process before and after."""
    library, connection = Library(folder), apsw.Connection(str(folder / "library.sqlite"))
    texts = [read_query(question).text for question in questions]
    terms, vectors = [search_terms(text) for text in texts], embedder.encode(texts)
    several = [list(zip(map(search_terms, texts), embedder.encode(texts), strict=True)) for texts in in_two(questions)]
    before = psutil.Process().memory_info().rss
    result: dict[str, Any] = {}
    for name, scope in (("", EVERYWHERE), (", half of the dates", HALF)):
        times: dict[str, list[float]] = {"keyword": [], "vector": [], "both": []}
        found: dict[str, list[Sequence[int]]] = {"keyword": [], "vector": []}
        for warm in (True, False):
            for one, vector in zip(terms, vectors, strict=True):
                with library.snapshot() as snapshot:
                    by_keyword, ids = timed(lambda s=snapshot, t=one: s.keyword_search(t, CANDIDATES, scope))  # noqa: B023
                    by_vector, pairs = timed(lambda s=snapshot, v=vector: s.vector_search(v, CANDIDATES, scope))  # noqa: B023
                    both, _ = timed(lambda s=snapshot, t=one, v=vector: s.search(t, v, CANDIDATES, scope))  # noqa: B023
                if not warm:
                    for kind, took in (("keyword", by_keyword), ("vector", by_vector), ("both", both)):
                        times[kind].append(took)
                    found["keyword"].append(ids)
                    found["vector"].append([i for i, _ in pairs])
        for kind, took in times.items():
            result[f"{kind}{name}"] = (statistics.median(took), float(np.percentile(took, 95)))
        result[f"keyword recall{name}"] = recall(
            found["keyword"], [exact_keywords(connection, t, scope) for t in terms]
        )
        result[f"vector recall{name}"] = recall(found["vector"], exact_vectors(connection, vectors, scope))
    for _ in range(2):  # once to warm up
        with library.snapshot() as snapshot:
            took = [
                timed(lambda s=snapshot, w=whole: [s.search(t, v, CANDIDATES, EVERYWHERE) for t, v in w])[0]
                for whole in several
            ]
    result["both, two questions in one"] = (statistics.median(took), float(np.percentile(took, 95)))
    result["memory"] = (psutil.Process().memory_info().rss - before) / 2**20
    result["disk"] = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20
    return result


def main() -> None:
    """Grow, measure, print and keep table and plot."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--work", type=Path, help="folder for the library, else a temporary one")
    given = parser.parse_args()
    sentences, passages, questions = material(given.questions)
    embedder = SentenceEmbedder()
    vectors = embedder.encode(random.Random(0).sample(passages, REAL))
    measured: dict[int, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(dir=given.work) as place:
        folder = Path(place) / "library"
        maker = Maker(folder, sentences, vectors)
        for size in sorted(given.sizes):
            began = time.perf_counter()
            maker.grow_to(size)
            print(f"{size:,} passages made in {time.perf_counter() - began:.0f} s", file=sys.stderr)
            measured[size] = measure(folder, questions, embedder)
            print(measured[size], file=sys.stderr)
        maker.connection.close()
    text = report(measured, len(questions))
    if tuple(sorted(given.sizes)) == SIZES:
        RESULTS.write_text(text, encoding="utf-8")
        draw(measured)
    print(text)


def report(measured: dict[int, dict[str, Any]], questions: int) -> str:
    """The text of growth.md."""
    names = list(next(iter(measured.values())))
    lines = [
        "# Search as the library grows",
        "",
        f"Made by `benchmarks/growth.py`: {questions} questions, {CANDIDATES} candidates of each search, "
        f"{os.cpu_count()} processor cores; milliseconds as p50 / p95, warm; recall of the exact first ten; megabytes.",
        "",
        "| | " + " | ".join(f"{size:,}" for size in measured) + " |",
        "|---" * (len(measured) + 1) + "|",
    ]
    for name in names:
        values = [m[name] for m in measured.values()]
        cells = [
            f"{v[0]:.1f} / {v[1]:.1f}" if isinstance(v, tuple) else f"{v:.3f}" if "recall" in name else f"{v:,.0f}"
            for v in values
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def draw(measured: dict[int, dict[str, Any]]) -> None:
    """p95 against size."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4))
    for kind in ("keyword", "vector", "both"):
        axes.plot(list(measured), [m[kind][1] for m in measured.values()], marker="o", label=kind)
    axes.set(
        xscale="log", yscale="log", xlabel="passages", ylabel="milliseconds, p95", title="Search as the library grows"
    )
    axes.legend()
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(RESULTS.with_suffix(".png"), dpi=120)


if __name__ == "__main__":
    main()
