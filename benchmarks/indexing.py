"""How fast articles are indexed, beside a plain loop over the same model, and how much memory indexing takes as they grow.

    .venv/bin/python benchmarks/indexing.py [--articles 300] [--rounds 3] [--sizes 10000 100000] [--note TEXT]

Speed: articles made of sentences of models/reader/written, as many in each as chance has it, are indexed into a new library with
the default embedder. Beside it, in turn, the same texts go through ``SentenceTransformer.encode`` in float32: as a plain loop
gives them, 32 at a time in their order, and all in one call, which sorts them by length by itself. The vectors of the library
are compared with those of the loop. Memory: the largest resident set of a process that indexes so many passages with vectors drawn at
random in place of a model. Writes benchmarks/indexing.md.
"""

import argparse
import html
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from growth import material

from qa.evaluate.bench import peak_memory_mb
from qa.library.database import open_to_read, rows
from qa.library.sync import sync
from qa.processor import torch_is_faster_in_bfloat16
from qa.retrieval.embedder import SentenceEmbedder, base_folder
from qa.retrieval.passages import passage_hash, searchable_text, split_passages
from qa.settings import Settings, usable_cores
from qa.types import Embedder

RESULTS = Path(__file__).with_suffix(".md")
SIZES = (10_000, 100_000)
LARGE = 1_000_000  # passages, for which memory is reckoned where it was not measured; that takes half an hour
LOOP = 32  # texts in one call of the plain loop, which is the model's own size of a batch


class Drawn:
    """An embedder without a model: a random direction for each text, always the same one."""

    name, fingerprint, dimension = "drawn", "drawn-384", 384

    def encode(self, texts: Sequence[str]) -> Any:
        """Return float32 of shape (len(texts), dimension), rows of length one."""
        vectors = np.stack(
            [np.random.default_rng(zlib.crc32(text.encode())).standard_normal(self.dimension) for text in texts]
        )
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def write_articles(file: Path, passages: int, sentences: Sequence[str]) -> int:
    """Write articles of at least so many passages together, as JSON lines; returns how many articles these are."""
    draw, settings, number, made = random.Random(0), Settings(), 0, 0
    with file.open("w", encoding="utf-8") as lines:
        while made < passages:
            text = " ".join(draw.choices(sentences, k=draw.randint(2, 50)))
            title = " ".join(draw.choice(sentences).split()[:8])
            made += len(split_passages(text, settings.passage_words, settings.overlap_sentences))
            number += 1
            lines.write(json.dumps({"id": f"{number}", "title": title, "date": "2031-04-02", "text": text}) + "\n")
    return number


def texts_of(file: Path) -> dict[bytes, str]:
    """What is embedded for a file of articles, by its hash, in the order of the articles."""
    settings, found = Settings(), dict[bytes, str]()
    for line in file.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        for span in split_passages(said["text"], settings.passage_words, settings.overlap_sentences):
            passage = (said["title"], said["date"], said["text"][span.start : span.end])
            found[passage_hash(*passage)] = searchable_text(*passage)
    return found


def stored_vectors(library: Path) -> dict[bytes, Any]:
    """The vectors in a library, float32, by the hashes of their texts."""
    connection = open_to_read(library)
    try:
        found = rows(connection, "SELECT text_hash, vector FROM vectors")
    finally:
        connection.close()
    return {key: np.frombuffer(vector, dtype=np.float16).astype(np.float32) for key, vector in found}


def now() -> float:
    """Seconds of processor time of this process and those it has waited for, all threads together.

    Other programs on the machine take none of it.
    """
    return sum(os.times()[:4])


def seconds(work: Callable[[], object]) -> float:
    """How much processor time it takes."""
    began = now()
    work()
    return now() - began


