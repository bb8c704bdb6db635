"""Which kind of FAISS index holds a library's vectors best: time to build and to search, recall and size of each.

    .venv/bin/python benchmarks/vectors.py [--vectors 100000] [--questions 100]

The vectors are those of benchmarks/growth.py: real ones of the written articles, moved to a cosine of about .95. The questions are
those articles' own. Each search is of one question, in one thread, since the keyword search has the other core; the kinds take
turns. Recall is of the exact first ten, in what was found. Writes benchmarks/vectors.md.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from growth import CANDIDATES, DEEP, material, moved, recall, timed

from qa.retrieval.embedder import SentenceEmbedder

RESULTS = Path(__file__).with_suffix(".md")
DIMENSION, ROUNDS = 384, 3
INNER = faiss.METRIC_INNER_PRODUCT
CELLS = 256
# What FAISS's index_factory calls it, and the setting of its search that trades recall for time.
KINDS: tuple[tuple[str, str, dict[str, int]], ...] = (
    ("flat, 32 bits", "Flat", {}),
    ("flat, 16 bits: the product's", "SQfp16", {}),
    ("flat, 8 bits", "SQ8", {}),
    (f"{CELLS} cells, 8 of them searched, 16 bits", f"IVF{CELLS},SQfp16", {"nprobe": 8}),
    (f"{CELLS} cells, 32 of them searched, 16 bits", f"IVF{CELLS},SQfp16", {"nprobe": 32}),
    ("HNSW of 16 neighbours, 16 bits, 64 looked at", "HNSW16_SQfp16", {"efSearch": 64}),
    ("HNSW of 16 neighbours, 16 bits, 256 looked at", "HNSW16_SQfp16", {"efSearch": 256}),
)


def built(factory: str, vectors: Any) -> tuple[Any, float]:
    """An index of the vectors, and the seconds it took on all cores."""
    began = time.perf_counter()
    index = faiss.index_factory(DIMENSION, factory, INNER)
    index.train(vectors)  # type: ignore[call-arg]
    index.add(vectors)  # type: ignore[call-arg]
    return index, time.perf_counter() - began


def searcher(index: Any, setting: dict[str, int]) -> Callable[[Any], list[int]]:
    """The search of one question, float32 of shape (dimension,)."""
    space = faiss.ParameterSpace()  # type: ignore[call-arg]

    def search(question: Any) -> list[int]:
        for name, value in setting.items():
            space.set_index_parameter(index, name, value)
        return [int(i) for i in index.search(question[None, :], CANDIDATES)[1][0]]

    return search


def main() -> None:
    """Build, search, print and keep the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--vectors", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=100)
    given = parser.parse_args()
    _, passages, questions = material(given.questions)
    embedder = SentenceEmbedder()
    asked = embedder.encode(questions)
    # As SQLite keeps them: in 16 bits.
    vectors = moved(embedder.encode(passages), given.vectors, np.random.default_rng(0)).astype(np.float16)
    vectors = vectors.astype(np.float32)
    made: dict[str, tuple[Any, float]] = {}
    for _, factory, _ in KINDS:
        if factory not in made:
            made[factory] = built(factory, vectors)
            print(f"{factory} built in {made[factory][1]:.1f} s", file=sys.stderr)
    faiss.omp_set_num_threads(1)
    searches = {name: searcher(made[factory][0], setting) for name, factory, setting in KINDS}
    took: dict[str, list[float]] = {name: [] for name in searches}
    found: dict[str, list[list[int]]] = {}
    for _ in range(ROUNDS):
        for name, search in searches.items():
            results = [timed(lambda v=vector: search(v)) for vector in asked]  # noqa: B023
            took[name] += [milliseconds for milliseconds, _ in results]
            found[name] = [ids for _, ids in results]
    exact = [ids[:DEEP] for ids in found[KINDS[0][0]]]
    lines = [
        "# Kinds of vector index",
        "",
        f"Made by `benchmarks/vectors.py`: {given.vectors:,} vectors of {DIMENSION} dimensions, {len(asked)} questions in "
        f"{ROUNDS} rounds, one thread; p50 / p95.",
        "",
        f"| kind | build, s | search, ms | recall of the first {DEEP} in {DEEP} | in {CANDIDATES} | MB |",
        "|---|---|---|---|---|---|",
    ]
    for name, factory, _ in KINDS:
        index, seconds = made[factory]
        size = len(faiss.serialize_index(index)) / 2**20
        within = sum(len(set(f) & set(e)) for f, e in zip(found[name], exact, strict=True)) / sum(map(len, exact))
        lines.append(
            f"| {name} | {seconds:.1f} | {statistics.median(took[name]):.2f} / {np.percentile(took[name], 95):.2f} "
            f"| {recall(found[name], exact):.3f} | {within:.3f} | {size:.0f} |"
        )
    text = "\n".join([*lines, ""])
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
