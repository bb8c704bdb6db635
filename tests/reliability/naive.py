"""Controls: what many programs do. Every gate must fail on one of these, or it proves nothing."""

import json
import os
from pathlib import Path
from typing import Any

import apsw
import faiss
import numpy as np

from tests.conftest import WordEmbedder

ROWS = "rows.sqlite"


def index(folder: Path, articles: dict[int, str]) -> None:
    """Commit the rows, then overwrite the index in place."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = apsw.Connection(str(folder / ROWS))
    connection.execute("CREATE TABLE IF NOT EXISTS articles (id INTEGER PRIMARY KEY, text TEXT)")
    with connection:
        connection.execute("DELETE FROM articles")
        connection.executemany("INSERT INTO articles VALUES (?, ?)", list(articles.items()))
    connection.close()
    vectors = faiss.IndexIDMap2(faiss.IndexFlatIP(WordEmbedder.dimension))
    vectors.add_with_ids(WordEmbedder().encode(list(articles.values())), np.array(list(articles)))
    with open(folder / "vectors.faiss", "wb") as file:
        file.write(faiss.serialize_index(vectors).tobytes())


def state(folder: Path) -> tuple[Any, ...] | None:
    """Its rows, and its vectors by their ids."""
    if not (folder / ROWS).exists():
        return None
    connection = apsw.Connection(str(folder / ROWS))
    rows = tuple(connection.execute("SELECT id, text FROM articles ORDER BY id"))
    connection.close()
    vectors = faiss.deserialize_index(np.fromfile(folder / "vectors.faiss", dtype=np.uint8))
    held = vectors.index.reconstruct_n(0, vectors.ntotal)
    ids = faiss.vector_to_array(vectors.id_map).tolist()
    return rows, tuple((i, row.tobytes()) for i, row in zip(ids, held, strict=True))


def take_pid_lock(folder: Path) -> None:
    """A lock that looks before it writes, and that a killed holder leaves behind."""
    file = folder / "pid"
    if file.exists():
        raise BlockingIOError(file.read_text())
    file.write_text(str(os.getpid()))


class AppendingLibrary:
    """Rows numbered as they come, never looked up again; vectors that outlive their rows."""

    def __init__(self) -> None:
        self.rows: dict[int, str] = {}
        self.cached: list[str] = []
        self.vectors = faiss.IndexFlatIP(WordEmbedder.dimension)

    def index(self, folder: Path) -> None:
        """Add every file of a folder."""
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.add(file.read_text(encoding="utf-8"))

    def add(self, text: str) -> None:
        """One more row, and its vector."""
        self.rows[len(self.cached)] = text
        self.vectors.add(WordEmbedder().encode([text]))
        self.cached.append(text)

    def remove(self, numbers: list[int]) -> None:
        """Delete rows only."""
        for number in numbers:
            del self.rows[number]

    def search(self, query: str) -> list[int]:
        """The ten nearest numbers."""
        _, ids = self.vectors.search(WordEmbedder().encode([query]), 10)
        return [int(i) for i in ids[0] if i >= 0]


def read_lines(folder: Path) -> int:
    """How many articles a loop reads that stops at the first file it cannot read."""
    read = 0
    for file in sorted(folder.rglob("*.json*")) + sorted(folder.rglob("*.txt")):
        text = file.read_text(encoding="utf-8")
        if file.suffix != ".txt":
            json.loads(text)
        read += 1
    return read
