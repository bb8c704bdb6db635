"""Keyword search by BM25."""

import apsw
import pytest

from qa.library.database import COPIES_SCHEMA, SCHEMA
from qa.library.keywords import keyword_search
from qa.library.publish import write_keywords

TEXTS = {
    1: "The harbour bridge was closed. The harbour was quiet.",
    2: "The harbour was full.",
    3: "A bridge of the U.S. army stood in the valley.",
    4: "The U.S. harbour and its ferry.",
    5: "Ferries, ferries and once more ferries: the harbour bridge waits.",
    6: "Cherries were sold.",
}


@pytest.fixture
def library() -> apsw.Connection:
    """A passage of each text, without a headline."""
    connection = apsw.Connection(":memory:")
    connection.execute(SCHEMA + COPIES_SCHEMA)
    connection.execute("INSERT INTO sources VALUES (1, '/news', 'news')")
    for number, text in TEXTS.items():
        add(connection, number, text)
    return connection


def add(connection: apsw.Connection, number: int, text: str) -> None:
    """An article of one passage."""
    connection.execute(
        "INSERT INTO articles VALUES (?1, ?1, 1, ?1, NULL, '', '', NULL, NULL, NULL, ?2, NULL, NULL)", (number, text)
    )
    connection.execute("INSERT INTO passages VALUES (?1, ?1, 0, ?2, x'00')", (number, len(text)))
    write_keywords(connection, number, "", text)


def sqlite_ranks(connection: apsw.Connection, *words: str) -> list[int]:
    """What SQLite itself makes of words in any passage."""
    query = "SELECT rowid FROM keywords WHERE keywords MATCH ? ORDER BY rank, rowid"
    return [i for (i,) in connection.execute(query, (" OR ".join(f'"{word}"' for word in words),))]


def test_every_term_counts_and_none_is_required(library: apsw.Connection) -> None:
    """Words are stemmed; a term of two words stands where both do, one after the other."""
    assert keyword_search(library, ["ferry"], 9) == sqlite_ranks(library, "ferry") == [5, 4]
    assert keyword_search(library, ["bridges", "nonsense"], 9) == sqlite_ranks(library, "bridge")
    assert set(keyword_search(library, ["u.s", "cherry"], 9)) == {3, 4, 6}
    assert keyword_search(library, ["bridge", "ferry"], 1) == [5]


@pytest.mark.parametrize("terms", [[], ["nonsense"], ["*"], ['"'], ["OR"], ["'"], ["\N{GRINNING FACE}"]])
def test_what_stands_nowhere_finds_nothing(library: apsw.Connection, terms: list[str]) -> None:
    """Whatever it is made of."""
    assert keyword_search(library, terms, 9) == keyword_search(library, terms, 9, most=0) == []


def test_the_rarest_words_choose_where_all_would_be_too_many(library: apsw.Connection) -> None:
    """Harbour stands in 4 passages, bridge in 3, ferry in 2: of those with a ferry, the bridge is the better."""
    assert keyword_search(library, ["harbour", "bridge", "ferry"], 9, most=4) == [5, 4]
    assert set(keyword_search(library, ["harbour", "bridge", "ferry"], 9, most=5)) == {1, 3, 4, 5}
    assert set(keyword_search(library, ["harbour", "bridge", "ferry"], 9, most=9)) == {1, 2, 3, 4, 5}
    assert keyword_search(library, ["harbour"], 9, most=1) == sqlite_ranks(library, "harbour")


def test_candidates_stand_in_the_order_that_sqlite_gives_them(library: apsw.Connection) -> None:
    """Where the rarest words choose, all words rank."""
    words = ["harbour", "bridge", "u.s"]
    whole = keyword_search(library, words, 9)
    chosen = keyword_search(library, words, 9, most=5)  # u.s in 2, bridge in 3
    assert chosen == [i for i in whole if i in chosen]
    assert set(chosen) == {1, 3, 4, 5}


def test_no_candidate_that_could_be_better_is_left_out(library: apsw.Connection) -> None:
    """Of 600 with a kiln, those with a ferry, too, come first, though they are longest and so the last by the kiln alone."""
    rest = " It is quiet and warm here, as it was before in the days of old."
    for number in range(1000, 1600):
        add(library, number, f"A kiln glows.{rest}" + " So it is." * (number % 3))
    for number in (2001, 2002, 2003):
        add(library, number, f"A kiln glows by the ferry.{rest}" + " So it is." * (number - 1998))
    for number in range(3000, 3700):
        add(library, number, f"The ferry waits.{rest}")
        add(library, number + 1000, f"The town sleeps.{rest}")
    kilns = set(sqlite_ranks(library, "kiln"))
    both = [i for i in sqlite_ranks(library, "kiln", "ferry") if i in kilns]
    assert set(both[:3]) == {2001, 2002, 2003}
    for count in (1, 3, 40):
        assert keyword_search(library, ["kiln", "ferry"], count, most=700) == both[:count]


def test_ranking_ends_where_no_candidate_left_can_be_better(library: apsw.Connection) -> None:
    """What stands in nearly all passages, "quiet", adds next to nothing, so that the best by the kiln are the best."""
    for number in range(1000, 1600):
        add(library, number, "A kiln glows in the quiet." + " So it is." * (number % 60))
    for number in range(3000, 4000):
        add(library, number, "A quiet town sleeps here.")
    read: list[str] = []
    library.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: read.append(event["sql"]))
    found = keyword_search(library, ["kiln", "quiet"], 40, most=700)
    library.trace_v2(0)
    assert found == sqlite_ranks(library, "kiln", "quiet")[:40]
    texts = [sql for sql in read if "substr(a.text" in sql]
    assert 1 <= len(texts) < 6  # a hundred passages each


def test_a_length_is_held_against_that_of_all_passages(library: apsw.Connection) -> None:
    """Beside passages of three words, four with a kiln are better than ten with two; against each other they were not."""
    for number in range(10, 70):
        add(library, number, "The town sleeps.")
    add(library, 70, "Here glows a kiln.")
    add(library, 71, "A kiln, and once more a kiln, stands here today.")
    assert keyword_search(library, ["kiln", "town"], 9, most=5) == sqlite_ranks(library, "kiln") == [70, 71]


def test_what_is_not_allowed_takes_no_place(library: apsw.Connection) -> None:
    """Passages are left out before they are counted, whichever way they are ranked."""
    allowed = bytes([0, 1, 1, 0, 1])
    for most in (5, 9):
        assert keyword_search(library, ["bridge", "ferry", "harbour"], 1, allowed, most) != [5]
        assert set(keyword_search(library, ["bridge", "ferry", "harbour"], 9, allowed, most)) <= {1, 2, 4}
