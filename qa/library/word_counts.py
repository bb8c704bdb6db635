"""How many words each article has, counted when it is written: to count them all anew takes reading every text."""

from collections.abc import Iterable

import apsw

from qa.library.database import get_meta, rows


def count_words(connection: apsw.Connection, row_ids: Iterable[int] | None = None) -> None:
    """Count the words of articles, None for all there are; a word is what stands between blanks."""
    connection.create_scalar_function("words_of", lambda *values: len(str(values[0]).split()), 1, deterministic=True)
    query = "INSERT OR REPLACE INTO word_counts SELECT row_id, words_of(text) FROM articles"
    if row_ids is None:
        connection.execute("DELETE FROM word_counts")
        connection.execute(query)
    else:
        connection.executemany(f"{query} WHERE row_id = ?", [(row_id,) for row_id in row_ids])


def forget_words(connection: apsw.Connection, row_ids: Iterable[int]) -> None:
    """Forget the counts of articles that are gone."""
    connection.executemany("DELETE FROM word_counts WHERE row_id = ?", [(row_id,) for row_id in row_ids])


def all_words(connection: apsw.Connection) -> int:
    """The words of all articles together."""
    if get_meta(connection, "format") in ("2", "3"):  # nothing was counted then
        return sum(len(str(text).split()) for (text,) in connection.execute("SELECT text FROM articles"))
    return int(rows(connection, "SELECT coalesce(sum(words), 0) FROM word_counts")[0][0])
