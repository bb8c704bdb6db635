"""The list of articles: which of them, in which order, which page of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import apsw

from qa.language.words import words
from qa.library.database import json_list, newer_columns, rows
from qa.library.keywords import fts_string
from qa.types import ListedArticle, Listing

Order = Literal["date", "title", "source", "passages"]
_PASSAGES = "(SELECT count(*) FROM passages p WHERE p.row_id = a.row_id)"
# What is sorted by, and whether the largest comes first; what has none of it is last either way.
_ORDERS: dict[Order, tuple[str, bool]] = {
    "date": ("a.date", True),
    "title": ("folded(a.title)", False),
    "source": ("folded(a.source)", False),
    "passages": (_PASSAGES, True),
}
ORDERS: tuple[Order, ...] = tuple(_ORDERS)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which articles are listed, and how; every field left alone: all of them, newest first.

    ``since`` and ``until`` are ISO dates and inclusive; ``source`` is compared without case or accents; an article has
    every one of ``terms`` in its headline or text, as the keyword index compares words.
    """

    since: str | None = None
    until: str | None = None
    source: str | None = None
    terms: Sequence[str] = ()
    sort: Order = "date"
    reverse: bool = False
    limit: int | None = None
    offset: int = 0


def list_articles(connection: apsw.Connection, uploads: str, selection: Selection) -> Listing:
    """A page of the articles that match, ties by id, and how many match; ``uploads`` is the folder of the uploaded ones."""
    connection.create_scalar_function("folded", lambda *values: _folded(values[0]), 1, deterministic=True)
    where, values = _condition(connection, selection)
    (total,) = rows(connection, f"SELECT count(*) FROM articles a WHERE {where}", values)[0]  # noqa: S608
    # By date, an index has the articles in order; for other orders, the page is chosen first, and only that looked up.
    order, limits = _order(selection), (-1 if selection.limit is None else selection.limit, selection.offset)
    page = f"articles a JOIN sources s USING (source_id) WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
    if selection.sort != "date":
        page = f"""(SELECT a.row_id FROM articles a WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?)
                   JOIN articles a USING (row_id) JOIN sources s USING (source_id) ORDER BY {order}"""  # noqa: S608
    _, language = newer_columns(connection)
    found = rows(
        connection,
        f"""SELECT a.article_id, a.title, a.date, a.source, a.url, {_PASSAGES}, s.root = ?, a.path, {language}
            FROM {page}""",  # noqa: S608
        (uploads, *values, *limits),
    )
    return Listing(
        tuple(
            ListedArticle(article_id, title, date, source, url, passages, bool(uploaded), path, language)
            for article_id, title, date, source, url, passages, uploaded, path, language in found
        ),
        total,
    )


def _order(selection: Selection) -> str:
    """What stands behind ORDER BY: what has nothing to go by is last."""
    by, downwards = _ORDERS[selection.sort]
    return f"{by} {'DESC' if downwards is not selection.reverse else 'ASC'} NULLS LAST, a.article_id"


def older_than(connection: apsw.Connection, day: str) -> tuple[tuple[str, ...], int]:
    """Ids of the articles dated before an ISO date, oldest first, and how many articles have no date."""
    found = rows(connection, "SELECT article_id FROM articles WHERE date < ? ORDER BY date, article_id", (day,))
    (undated,) = rows(connection, "SELECT count(*) FROM articles WHERE date IS NULL")[0]
    return tuple(article_id for (article_id,) in found), undated


def _condition(connection: apsw.Connection, selection: Selection) -> tuple[str, tuple[Any, ...]]:
    """What stands behind WHERE, and the values for it."""
    parts: list[tuple[str, str]] = []
    if selection.since is not None:
        parts.append(("a.date >= ?", selection.since))
    if selection.until is not None:
        parts.append(("a.date <= ?", selection.until))
    if selection.source is not None:
        there = rows(connection, "SELECT DISTINCT source FROM articles WHERE source IS NOT NULL")
        same = [source for (source,) in there if _folded(source) == _folded(selection.source)]
        parts.append(("a.source IN (SELECT value FROM json_each(?))", json_list(same)))
    for term in selection.terms:
        parts.append(
            (
                """a.row_id IN (SELECT p.row_id FROM keywords k JOIN passages p ON p.passage_id = k.rowid
                   WHERE keywords MATCH ?)""",
                fts_string(term),
            )
        )
    return " AND ".join(part for part, _ in parts) or "TRUE", tuple(value for _, value in parts)


def _folded(text: Any) -> str | None:
    """A text without what no order of words goes by: case, accents, punctuation."""
    return None if text is None else " ".join(words(text)) or text
