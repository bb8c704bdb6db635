"""What a path given to ``index`` means, and which id its articles get."""

import json
from pathlib import Path

import pytest

from qa.chat import Desk
from qa.errors import InputError
from qa.library.verify import verify
from qa.settings import Settings
from qa.types import Failure, SyncReport
from tests.conftest import MakeDesk, WordEmbedder, write_articles


def ids(desk: Desk) -> set[str]:
    """The ids of all articles."""
    return {article.article_id for article in desk.articles()}


def counts(report: SyncReport) -> tuple[int, int, int, int]:
    """Added, updated, removed, unchanged."""
    return report.added, report.updated, report.removed, report.unchanged


def encoded(desk: Desk) -> list[str]:
    """What the desk's fake embedder has encoded; the list can be emptied."""
    assert isinstance(desk.embedder, WordEmbedder)
    return desk.embedder.encoded


def test_two_folders_with_the_same_path_get_their_names_in_front(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Both of them, whichever came first; and the plain path again when one goes."""
    west = write_articles(tmp_path / "west", {"a.txt": "Western text.\n", "b.txt": "Another.\n"})
    east = write_articles(tmp_path / "east", {"a.txt": "Eastern text.\n", "c.txt": "A third.\n"})
    desk = make_desk()
    desk.index(west)
    assert ids(desk) == {"a.txt", "b.txt"}
    assert desk.index(east).failures == ()
    assert ids(desk) == {"west/a.txt", "b.txt", "east/a.txt", "c.txt"}
    assert desk.article("east/a.txt").text == "Eastern text.\n"
    (west / "a.txt").unlink()
    desk.index()
    assert ids(desk) == {"b.txt", "a.txt", "c.txt"}
    assert desk.article("a.txt").text == "Eastern text.\n"


@pytest.mark.parametrize("order", [("west", "east"), ("east", "west")])
def test_ids_do_not_depend_on_the_order_of_indexing(
    tmp_path: Path, make_desk: MakeDesk, order: tuple[str, str]
) -> None:
    """One after the other or both at once."""
    for name in order:
        write_articles(tmp_path / name, {"a.txt": f"Text of {name}.\n"})
    desk = make_desk()
    for name in order:
        desk.index(tmp_path / name)
    assert {i: desk.article(i).text for i in ids(desk)} == {
        "west/a.txt": "Text of west.\n",
        "east/a.txt": "Text of east.\n",
    }


def test_folders_of_the_same_name_with_the_same_path_are_refused_and_listed(
    tmp_path: Path, make_desk: MakeDesk
) -> None:
    """The other files of the second folder go in; the refused one follows once the first is gone."""
    one = write_articles(tmp_path / "one" / "news", {"a.txt": "The first.\n"})
    two = write_articles(tmp_path / "two" / "news", {"a.txt": "The second.\n", "b.txt": "A third.\n"})
    desk = make_desk()
    desk.index(one)
    report = desk.index(two)
    assert counts(report) == (1, 0, 0, 0)
    assert report.failures == (
        Failure("a.txt", f"{one} has the same name and holds the same path; rename one of the two folders"),
    )
    assert ids(desk) == {"a.txt", "b.txt"}
    (one / "a.txt").unlink()
    desk.index(one, allow_empty=True)
    assert desk.index(two).added == 1
    assert desk.article("a.txt").text == "The second.\n"


def test_a_third_folder_of_the_same_name_is_refused_in_the_same_run_too(tmp_path: Path, make_desk: MakeDesk) -> None:
    """All three are new; the one in the middle has another name."""
    roots = [write_articles(tmp_path / place, {"a.txt": f"At {place}.\n"}) for place in ("1/news", "2/other", "3/news")]
    desk = make_desk()
    report = desk.index(*roots)
    assert (report.added, report.failed) == (2, 1)
    assert ids(desk) == {"news/a.txt", "other/a.txt"}


def test_a_file_inside_a_known_folder_belongs_to_it(articles: Path, make_desk: MakeDesk) -> None:
    """Only that file is looked at, and nothing else is removed or updated."""
    desk = make_desk()
    desk.index(articles)
    (articles / "bridge.txt").write_text("date 2031-04-09 Bridge\nThe bridge closed again.\n")
    (articles / "library.txt").unlink()
    assert counts(desk.index(articles / "bridge.txt")) == (0, 1, 0, 0)
    assert ids(desk) == {"bridge.txt", "valley/orchard.txt", "library.txt"}
    assert counts(desk.index(articles / "valley")) == (0, 0, 0, 1)
    assert counts(desk.index()) == (0, 0, 1, 2)


def test_a_folder_above_takes_known_sources_over_without_embedding(articles: Path, make_desk: MakeDesk) -> None:
    """A file and a folder become parts of it; their paths grow, their passages stay."""
    desk = make_desk()
    desk.index(articles / "valley", articles / "bridge.txt")
    assert ids(desk) == {"orchard.txt", "bridge.txt"}
    before = {hit.text: hit.passage_id for hit in desk.search("bridge frost")}
    encoded(desk).clear()
    assert counts(desk.index(articles)) == (1, 0, 0, 2)
    assert ids(desk) == {"bridge.txt", "valley/orchard.txt", "library.txt"}
    assert len(encoded(desk)) == 1 and "31,000" in encoded(desk)[0]
    after = {hit.text: hit.passage_id for hit in desk.search("bridge frost")}
    assert before.items() <= after.items()
    assert counts(desk.index()) == (0, 0, 0, 3)


def test_a_path_that_no_longer_collides_after_a_take_over_is_plain_again(tmp_path: Path, make_desk: MakeDesk) -> None:
    """An id depends on what is indexed, not on what was."""
    west = write_articles(tmp_path / "top" / "west", {"a.txt": "Western.\n"})
    east = write_articles(tmp_path / "east", {"a.txt": "Eastern.\n"})
    desk = make_desk()
    desk.index(west, east)
    assert ids(desk) == {"west/a.txt", "east/a.txt"}
    desk.index(tmp_path / "top")
    assert {i: desk.article(i).text for i in ids(desk)} == {"west/a.txt": "Western.\n", "a.txt": "Eastern.\n"}


def test_a_missing_folder_that_is_taken_over_does_not_pass_for_its_parent(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Its articles are gone; a file of the parent with the same name is another article."""
    inner = write_articles(tmp_path / "top" / "inner", {"a.txt": "Inner.\n"})
    desk = make_desk()
    desk.index(inner)
    (inner / "a.txt").unlink()
    inner.rmdir()
    write_articles(tmp_path / "top", {"a.txt": "Outer.\n"})
    assert counts(desk.index(tmp_path / "top")) == (1, 0, 1, 0)


@pytest.mark.parametrize("gone", ["emptied", "missing"])
def test_an_emptied_or_missing_folder_is_refused(articles: Path, make_desk: MakeDesk, gone: str) -> None:
    """A disk that is not mounted must lose nothing; --allow-empty means it."""
    desk = make_desk()
    desk.index(articles)
    articles.rename(articles.with_name("away"))
    if gone == "emptied":
        articles.mkdir()
    state = {"emptied": "is empty", "missing": "is missing"}[gone]
    for paths in ((), (articles,)):
        with pytest.raises(InputError, match=f"{state} but the library holds 3 articles from it; .*--allow-empty"):
            desk.index(*paths)
    assert len(ids(desk)) == 3
    assert desk.index(allow_empty=True).removed == 3
    assert ids(desk) == set()


def test_one_emptied_source_changes_nothing_in_the_others(tmp_path: Path, articles: Path, make_desk: MakeDesk) -> None:
    """The whole run is refused before anything is written."""
    other = write_articles(tmp_path / "other", {"z.txt": "Zed.\n"})
    desk = make_desk()
    desk.index(articles, other)
    (other / "z.txt").unlink()
    write_articles(articles, {"new.txt": "New text.\n"})
    with pytest.raises(InputError, match="is empty"):
        desk.index()
    assert len(ids(desk)) == 4
    assert "new.txt" not in ids(desk)


def test_a_path_that_never_was_is_refused(tmp_path: Path, articles: Path, make_desk: MakeDesk) -> None:
    """Also inside a known folder; without any path a new library has nothing to do."""
    desk = make_desk()
    with pytest.raises(InputError, match="has no sources yet; name a folder"):
        desk.index()
    with pytest.raises(InputError, match=r"there is no file or folder .*; check the path"):
        desk.index(tmp_path / "nowhere")
    desk.index(articles)
    with pytest.raises(InputError, match=r"there is no file or folder .*; check the path"):
        desk.index(articles / "nothing.txt")


def test_a_json_id_belongs_to_the_source_that_had_it_first(tmp_path: Path, make_desk: MakeDesk) -> None:
    """A second source with that id, or a file whose path is that id, is refused and listed; the rest goes on."""

    def line(identifier: str, text: str) -> str:
        return json.dumps({"id": identifier, "title": "T", "text": text}) + "\n"

    first = write_articles(tmp_path / "first", {"a.jsonl": line("n1", "One.") + line("n2", "Two.")})
    second = write_articles(tmp_path / "second", {"b.jsonl": line("n2", "Other.") + line("n3", "Three."), "n1": "x"})
    desk = make_desk()
    assert counts(desk.index(first)) == (2, 0, 0, 0)
    report = desk.index(second)
    assert counts(report) == (1, 0, 0, 0)
    assert [failure.path for failure in report.failures] == ["b.jsonl (id n2)"]
    assert "'n2' already belongs to an article" in report.failures[0].reason
    assert (ids(desk), desk.article("n2").text) == ({"n1", "n2", "n3"}, "Two.")


def test_a_json_id_may_move_to_another_file(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Gone from one and new in the other is the same article, embedded once."""
    folder = write_articles(
        tmp_path / "f", {"a.jsonl": '{"id": "n1", "title": "T", "text": "One."}\n', "z.txt": "Zed.\n"}
    )
    desk = make_desk()
    desk.index(folder)
    encoded(desk).clear()
    (folder / "a.jsonl").rename(folder / "b.jsonl")
    assert counts(desk.index(folder)) == (1, 0, 1, 1)
    assert (ids(desk), encoded(desk)) == ({"n1", "z.txt"}, [])


@pytest.mark.parametrize("library", ["library", ".qa"])
def test_uploads_stay_a_source_of_their_own_inside_an_indexed_folder(tmp_path: Path, library: str) -> None:
    """The library may lie in the folder of the articles, hidden or not: nothing uploaded is lost or hidden."""
    write_articles(tmp_path, {"own.txt": "My own text.\n"})
    desk = Desk(tmp_path / library, Settings(), WordEmbedder, pytest.fail, pytest.fail)
    desk.upload("sent.txt", b"The uploaded text.\n")
    desk.index(desk.uploads)
    for _ in range(2):
        assert desk.index(tmp_path).failures == ()
        assert ids(desk) == {"own.txt", "sent.txt"}
    desk.upload("later.txt", b"Another uploaded text.\n")
    assert counts(desk.index(desk.uploads)) == (1, 0, 0, 1)
    assert counts(desk.index()) == (0, 0, 0, 3)
    assert {article.article_id for article in desk.articles() if article.uploaded} == {"sent.txt", "later.txt"}
    assert counts(desk.index(tmp_path, desk.uploads)) == (0, 0, 0, 3)


def test_an_upload_into_a_known_folder_is_a_new_source(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Also where the folder around the library was indexed first."""
    write_articles(tmp_path, {"own.txt": "My own text.\n"})
    desk = make_desk()
    desk.index(tmp_path)
    desk.upload("sent.txt", b"The uploaded text.\n")
    assert counts(desk.index(desk.uploads)) == (1, 0, 0, 0)
    assert ids(desk) == {"own.txt", "sent.txt"}
    assert verify(tmp_path / "library").ok