def staged(library: Path, source: Path, embedder: Embedder) -> dict[str, float]:
    """What each stage of indexing a source takes, seconds."""
    told = [("reading", now())]
    sync(library, [source], lambda: embedder, Settings(), progress=lambda stage, *_: told.append((stage, now())))
    ended = now()
    # The process that parses has ended, and counts, when the first passage is told of.
    first_embedded, last_embedded = (end(at for stage, at in told if stage == "embedding") for end in (min, max))
    return {
        "reading": first_embedded - told[0][1],
        "embedding": last_embedded - first_embedded,
        "publishing": ended - last_embedded,
    }


def as_pages(file: Path, folder: Path) -> Path:
    """The articles of a file of lines as HTML pages in a folder, with what stands around an article on a page."""
    folder.mkdir()
    around = "<nav><ul>" + "<li><a href='/'>Home</a></li>" * 40 + "</ul></nav>"
    for line in file.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        title, text = html.escape(said["title"]), html.escape(said["text"])
        body = f"<h1>{title}</h1><article><p>{text}</p></article>"
        page = f"<html><head><title>{title}</title></head><body>{around}{body}{around}</body></html>"
        (folder / f"{said['id']}.html").write_text(page, encoding="utf-8")
    return folder


def measure_speed(place: Path, articles: int, rounds: int, sentences: Sequence[str]) -> dict[str, Any]:
    """Passages a second of each way, by turns, and how near the library's vectors are to those of the plain loop."""
    from sentence_transformers import SentenceTransformer

    file = place / "articles.jsonl"
    write_articles(file, articles * 4, sentences)
    texts = texts_of(file)
    plain = SentenceTransformer(str(base_folder()), device="cpu", local_files_only=True)
    embedder, given = SentenceEmbedder(), list(texts.values())
    embedder.encode(given[:LOOP]), plain.encode(given[:LOOP])  # the first time takes longer
    stages: dict[str, list[float]] = {"reading": [], "embedding": [], "publishing": []}

    def index(library: Path) -> None:
        for stage, seconds in staged(library, file, embedder).items():
            stages[stage].append(seconds)

    loops: dict[str, Any] = {}
    ways: dict[str, Callable[[int], object]] = {
        "indexing": lambda turn: index(place / f"library{turn}"),
        "plain loop": lambda turn: loops.update(
            plain=np.concatenate(
                [plain.encode(given[at : at + LOOP], batch_size=LOOP) for at in range(0, len(given), LOOP)]
            )
        ),
        "one call": lambda turn: plain.encode(given, batch_size=LOOP),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds):
        for name, way in ways.items():
            took[name].append(seconds(lambda way=way: way(turn)))  # noqa: B023
            print(f"{name}: {took[name][-1]:.1f} s", file=sys.stderr)
    pages = staged(place / "pages-library", as_pages(file, place / "pages"), Drawn())["reading"]
    stored = stored_vectors(place / "library0")
    wanted = loops["plain"] / np.linalg.norm(loops["plain"], axis=1, keepdims=True)
    cosines = [
        float(stored[key] @ vector / np.linalg.norm(stored[key])) for key, vector in zip(texts, wanted, strict=True)
    ]
    return {
        "passages": len(texts),
        "rates": {name: [len(texts) / one for one in some] for name, some in took.items()},
        "stages": {name: statistics.median(some) for name, some in stages.items()},
        "cosine": min(cosines),
        "pages": pages,
        "busy": busy(embedder, given),
        "memory": peak_memory_mb(),
    }


def busy(embedder: Embedder, texts: Sequence[str]) -> float:
    """How many cores embedding keeps at work, in the mean; on a machine that does nothing else."""
    began, used = time.perf_counter(), now()
    embedder.encode(texts)
    return (now() - used) / (time.perf_counter() - began)


def index_once(passages: int, work: Path | None) -> dict[str, float]:
    """Index so many passages with drawn vectors, in this process; memory before and at most."""
    sentences, _, _ = material(0)
    with tempfile.TemporaryDirectory(dir=work) as place:
        write_articles(Path(place) / "articles.jsonl", passages, sentences)
        drawn, before = Drawn(), peak_memory_mb()
        took = seconds(
            lambda: sync(Path(place) / "library", [Path(place) / "articles.jsonl"], lambda: drawn, Settings())
        )
    return {"passages": passages, "before": before, "most": peak_memory_mb(), "seconds": took}


