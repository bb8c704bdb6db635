"""Reading a library."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from qa.errors import InputError, LibraryError
from qa.library.database import open_to_write
from qa.library.store import Library, Snapshot
from qa.types import Nearest, Scope
from tests.conftest import ARTICLES, MakeDesk, WordEmbedder, write_articles


@pytest.fixture
def library(articles: Path, tmp_path: Path, make_desk: MakeDesk) -> Library:
    """A library with the three articles."""
    make_desk().index(articles)
    return Library(tmp_path / "library")


def nearest(snapshot: Snapshot, text: str) -> list[str]:
    """Ids of articles by their vectors alone, best first."""
    pairs = snapshot.vector_search(WordEmbedder().encode([text])[0], 40)
    return [hit.article_id for hit in snapshot.hits(pairs)]


def test_articles_are_listed_newest_first(library: Library) -> None:
    """Undated ones last; with the number of their passages."""
    with library.snapshot(vectors=False) as snapshot:
        listed = snapshot.listed()
    assert [(article.article_id, article.date, article.passages, article.uploaded) for article in listed] == [
        ("valley/orchard.txt", "2031-05-19", 1, False),
        ("bridge.txt", "2031-04-02", 1, False),
        ("library.txt", None, 1, False),
    ]


def test_a_text_that_was_not_indexed_is_not_shown(library: Library) -> None:
    """However it came into the row: a passage is held against the hash of what was embedded for it."""
    with closing(open_to_write(library.folder)) as connection:
        connection.execute("UPDATE articles SET text = replace(text, '48', '84')")
    for look in (lambda s: s.article("bridge.txt"), lambda s: nearest(s, "harbour bridge")):
        with (
            pytest.raises(
                LibraryError, match=r"is damaged \(a passage of bridge.txt is not the text that was indexed\)"
            ),
            library.snapshot() as snapshot,
        ):
            look(snapshot)


def test_an_article_is_shown_with_its_passages(library: Library) -> None:
    """The spans are stretches of the stored text; an unknown id is told."""
    with library.snapshot(vectors=False) as snapshot:
        article, spans = snapshot.article("library.txt")
        assert article.text == ARTICLES["library.txt"]
        assert [article.text[span.start : span.end] for span in spans] == [
            "The town library keeps 31,000 books. It opens at nine."
        ]
        with pytest.raises(InputError, match="there is no article 'x' in the library; see: qa list"):
            snapshot.article("x")


@pytest.mark.parametrize(
    ("since", "until", "any_there"),
    [
        (None, None, True),
        ("2031-05-19", None, True),
        ("2031-05-20", None, False),
        (None, "2031-04-02", True),
        (None, "2031-04-01", False),
        ("2031-04-03", "2031-05-18", False),
        ("2031-05-19", "2031-05-19", True),
    ],
)
def test_a_range_holds_articles_or_not(library: Library, since: str | None, until: str | None, any_there: bool) -> None:
    """Both ends belong to it; an undated article is in none."""
    with library.snapshot(vectors=False) as snapshot:
        assert snapshot.has_articles(Scope(since, until)) is any_there


def test_both_searches_obey_the_range(library: Library) -> None:
    """Before they count their best."""
    vector = WordEmbedder().encode(["harbour bridge library"])[0]
    with library.snapshot() as snapshot:
        for since, until, expected in [
            ("2031-05-01", None, {"valley/orchard.txt"}),
            (None, "2031-05-01", {"bridge.txt"}),
            ("2032-01-01", None, set()),
        ]:
            by_vector = snapshot.hits(snapshot.vector_search(vector, 1, Scope(since, until)))
            assert {hit.article_id for hit in by_vector} == expected
            terms = ["bridge", "frost", "library"]
            by_keyword = snapshot.hits([(i, 0.0) for i in snapshot.keyword_search(terms, 1, Scope(since, until))])
            assert {hit.article_id for hit in by_keyword} == expected


def test_the_passages_of_a_scope_are_counted(library: Library, articles: Path, make_desk: MakeDesk) -> None:
    """One of each of three articles, one of which has no date; a deleted one is no longer counted."""
    scopes = (Scope(), Scope(since="2031-05-01"), Scope(articles=frozenset({"bridge.txt", "library.txt"})))
    with library.snapshot() as snapshot:
        assert [snapshot.passage_count(scope) for scope in scopes] == [3, 1, 2]
    (articles / "bridge.txt").unlink()
    make_desk().index(articles)
    with library.snapshot() as snapshot:
        assert [snapshot.passage_count(scope) for scope in scopes] == [2, 1, 1]


def test_keywords_are_stemmed_and_found_in_headlines(library: Library) -> None:
    """No term is required, and none is an operator."""
    with library.snapshot(vectors=False) as snapshot:

        def found(*terms: str) -> list[str]:
            return [hit.article_id for hit in snapshot.hits([(i, 0.0) for i in snapshot.keyword_search(terms, 9)])]

        assert found("repair") == ["bridge.txt"]
        assert found("ruins", "nonsense") == ["valley/orchard.txt"]
        assert found("bridge", "OR", 'quo"te', "*") == ["bridge.txt"]
        assert found("nonsense") == found() == []


def test_hits_keep_the_order_and_leave_out_what_is_gone(library: Library) -> None:
    """An id without a passage is no error."""
    with library.snapshot() as snapshot:
        ids = [i for i, _ in snapshot.vector_search(WordEmbedder().encode(["bridge"])[0], 9)]
        hits = snapshot.hits([(ids[2], 0.1), (999_999, 0.5), (ids[0], 0.9)])
    assert [(hit.passage_id, hit.score) for hit in hits] == [(ids[2], 0.1), (ids[0], 0.9)]


def test_the_newest_articles_are_named(library: Library) -> None:
    """To say something where a search found nothing."""
    with library.snapshot(vectors=False) as snapshot:
        assert snapshot.newest(1) == (Nearest("valley/orchard.txt", "Frost ruins Hallin orchards", "2031-05-19"),)
        assert len(snapshot.newest(9)) == 3


def test_a_snapshot_stays_what_it_was_while_another_run_changes_everything(
    library: Library, articles: Path, make_desk: MakeDesk
) -> None:
    """Rows, keyword index and vectors of the old generation belong together to the end; the next one is new."""
    with library.snapshot() as snapshot:
        write_articles(articles, {"bridge.txt": "The circus came to town.\n", "new.txt": "A new harbour bridge.\n"})
        (articles / "library.txt").unlink()
        assert make_desk().index(articles).updated == 1
        assert {article.article_id for article in snapshot.listed()} == set(ARTICLES)
        assert snapshot.article("bridge.txt")[0].text.lstrip().startswith("The harbour bridge")
        assert nearest(snapshot, "harbour bridge of Port Lindal")[0] == "bridge.txt"
        assert set(nearest(snapshot, "anything")) == set(ARTICLES)
        old = snapshot.hits([(i, 0.0) for i in snapshot.keyword_search(["books"], 9)])
        assert [hit.article_id for hit in old] == ["library.txt"]
        with library.snapshot() as newer:
            assert nearest(newer, "harbour bridge")[0] == "new.txt"
            assert set(nearest(newer, "anything")) == {"bridge.txt", "new.txt", "valley/orchard.txt"}
    with library.snapshot() as snapshot:
        assert snapshot.article("bridge.txt")[0].text == "The circus came to town.\n"


def test_searches_beside_syncs_see_one_generation_each(library: Library, articles: Path, make_desk: MakeDesk) -> None:
    """Every found passage has its row, and the same words of the same generation, in four threads over twenty syncs."""

    def look(number: int) -> None:
        with library.snapshot() as snapshot:
            passages = sum(article.passages for article in snapshot.listed())
            pairs = snapshot.vector_search(WordEmbedder().encode([f"harbour {number}"])[0], 1000)
            assert len(snapshot.hits(pairs)) == len(pairs) == passages

    writer = make_desk()
    with ThreadPoolExecutor(4) as pool:
        looks = []
        for number in range(20):
            looks += [pool.submit(look, number) for _ in range(8)]
            write_articles(articles, {f"{number % 7}.txt": f"Harbour number {number}.\n\n" * (number % 3 + 1)})
            writer.index(articles)
        for one in looks:
            one.result()


def test_one_flipped_byte_in_a_faiss_file_is_refused(library: Library, tmp_path: Path, make_desk: MakeDesk) -> None:
    """By searching and asking; what reads only rows still works, and so does a generation that is in memory already."""
    with library.snapshot() as snapshot:
        before = nearest(snapshot, "bridge")
    (file,) = (tmp_path / "library" / "segments").iterdir()
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    for use in (lambda desk: desk.search("bridge"), lambda desk: desk.ask("What did the bridge cost?")):
        with pytest.raises(LibraryError, match=r"is damaged .*; run: qa repair --library"):
            use(make_desk())
    assert len(make_desk().articles()) == 3
    with library.snapshot() as snapshot:
        assert nearest(snapshot, "bridge") == before


def test_a_missing_faiss_file_is_refused(library: Library, tmp_path: Path, make_desk: MakeDesk) -> None:
    """In one line that names the repair."""
    (file,) = (tmp_path / "library" / "segments").iterdir()
    file.unlink()
    with pytest.raises(LibraryError, match=r"cannot be read .*; run: qa repair --library"):
        make_desk().search("bridge")


def test_a_library_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    """Nothing is made by looking."""
    with pytest.raises(LibraryError, match="there is no library"), Library(tmp_path / "none").snapshot():
        pytest.fail("there is nothing to read")
    assert not (tmp_path / "none").exists()
