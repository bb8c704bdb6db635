"""Whether an embedder still gives the vectors that a library holds: its files may be the same, what runs them another."""

from typing import Any

import apsw
import numpy as np

from qa.library.database import rows
from qa.retrieval.passages import searchable_text
from qa.types import Embedder

SAME = 0.999  # the least cosine of two vectors that count as one; bfloat16 instead of float32 leaves .9998


def cosines_anew(connection: apsw.Connection, embedder: Embedder, count: int = 20) -> Any:
    """Cosines of stored vectors with those of the same passages embedded now, float32 of shape (at most ``count``,).

    The passages lie at equal distances. A vector of another length than the embedder's counts as 0.
    """
    query = """SELECT a.title, a.date, substr(a.text, p.start + 1, p."end" - p.start), v.vector
               FROM passages p JOIN articles a USING (row_id) JOIN vectors v USING (text_hash)
               WHERE p.passage_id >= ? ORDER BY p.passage_id LIMIT 1"""
    ((first, last),) = rows(connection, "SELECT min(passage_id), max(passage_id) FROM passages")
    if first is None:
        return np.ones(0, dtype=np.float32)
    starts = np.linspace(first, last, count, dtype=np.int64).tolist()
    found = list(dict.fromkeys(row for start in starts for row in rows(connection, query, (start,))))
    now = embedder.encode([searchable_text(title, date, text) for title, date, text, _ in found])
    stored = [np.frombuffer(vector, dtype=np.float16).astype(np.float32) for *_, vector in found]
    return np.array([_cosine(one, other) for one, other in zip(stored, now, strict=True)], dtype=np.float32)


def _cosine(stored: Any, now: Any) -> float:
    """Of a stored vector, whose length 16 bits leave a little off, with a unit vector."""
    return float(stored @ now / np.linalg.norm(stored)) if stored.shape == now.shape else 0.0
