"""One transaction makes a new generation."""

from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from qa.library.cuts import cut_article
from qa.library.database import open_to_write, rows
from qa.library.embedded import record_embedder
from qa.library.plan import make_plan
from qa.library.publish import embed, publish, store_vectors, write_one_segment
from qa.library.segments import Segment, write_segment
from qa.library.sources import sources_to_sync
from qa.library.store import Library, listed_segments
from qa.library.verify import verify
from qa.settings import Settings
from qa.types import Scope
from tests.conftest import WordEmbedder, write_articles


def synced(library: Path, articles: Path, small: int) -> tuple[Segment, ...]:
    """Bring a library up to date, with another limit for a single file; returns the FAISS files then listed."""
    connection = open_to_write(library)
    try:
        record_embedder(connection, library, WordEmbedder())
        plan = make_plan(
            connection, sources_to_sync(connection, [articles], library / "articles"), library, True, lambda seen: None
        )
        cuts = [cut_article(a.article.title, a.article.date, a.article.text, Settings()) for a in plan.additions]
        store_vectors(connection, [cut for some in cuts for cut in some], WordEmbedder, lambda done, total: None)
        publish(connection, library, plan, cuts, small=small)
        return listed_segments(connection)
    finally:
        connection.close()


def numbered(folder: Path, numbers: Sequence[int]) -> Path:
    """A folder with one article for each number."""
    return write_articles(
        folder,
        {f"{number:02}.txt": f"Report {number}\n\nThe harbour number {number} was full.\n" for number in numbers},
    )


def tombstones(library: Path) -> int:
    """The number of dead vectors in the files."""
    connection = apsw.Connection(str(library / "library.sqlite"))
    return int(rows(connection, "SELECT count(*) FROM tombstones")[0][0])


def found(library: Path, text: str, since: str | None = None) -> list[str]:
    """Ids of articles by their vectors alone."""
    with Library(library).snapshot() as snapshot:
        pairs = snapshot.vector_search(WordEmbedder().encode([text])[0], 40, Scope(since))
        return [hit.article_id for hit in snapshot.hits(pairs)]


def test_a_small_library_is_one_fresh_file_each_time(tmp_path: Path) -> None:
    """A deleted vector is in no file any more."""
    articles, library = numbered(tmp_path / "news", range(10)), tmp_path / "library"
    (first,) = synced(library, articles, small=100)
    (articles / "03.txt").unlink()
    (second,) = synced(library, articles, small=100)
    assert (first.vectors, second.vectors, tombstones(library)) == (10, 9, 0)
    assert [file.name for file in (library / "segments").iterdir()] == [second.file]


def test_a_large_library_gets_a_file_for_what_is_new(tmp_path: Path) -> None:
    """The old file stays as it is; what died is a tombstone and found no more."""
    articles, library = numbered(tmp_path / "news", range(20)), tmp_path / "library"
    (first,) = synced(library, articles, small=5)
    numbered(articles, [20, 21])
    (articles / "03.txt").unlink()
    both = synced(library, articles, small=5)
    assert first in both
    assert sorted(segment.vectors for segment in both) == [2, 20]
    assert tombstones(library) == 1
    assert set(found(library, "harbour number full")) == {f"{n:02}.txt" for n in range(22) if n != 3}
    assert "03.txt" not in found(library, "harbour number 3 full", since=None)
    assert verify(library).ok


def test_an_update_in_a_large_library_leaves_one_tombstone(tmp_path: Path) -> None:
    """The old vector is dead, the new one stands in a new file."""
    articles, library = numbered(tmp_path / "news", range(20)), tmp_path / "library"
    synced(library, articles, small=5)
    write_articles(articles, {"07.txt": "date 2031-01-02 Frost\nFrost ruined the cherries.\n"})
    assert len(synced(library, articles, small=5)) == 2
    assert (tombstones(library), found(library, "frost cherries")[0]) == (1, "07.txt")
    assert found(library, "frost cherries", since="2031-01-01") == ["07.txt"]
    assert len(found(library, "harbour")) == 20
    assert verify(library).ok


def test_many_dead_vectors_are_merged_away(tmp_path: Path) -> None:
    """From a fifth of the live ones on."""
    articles, library = numbered(tmp_path / "news", range(24)), tmp_path / "library"
    synced(library, articles, small=5)
    for number in range(4):
        (articles / f"{number:02}.txt").unlink()
    assert len(synced(library, articles, small=5)) == 1
    assert tombstones(library) == 4
    (articles / "04.txt").unlink()
    (merged,) = synced(library, articles, small=5)
    assert (merged.vectors, tombstones(library)) == (19, 0)
    assert verify(library).ok


def test_only_files_that_are_not_much_larger_are_written_anew(tmp_path: Path) -> None:
    """A file stays while it holds four times what all newer ones hold; nothing is lost on the way."""
    articles, library = numbered(tmp_path / "news", range(20)), tmp_path / "library"
    sizes = []
    for number in range(20, 27):
        sizes.append(sorted((segment.vectors for segment in synced(library, articles, small=5)), reverse=True))
        numbered(articles, [number])
    assert sizes == [[20], [20, 1], [20, 2], [20, 3], [20, 4], [20, 4, 1], [26]]
    assert len(found(library, "harbour")) == 26
    assert verify(library).ok


