"""Which passages there are, with the article and the date of each, in memory: a filter is one pass over arrays.

Asking SQLite for the passages of a range of dates took five times as long as the search itself.
"""

from collections.abc import Collection
from itertools import chain
from typing import Any

import apsw
import numpy as np

# Two passes over indexes rather than a join: that would read every article's row, with most of its text.
_PASSAGES = "SELECT passage_id, row_id FROM passages"
_DATES = "SELECT row_id, CAST(replace(date, '-', '') AS INTEGER) FROM articles WHERE date IS NOT NULL"


class Catalogue:
    """The passages of one generation; never changed after loading, so threads may share it."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Read every passage once."""
        self._passages, self._articles = _columns(connection, _PASSAGES)
        self._size = int(self._passages.max(initial=0)) + 1
        articles, dates = _columns(connection, _DATES)
        of_articles = np.zeros(max(self._articles.max(initial=0), articles.max(initial=0)) + 1, dtype=np.int64)
        of_articles[articles] = dates
        self._dates = of_articles[self._articles]

    def allowed(self, since: str | None, until: str | None, articles: Collection[int] | None) -> Any:
        """Which passage ids may be found, bool of shape (largest id + 1,).

        ``since`` and ``until`` are ISO dates that belong to the range, in which no undated article is; ``articles`` are
        row ids, None for all.
        """
        chosen = np.ones(len(self._passages), dtype=bool)
        if since is not None:
            chosen &= self._dates >= _number(since)
        if until is not None:
            chosen &= (self._dates > 0) & (self._dates <= _number(until))
        if articles is not None:
            chosen &= np.isin(self._articles, np.fromiter(articles, dtype=np.int64))
        allowed = np.zeros(self._size, dtype=bool)
        allowed[self._passages[chosen]] = True
        return allowed


def _columns(connection: apsw.Connection, query: str) -> Any:
    """The two columns of whole numbers that a query finds, int64 of shape (2, n)."""
    found = np.fromiter(chain.from_iterable(connection.execute(query)), dtype=np.int64)
    return found.reshape(-1, 2).T.copy()


def _number(date: str) -> int:
    return int(date.replace("-", ""))
