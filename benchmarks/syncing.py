"""How the cost of a sync grows with the library: ten articles are added to 1,000 passages and to up to a million.

    .venv/bin/python benchmarks/syncing.py [--sizes 1000 10000 100000 1000000] [--work FOLDER]

The library mirrors a folder of text files, an article of four passages in each, made of sentences of models/reader/written.
Their rows are written as indexing would leave them, in one transaction; only the vectors are drawn, and the keys by which near
copies are looked up. At each size ten more files are written and the whole folder is synced, five times, by the product as it
is, save that the vectors of the new passages are drawn, too: what a model takes to embed them does not depend on the library.
A desk that is open all the while answers a search before and right after each. With --work the libraries are kept there and
used again. Writes benchmarks/syncing.md and syncing.png.
"""

import argparse
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from growth import DAYS, FIRST, PASSAGES, SENTENCES, Maker, material

from qa.articles.looks import look_of
from qa.chat import Desk
from qa.library.copies import band_keys
from qa.library.database import next_generation, open_to_write, set_meta
from qa.library.publish import write_keywords, write_one_segment
from qa.library.store import Library
from qa.library.sync import sync
from qa.retrieval.passages import passage_hash
from qa.settings import Settings

RESULTS = Path(__file__).with_suffix(".md")
SIZES = (1_000, 10_000, 100_000, 1_000_000)
ADDED, REPEATS = 10, 5
IN_A_FOLDER = 1_000  # articles
DIMENSION = 384
LONG_AGO = 1_500_000_000  # when the files were last changed, in seconds: what was changed just now is read twice
BANDS = 16


class DrawnVectors:
    """Stands for the embedder: unit vectors of all directions."""

    name, fingerprint, dimension = "drawn", "drawn", DIMENSION

    def __init__(self) -> None:
        self.random = np.random.default_rng(0)

    def encode(self, texts: Sequence[str]) -> Any:
        """Rows for the texts, float32 of shape (n, dimension)."""
        drawn = self.random.standard_normal((len(texts), DIMENSION)).astype(np.float32)
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


class Mirror(Maker):
    """Writes made articles into files, and into a library that mirrors them."""

    def __init__(self, folder: Path, files: Path, embedder: DrawnVectors, sentences: Sequence[str]) -> None:
        """``files`` is the folder that is mirrored; what there is of it stays."""
        super().__init__(folder, sentences, None)
        self.embedder, self.files, self.written = embedder, files, sum(1 for _ in files.glob("*/*.txt"))
        self.random.seed(self.written)
        self.connection.execute("UPDATE sources SET (root, name) = (?, ?)", (str(files), files.name))
        set_meta(self.connection, "embedder", embedder.fingerprint)
        self.connection.close()

    def grow_to(self, size: int) -> None:
        """Add articles until there are so many passages, and publish them in one FAISS file."""
        self.connection = open_to_write(self.folder)
        self.made = self.connection.execute("SELECT count(*) FROM passages").fetchone()[0]
        if self.made < size:
            with self.connection:
                while self.made < size:
                    self._article()
                write_one_segment(self.connection, self.folder)
                next_generation(self.connection)
        self.connection.close()

    def write(self) -> tuple[Path, str, str, list[str]]:
        """Write one more file; returns it with the article's headline, date and the texts of its passages."""
        day = (FIRST + timedelta(days=self.random.randrange(DAYS))).isoformat()
        parts = [" ".join(self.random.choices(self.sentences, k=SENTENCES)) for _ in range(PASSAGES)]
        title = " ".join(self.random.choice(self.sentences).split()[:8])
        file = self.files / f"{self.written // IN_A_FOLDER:04}" / f"{self.written:07}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"date {day} {title}\n" + "\n".join(parts), encoding="utf-8")
        os.utime(file, (LONG_AGO, LONG_AGO))
        self.written += 1
        return file, title, day, parts

    def _article(self) -> None:
        file, title, day, parts = self.write()
        path, digest = file.relative_to(self.files).as_posix(), sha256(file.read_bytes()).hexdigest()
        execute, text = self.connection.execute, "\n".join(parts)
        execute(
            """INSERT INTO articles (article_id, source_id, path, content_hash, title, date, text)
               VALUES (?, 1, ?, ?, ?, ?, ?)""",
            (path, path, digest, title, day, text),
        )
        row_id, at = self.connection.last_insert_rowid(), 0
        execute("INSERT INTO files VALUES (1, ?, ?, 0)", (path, look_of(file.stat())))
        execute("INSERT INTO word_counts VALUES (?, ?)", (row_id, len(text.split())))
        execute("INSERT INTO history VALUES (NULL, ?, '2031-01-01T00:00:00', 'added', ?, ?)", (path, digest, title))
        bands = [(self.random.randrange(-(2**63), 2**63), row_id) for _ in range(BANDS)]
        self.connection.executemany("INSERT INTO copy_bands VALUES (?, ?)", bands)
        for part, vector in zip(parts, self.embedder.encode(parts), strict=True):
            key = passage_hash(title, day, part)
            execute("INSERT INTO passages VALUES (NULL, ?, ?, ?, ?)", (row_id, at, at + len(part), key))
            execute("INSERT OR IGNORE INTO vectors VALUES (?, ?)", (key, vector.astype(np.float16).tobytes()))
            write_keywords(self.connection, self.connection.last_insert_rowid(), title, part)
            self.made, at = self.made + 1, at + len(part) + 1


