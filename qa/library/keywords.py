"""Keyword search: BM25 over headlines and texts, in a time that a large library does not multiply.

SQLite computes BM25 for every passage that has any of the words, a microsecond each. Where these are more than MOST,
the rarest words choose the candidates, and BM25 over all words, as SQLite computes it, ranks those.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log
from typing import Any

import apsw

from qa.library.database import KEYWORD_TOKENIZER, json_list, rows

MOST = 80_000  # passages with the words that are looked at
CANDIDATES = 1_000  # passages ranked anew by all words
_K1, _B = 1.2, 0.75  # those of SQLite


@dataclass(frozen=True, slots=True)
class _Term:
    """A word to look up, or several that stand one after the other, such as "u.s"; its stems, in how many passages."""

    text: str
    stems: tuple[str, ...]
    passages: int


def keyword_search(
    connection: apsw.Connection, terms: Sequence[str], count: int, allowed: bytes | None = None, most: int = MOST
) -> list[int]:
    """Passage ids by BM25, best first; every term counts, none is required.

    ``allowed`` has a byte for each passage id, 1 where it may be found; None for all. ``most``: see MOST.
    """
    counted = _counted(connection, terms)
    chosen = _rarest(counted, most)
    by_rank = _by_rank(connection, chosen, allowed)
    if len(chosen) == len(counted):
        return list(islice(by_rank, count))
    return _ranked_by_all(connection, list(islice(by_rank, CANDIDATES)), counted)[:count]


def fts_string(text: str) -> str:
    """Text as FTS5 reads it whatever it holds: quoted. The tokenizer stems its words as it stemmed the passages'."""
    return '"{}"'.format(text.replace('"', '""'))


def _counted(connection: apsw.Connection, terms: Sequence[str]) -> list[_Term]:
    """The terms that hold a word; one of several words is in at most as many passages as the rarest of them."""
    connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, keywords, row)")
    counted = []
    for text in terms:
        if stems := _stems(connection, text):
            held = [rows(connection, "SELECT doc FROM temp.vocabulary WHERE term = ?", (stem,)) for stem in stems]
            counted.append(_Term(text, stems, min(found[0][0] if found else 0 for found in held)))
    return counted


def _stems(connection: apsw.Connection, text: str) -> tuple[str, ...]:
    """The words of a text as the keyword index holds them."""
    name, *options = KEYWORD_TOKENIZER.split()
    tokenize = connection.fts5_tokenizer(name, options)
    found = tokenize(text.encode(), apsw.FTS5_TOKENIZE_DOCUMENT, None, include_offsets=False, include_colocated=False)
    return tuple(map(str, found))


def _rarest(terms: Sequence[_Term], most: int) -> list[_Term]:
    """The rarest terms that stand in at most so many passages together; at least one."""
    chosen, total = list[_Term](), 0
    for term in sorted(terms, key=lambda term: term.passages):
        total += term.passages
        if chosen and total > most:
            break
        chosen.append(term)
    return chosen


def _by_rank(connection: apsw.Connection, terms: Sequence[_Term], allowed: bytes | None) -> Iterator[int]:
    """Passages with any of the terms, best first, as SQLite ranks them."""
    match = " OR ".join(fts_string(term.text) for term in terms)
    if match:
        query = "SELECT rowid FROM keywords WHERE keywords MATCH ? ORDER BY rank"
        for (passage_id,) in connection.execute(query, (match,)):
            if allowed is None or (passage_id < len(allowed) and allowed[passage_id]):
                yield passage_id


def _ranked_by_all(connection: apsw.Connection, candidates: Sequence[int], terms: Sequence[_Term]) -> list[int]:
    """Candidates in the order of BM25 over all terms, ties by id."""
    texts = rows(
        connection,
        """SELECT p.passage_id, a.title || char(10) || substr(a.text, p.start + 1, p."end" - p.start)
           FROM passages p JOIN articles a USING (row_id) WHERE p.passage_id IN (SELECT value FROM json_each(?))""",
        (json_list(candidates),),
    )
    held = {passage_id: _stems(connection, text) for passage_id, text in texts}
    total, mean = _size(connection)
    # As SQLite has it: a word in more than half of all passages counts next to nothing.
    weights = {t.stems: max(log((total - t.passages + 0.5) / (t.passages + 0.5)), 1e-6) for t in terms}

    def bm25(passage_id: int) -> float:
        stems = held[passage_id]
        counts, length = Counter(stems), _K1 * (1 - _B + _B * len(stems) / mean)
        often = {term: counts[term[0]] if len(term) == 1 else _often(term, stems) for term in weights}
        return sum(weight * often[term] * (_K1 + 1) / (often[term] + length) for term, weight in weights.items())

    return sorted(held, key=lambda passage_id: (-bm25(passage_id), passage_id))


def _size(connection: apsw.Connection) -> tuple[int, float]:
    """How many passages there are, and how many words they have in the mean, as SQLite counts them for its BM25."""

    def size(api: apsw.FTS5ExtensionApi, *_: Any) -> str:
        return f"{api.row_count} {api.column_total_size(-1)}"

    connection.register_fts5_function("size", size)
    found = rows(connection, "SELECT size(keywords) FROM keywords LIMIT 1")
    total, tokens = map(int, found[0][0].split())
    return total, tokens / total


def _often(term: tuple[str, ...], stems: tuple[str, ...]) -> int:
    """How often stems stand one after the other in others."""
    return sum(stems[at : at + len(term)] == term for at in range(len(stems) - len(term) + 1))
