"""Keyword search: BM25 over headlines and texts, in a time that a large library does not multiply.

SQLite computes BM25 for every passage that has any of the words, a microsecond each. Where these are more than MOST,
the rarest words choose the candidates, and BM25 over all words, as SQLite computes it, ranks those, until no other can be
better by the words that are left (Turtle and Flood, 1995).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log
from typing import Any

import apsw

from qa.language.words import stem
from qa.library.database import KEYWORD_TOKENIZER, json_list, rows

MOST = 80_000  # passages with the words that are looked at
CANDIDATES = 1_000  # passages ranked anew by all words, at most
_AT_ONCE = 100  # of these
_K1, _B = 1.2, 0.75  # those of SQLite


@dataclass(frozen=True, slots=True)
class _Term:
    """A word to look up, or several that stand one after the other, such as "u.s"; its stems, in how many passages."""

    text: str
    stems: tuple[str, ...]
    passages: int


class Terms(dict[str, _Term | None]):
    """In how many passages of a connection's state each word is, asked once; None for what holds no word."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._connection = connection

    def __missing__(self, text: str) -> _Term | None:
        self[text] = _counted(self._connection, text)
        return self[text]

    def of(self, texts: Sequence[str]) -> list[_Term]:
        """Those that hold a word."""
        return [term for text in texts if (term := self[text])]


def keyword_search(
    connection: apsw.Connection,
    terms: Sequence[str],
    count: int,
    allowed: bytes | None = None,
    most: int = MOST,
    known: Terms | None = None,
) -> list[int]:
    """Passage ids by BM25, best first; every term counts, none is required.

    ``allowed`` has a byte for each passage id, 1 where it may be found; None for all. ``most``: see MOST. ``known`` keeps
    what was counted for another search of the same state.
    """
    counted = (Terms(connection) if known is None else known).of(terms)
    chosen = _rarest(counted, most)
    by_rank = _by_rank(connection, chosen, allowed)
    if len(chosen) == len(counted):
        return [passage_id for passage_id, _ in islice(by_rank, count)]
    return _ranked_by_all(connection, islice(by_rank, CANDIDATES), chosen, counted, count)


def rarity(connection: apsw.Connection, terms: Sequence[str], known: Terms) -> dict[str, float]:
    """The inverse document frequency of each term, by the stem it has in ``content_stems``; always above 0."""
    total, _ = _size(connection)
    return {stem(t.text): log(1 + (total - t.passages + 0.5) / (t.passages + 0.5)) for t in known.of(terms)}


def fts_string(text: str) -> str:
    """Text as FTS5 reads it whatever it holds: quoted. The tokenizer stems its words as it stemmed the passages'."""
    return '"{}"'.format(text.replace('"', '""'))


def _counted(connection: apsw.Connection, text: str) -> _Term | None:
    """A term, None where it holds no word; one of several words is in at most as many passages as the rarest of them."""
    connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, keywords, row)")
    if not (stems := _stems(connection, text)):
        return None
    held = [rows(connection, "SELECT doc FROM temp.vocabulary WHERE term = ?", (stem,)) for stem in stems]
    return _Term(text, stems, min(found[0][0] if found else 0 for found in held))


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


def _by_rank(connection: apsw.Connection, terms: Sequence[_Term], allowed: bytes | None) -> Iterator[tuple[int, float]]:
    """Passages with any of the terms and their BM25 over these, best first, as SQLite ranks them."""
    match = " OR ".join(fts_string(term.text) for term in terms)
    if match:
        query = "SELECT rowid, -rank FROM keywords WHERE keywords MATCH ? ORDER BY rank"
        for passage_id, score in connection.execute(query, (match,)):
            if allowed is None or (passage_id < len(allowed) and allowed[passage_id]):
                yield passage_id, score


def _ranked_by_all(
    connection: apsw.Connection,
    candidates: Iterator[tuple[int, float]],
    chosen: Sequence[_Term],
    terms: Sequence[_Term],
    count: int,
) -> list[int]:
    """The best ``count`` candidates by BM25 over all terms, ties by id; they come best first by that over the chosen ones."""
    total, mean = _size(connection)
    # As SQLite has it: a word in more than half of all passages counts next to nothing.
    weights = {t.stems: max(log((total - t.passages + 0.5) / (t.passages + 0.5)), 1e-6) for t in terms}
    others = (_K1 + 1) * sum(weights[stems] for stems in weights.keys() - {term.stems for term in chosen})

    def bm25(stems: tuple[str, ...]) -> float:
        counts, length = Counter(stems), _K1 * (1 - _B + _B * len(stems) / mean)
        often = {term: counts[term[0]] if len(term) == 1 else _often(term, stems) for term in weights}
        return sum(weight * often[term] * (_K1 + 1) / (often[term] + length) for term, weight in weights.items())

    best: list[tuple[float, int]] = []
    while part := list(islice(candidates, _AT_ONCE)):
        # However often the other terms stand in a passage, they add less than this to what it has.
        if len(best) == count and part[0][1] + others < -best[-1][0]:
            break
        texts = _texts(connection, [passage_id for passage_id, _ in part])
        scored = [(-bm25(_stems(connection, text)), passage_id) for passage_id, text in texts]
        best = sorted(best + scored)[:count]
    return [passage_id for _, passage_id in best]


def _texts(connection: apsw.Connection, passage_ids: Iterable[int]) -> list[tuple[int, str]]:
    """Ids of passages, each with what the keyword index holds of it."""
    return rows(
        connection,
        """SELECT p.passage_id, a.title || char(10) || substr(a.text, p.start + 1, p."end" - p.start)
           FROM passages p JOIN articles a USING (row_id) WHERE p.passage_id IN (SELECT value FROM json_each(?))""",
        (json_list(passage_ids),),
    )


def _size(connection: apsw.Connection) -> tuple[int, float]:
    """How many passages there are, and how many words they have in the mean, as SQLite counts them for its BM25."""

    def size(api: apsw.FTS5ExtensionApi, *_: Any) -> str:
        return f"{api.row_count} {api.column_total_size(-1)}"

    connection.register_fts5_function("size", size)
    found = rows(connection, "SELECT size(keywords) FROM keywords LIMIT 1")
    if not found:
        return 0, 0.0
    total, tokens = map(int, found[0][0].split())
    return total, tokens / total


def _often(term: tuple[str, ...], stems: tuple[str, ...]) -> int:
    """How often stems stand one after the other in others."""
    return sum(stems[at : at + len(term)] == term for at in range(len(stems) - len(term) + 1))