def measure_memory(sizes: Sequence[int], work: Path | None) -> list[dict[str, float]]:
    """The same for each size, each in a process of its own."""
    found = []
    for size in sizes:
        command = [sys.executable, __file__, "--one", str(size), *(["--work", str(work)] if work else [])]
        found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        print(found[-1], file=sys.stderr)
    return found


def main() -> None:
    """Measure, print and keep the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--note", default="", help="a sentence about the machine, for the report")
    parser.add_argument("--work", type=Path, help="folder for the libraries, else a temporary one")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(index_once(given.one, given.work)))
        return
    with tempfile.TemporaryDirectory(dir=given.work) as place:
        speed = measure_speed(Path(place), given.articles, given.rounds, material(0)[0])
    text = report(speed, measure_memory(sorted(given.sizes), given.work), given.note)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def report(speed: dict[str, Any], memory: Sequence[dict[str, float]], note: str) -> str:
    """The text of indexing.md."""
    rates = {name: statistics.median(some) for name, some in speed["rates"].items()}
    stages, whole = speed["stages"], sum(speed["stages"].values())
    kind = "bfloat16" if torch_is_faster_in_bfloat16() else "float32, as this processor is no faster in bfloat16"
    lines = [
        "# Indexing",
        "",
        f"Made by `benchmarks/indexing.py` on {usable_cores()} cores ({platform.machine()}). {note}".rstrip(),
        "",
        "## Speed",
        "",
        f"{speed['passages']:,} passages of articles of many lengths; the medians of {len(speed['rates']['indexing'])} "
        f"rounds, by turns in one process, with the lowest and the highest. Newsdesk computes in {kind}.",
        "",
        "| | passages a second of processor time | times the plain loop |",
        "|---|---|---|",
    ]
    for name, label in (
        ("indexing", "`Desk.index`, all of it"),
        ("plain loop", f"`SentenceTransformer.encode`, float32, {LOOP} texts a call"),
        ("one call", "the same, all texts in one call"),
    ):
        some = speed["rates"][name]
        lines.append(
            f"| {label} | {rates[name]:.0f} ({min(some):.0f} to {max(some):.0f}) | {rates[name] / rates['plain loop']:.2f} |"
        )
    lines += [
        "",
        f"Of the time of indexing, reading takes {stages['reading'] / whole:.1%}, embedding {stages['embedding'] / whole:.1%}, "
        f"publishing {stages['publishing'] / whole:.1%}; to read the same articles as HTML pages would take "
        f"{speed['pages'] / whole:.1%} of it. Embedding keeps {speed['busy']:.2f} cores at work, so that reading beside it "
        f"could save at most the rest of them. The least cosine of a stored vector to the plain loop's is "
        f"{speed['cosine']:.5f}. The process took {speed['memory']:,.0f} MB at most, both models included.",
        "",
        "## Memory",
        "",
        "| passages | before, MB | at most, MB | seconds of processor time |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {one['passages']:,.0f} | {one['before']:,.0f} | {one['most']:,.0f} | {one['seconds']:,.0f} |"
        for one in memory
    ]
    if len(memory) > 1 and memory[-1]["passages"] < LARGE:
        first, last = memory[0], memory[-1]
        slope = (last["most"] - first["most"]) / (last["passages"] - first["passages"])
        million = last["most"] + slope * (LARGE - last["passages"])
        lines += [
            "",
            f"From the first to the last row that is {slope * 100_000:,.0f} MB for 100,000 passages; on the same line, a "
            f"million would take {million:,.0f} MB, which is reckoned, not measured.",
        ]
    lines += ["", "A model comes on top."]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