def test_the_dead_of_files_that_are_merged_are_forgotten(tmp_path: Path) -> None:
    """Those of the file that stays are remembered."""
    articles, library = numbered(tmp_path / "news", range(20)), tmp_path / "library"
    (first,) = synced(library, articles, small=5)
    synced(library, numbered(articles, [20, 21, 22]), small=5)
    (articles / "03.txt").unlink()
    (articles / "21.txt").unlink()
    both = synced(library, numbered(articles, [23]), small=5)
    assert first in both
    assert sorted(segment.vectors for segment in both) == [3, 20]
    assert tombstones(library) == 1
    assert {f"{number:02}.txt" for number in range(24)} - set(found(library, "harbour number full")) == {
        "03.txt",
        "21.txt",
    }
    assert verify(library).ok


def test_files_of_before_are_merged_as_they_come(tmp_path: Path) -> None:
    """A library may have many small ones, which former versions left for a later merge."""
    articles, library = numbered(tmp_path / "news", range(10)), tmp_path / "library"
    synced(library, articles, small=5)
    connection = open_to_write(library)
    for number in (10, 11, 12):  # each in a file of its own
        synced(library, numbered(articles, [number]), small=5)
    stored = rows(
        connection, "SELECT passage_id, vector FROM passages JOIN vectors USING (text_hash) ORDER BY passage_id"
    )
    with connection:
        connection.execute("DELETE FROM segments")
        for part in (stored[:10], stored[10:11], stored[11:12], stored[12:]):
            segment = write_segment(library, part)
            connection.execute("INSERT INTO segments VALUES (?, ?, ?)", (segment.file, segment.sha256, segment.vectors))
    connection.close()
    assert verify(library).ok
    (merged,) = synced(library, numbered(articles, [13]), small=5)
    assert merged.vectors == 14
    assert verify(library).ok


def test_a_library_may_shrink_to_nothing(tmp_path: Path) -> None:
    """Without files, and grow again."""
    articles, library = numbered(tmp_path / "news", range(10)), tmp_path / "library"
    synced(library, articles, small=0)
    for file in articles.iterdir():
        file.unlink()
    assert synced(library, articles, small=0) == ()
    assert list((library / "segments").iterdir()) == []
    numbered(articles, [1])
    assert len(synced(library, articles, small=0)) == 1
    assert found(library, "harbour") == ["01.txt"]


def test_two_articles_with_the_same_words_share_a_vector(tmp_path: Path) -> None:
    """It is embedded once and stays while one of them stays."""
    same = "date 2031-01-01 Head\nSame."
    articles, library = write_articles(tmp_path / "news", {"a.txt": same, "b.txt": same}), tmp_path / "library"
    synced(library, articles, small=100)
    assert (verify(library).passages, verify(library).vectors) == (2, 2)
    (articles / "a.txt").unlink()
    synced(library, articles, small=100)
    assert found(library, "same") == ["b.txt"]
    assert verify(library).ok


def test_cuts_carry_the_headline_and_differ_by_it() -> None:
    """The same words under another headline are another vector."""
    (one,), (other,) = (cut_article(title, "2031-04-02", "It opened.", Settings()) for title in ("Bridge", "Library"))
    assert one.searchable == "Bridge, 2031-04-02\nIt opened."
    assert (one.span, len(one.text_hash)) == (other.span, 32)
    assert one.text_hash != other.text_hash


def test_an_error_while_publishing_leaves_the_old_generation(tmp_path: Path) -> None:
    """Cuts that do not fit the plan are an error in the middle of the transaction."""
    articles, library = numbered(tmp_path / "news", range(3)), tmp_path / "library"
    before = synced(library, articles, small=100)
    numbered(articles, [3, 4])
    connection = open_to_write(library)
    plan = make_plan(
        connection, sources_to_sync(connection, [articles], library / "articles"), library, False, lambda seen: None
    )
    with pytest.raises(ValueError, match="shorter"):
        publish(connection, library, plan, [()])
    assert listed_segments(connection) == before
    connection.close()
    assert verify(library).articles == 3
    assert verify(library).ok


def test_many_vectors_go_into_several_files(tmp_path: Path) -> None:
    """In the order of their ids, with the same results; seven by threes are three files."""
    library = tmp_path / "library"
    synced(library, numbered(tmp_path / "f", range(7)), small=100)
    before = found(library, "harbour number 4")
    connection = open_to_write(library)
    with connection:
        write_one_segment(connection, library, largest=3)
    listed = rows(connection, "SELECT vectors FROM segments ORDER BY rowid")
    connection.close()
    assert [vectors for (vectors,) in listed] == [3, 3, 1]
    assert verify(library).ok
    assert found(library, "harbour number 4") == before


def test_what_has_no_vector_is_embedded_window_by_window(tmp_path: Path) -> None:
    """Each text once, the shortest of a window first; what is there is left alone, and the total is right from the start."""
    texts = ("One.", "One two three.", "One two.", "One.", "One two three four.", "Six.")
    cuts = [cut_article("", None, text, Settings()) for text in texts]
    words, told = WordEmbedder(), list[tuple[int, int]]()
    connection = open_to_write(tmp_path / "library")
    store_vectors(connection, cuts[5], WordEmbedder, lambda done, total: None)
    embed(connection, lambda: cuts, words, lambda done, total: told.append((done, total)), size=2)
    assert words.encoded == ["One.", "One two three.", "One two.", "One two three four."]
    assert told == [(0, 4), (2, 4), (2, 4), (3, 4), (3, 4), (4, 4), (4, 4)]
    embed(connection, lambda: cuts, words, lambda done, total: None)
    assert len(words.encoded) == 4
    assert rows(connection, "SELECT count(*) FROM vectors") == [(5,)]
    connection.close()
