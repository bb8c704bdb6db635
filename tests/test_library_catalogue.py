"""The passages of a generation in memory."""

import shutil
from pathlib import Path

import apsw
import pytest

from qa.library.catalogue import Catalogue
from qa.library.database import get_meta
from qa.library.store import Library
from qa.types import Scope
from tests.conftest import MakeDesk, WordEmbedder, write_articles


@pytest.fixture
def catalogue() -> Catalogue:
    """Passages 1 and 4 of article 7, of 2 May, and 2 of article 8, undated."""
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE articles (row_id, date); CREATE TABLE passages (passage_id, row_id)")
    connection.execute("INSERT INTO articles VALUES (7, '2031-05-02'), (8, NULL)")
    connection.execute("INSERT INTO passages VALUES (4, 7), (1, 7), (2, 8)")
    return Catalogue(connection)


@pytest.mark.parametrize(
    ("since", "until", "articles", "allowed"),
    [
        (None, None, None, [1, 2, 4]),
        ("2031-05-02", None, None, [1, 4]),
        ("2031-05-03", None, None, []),
        (None, "2031-05-02", None, [1, 4]),
        (None, "2031-05-01", None, []),
        (None, None, [8], [2]),
        (None, None, [], []),
        ("2031-01-01", "2031-12-31", [7, 8, 9], [1, 4]),
    ],
)
def test_a_filter_chooses_passages(
    catalogue: Catalogue, since: str | None, until: str | None, articles: list[int] | None, allowed: list[int]
) -> None:
    """Both ends belong to a range, in which no undated article is."""
    found = catalogue.allowed(since, until, articles)
    assert (len(found), [i for i, one in enumerate(found) if one]) == (5, allowed)


def test_no_passages_are_no_error() -> None:
    """An empty library is a library."""
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE articles (row_id, date); CREATE TABLE passages (passage_id, row_id)")
    assert Catalogue(connection).allowed("2031-01-01", None, None).tolist() == [False]


def test_a_change_of_a_date_alone_is_seen_by_the_next_question(
    articles: Path, tmp_path: Path, make_desk: MakeDesk
) -> None:
    """Each generation has its own catalogue, and a pinned one keeps its."""
    make_desk().index(articles)
    library = Library(tmp_path / "library")
    vector = WordEmbedder().encode(["town library"])[0]

    def of_2031() -> set[str]:
        with library.snapshot() as snapshot:
            pairs = snapshot.vector_search(vector, 9, Scope("2031-01-01", "2031-12-31"))
            return {hit.article_id for hit in snapshot.hits(pairs)}

    assert of_2031() == {"bridge.txt", "valley/orchard.txt"}
    with library.snapshot() as before:
        write_articles(
            articles, {"library.txt": "date 2031-07-01\nThe town library keeps 31,000 books. It opens at nine.\n"}
        )
        make_desk().index(articles)
        pairs = before.vector_search(vector, 9, Scope("2031-01-01"))
        assert {hit.article_id for hit in before.hits(pairs)} == {"bridge.txt", "valley/orchard.txt"}
    assert of_2031() == {"bridge.txt", "valley/orchard.txt", "library.txt"}


def test_a_library_made_anew_in_the_same_place_is_another_one(
    articles: Path, tmp_path: Path, make_desk: MakeDesk
) -> None:
    """What was kept in memory of the former one is not taken for it; indexing the same again changes nothing."""
    library, vector = Library(tmp_path / "library"), WordEmbedder().encode(["harbour bridge"])[0]

    def found(since: str) -> list[str]:
        with library.snapshot() as snapshot:
            return [hit.article_id for hit in snapshot.hits(snapshot.vector_search(vector, 9, Scope(since)))]

    def generation() -> object:
        connection = apsw.Connection(str(tmp_path / "library" / "library.sqlite"))
        return get_meta(connection, "generation")

    make_desk().index(articles)
    assert found("2031-05-01") == ["valley/orchard.txt"]
    first = generation()
    make_desk().index(articles)
    assert generation() == first
    shutil.rmtree(tmp_path / "library")
    write_articles(
        articles, {"library.txt": "date 2031-09-01\nThe town library keeps 31,000 books. It opens at nine.\n"}
    )
    (articles / "valley" / "orchard.txt").unlink()
    make_desk().index(articles)
    assert generation() != first
    assert found("2031-05-01") == ["library.txt"]