def measure(mirror: Mirror, embedder: DrawnVectors, question: Any) -> dict[str, list[float]]:
    """Seconds of each sync and of what else an owner waits for, and how many of them the processor worked."""
    measured: dict[str, list[float]] = {}
    folder, open_desk = mirror.folder, Library(mirror.folder)
    for _ in range(REPEATS):
        for _ in range(ADDED):
            mirror.write()
        for _ in range(2):
            searched(open_desk, question)
        desk = Desk(folder, Settings(), lambda: embedder, lambda: None, lambda: None)  # type: ignore[arg-type, return-value]
        calls: dict[str, Callable[[], object]] = {
            "search before": lambda: searched(open_desk, question),
            "sync": lambda: synced(folder, mirror.files, embedder),
            "search after": lambda: searched(open_desk, question),
            "list": desk.listing,
            "stats": desk.statistics,
            "diff": desk.diff,
        }
        for name, call in calls.items():
            gc.collect()
            began, processor = time.perf_counter(), time.process_time()
            call()
            measured.setdefault(name, []).append(time.perf_counter() - began)
            measured.setdefault(f"{name}, processor", []).append(time.process_time() - processor)
    return measured


def synced(folder: Path, files: Path, embedder: DrawnVectors) -> None:
    """One sync of ADDED new articles."""
    report = sync(folder, [files], lambda: embedder, Settings())
    assert (report.added, report.updated, report.removed, report.failed) == (ADDED, 0, 0, 0), report


def searched(desk: Library, question: Any) -> None:
    """Both searches of a question."""
    with desk.snapshot() as snapshot:
        snapshot.search(["harbour", "bridge"], question, 40)


def main() -> None:
    """Grow, measure, print and keep table and plot."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--work", type=Path, help="folder for the library, else a temporary one")
    given = parser.parse_args()
    busy = os.getloadavg()[0]
    sentences, _, _ = material(1)
    embedder = DrawnVectors()
    question = embedder.encode([""])[0]
    band_keys(frozenset(["what loads its modules"]))
    measured: dict[int, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for size in sorted(given.sizes):
            place, began = (given.work or Path(temporary)) / f"{size}", time.perf_counter()
            mirror = Mirror(place / "library", place / "articles", embedder, sentences)
            mirror.grow_to(size)
            print(f"{size:,} passages made in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
            measured[size] = measure(mirror, embedder, question)
            print(measured[size], file=sys.stderr, flush=True)
    text = report(measured, busy)
    if len(given.sizes) >= len(SIZES) - 1:
        RESULTS.write_text(text, encoding="utf-8")
        draw(measured)
    print(text)


def report(measured: dict[int, dict[str, list[float]]], busy: float) -> str:
    """The text of syncing.md; ``busy`` is the load of the machine before."""
    lines = [
        "# A sync as the library grows",
        "",
        f"Made by `benchmarks/syncing.py`: {ADDED} articles of {PASSAGES} passages, one file each, are added to a folder of such "
        f"files, and the whole folder is synced by a process that has loaded its modules; {os.cpu_count()} processor cores, on which "
        f"{busy:.1f} other processes were at work when it began. Embedding is left out: it takes the same at any size. "
        f"Seconds, the median of {REPEATS} and, "
        'in brackets, the fastest and the slowest; "processor" is how many of them the processor worked for it.',
        "",
        "| | " + " | ".join(f"{size:,}" for size in measured) + " |",
        "|---" * (len(measured) + 1) + "|",
    ]
    for name in next(iter(measured.values())):
        values = [figures[name] for figures in measured.values()]
        cells = [f"{statistics.median(v):.3f} ({min(v):.3f} to {max(v):.3f})" for v in values]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", "![A sync as the library grows](syncing.png)", ""])


def draw(measured: dict[int, dict[str, list[float]]]) -> None:
    """Seconds against size."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4))
    sizes = list(measured)
    for kind in ("sync", "sync, processor"):
        middle = [statistics.median(measured[size][kind]) for size in sizes]
        least, most = ([edge(measured[size][kind]) for size in sizes] for edge in (min, max))
        errors = [np.subtract(middle, least), np.subtract(most, middle)]
        axes.errorbar(sizes, middle, yerr=errors, marker="o", capsize=3, label=kind)
    axes.axhline(5, color="grey", linestyle="--", label="goal: 5 s at a million")
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel="seconds, median of 5", title="Adding ten articles")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(RESULTS.with_suffix(".png"), dpi=120)


if __name__ == "__main__":
    main()
