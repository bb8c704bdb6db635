"""What indexing would do, without doing it."""

import json
import shutil
from pathlib import Path

import pytest

from qa.chat import Desk
from qa.cli import main
from qa.errors import InputError, LibraryError
from qa.settings import Settings
from qa.types import Change, Diff
from tests.commands import document
from tests.conftest import MakeDesk, write_articles


@pytest.fixture
def library(articles: Path, make_desk: MakeDesk, tmp_path: Path) -> Path:
    """A library with the three articles."""
    make_desk().index(articles)
    return tmp_path / "library"


def modelless(library: Path) -> Desk:
    """A desk whose every model is out of reach."""
    return Desk(library, Settings(), pytest.fail, pytest.fail, pytest.fail)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, save what SQLite lays beside its own for those who read: shared memory, an empty log."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.endswith("-shm")]
    return {str(file): data for file in files if (data := file.read_bytes())}


def lines(*numbers: int) -> str:
    """JSON lines with these ids."""
    return "".join(json.dumps({"id": f"n{number}", "text": f"Report {number}."}) + "\n" for number in numbers)


def told(diff: Diff) -> list[str]:
    """The changes as words."""
    return [f"{c.change} {c.article_id}" + (f" < {c.was}" if c.was else "") for c in diff.changes]


def test_every_kind_of_change_is_told_and_then_happens(library: Path, articles: Path, make_desk: MakeDesk) -> None:
    """Nothing is written and no model is loaded; afterwards indexing reports the same numbers and ends in these ids."""
    write_articles(articles, {"library.txt": "The library burnt down.\n", "new.txt": "News.\n", "empty.txt": " \n"})
    (articles / "bridge.txt").rename(articles / "valley" / "crossing.txt")
    (articles / "valley" / "orchard.txt").unlink()
    before = bytes_of(library)
    diff = modelless(library).diff(articles)
    assert bytes_of(library) == before
    assert told(diff) == [
        "updated library.txt",
        "added new.txt",
        "renamed valley/crossing.txt < bridge.txt",
        "removed valley/orchard.txt",
    ]
    assert [failure.path for failure in diff.report.failures] == ["empty.txt"]
    done = make_desk().index(articles)
    names = ("added", "updated", "removed", "unchanged", "failed", "skipped", "failures")
    assert [getattr(done, name) for name in names] == [getattr(diff.report, name) for name in names]
    assert (done.added, done.updated, done.removed) == (2, 1, 2)
    assert told(modelless(library).diff()) == []


def test_a_row_that_is_given_again_is_not_taken_for_the_article_before(library: Path, articles: Path) -> None:
    """The last article goes and another comes, whose row SQLite numbers alike."""
    (articles / "valley" / "orchard.txt").unlink()
    write_articles(articles, {"another.txt": "Something else.\n"})
    assert told(modelless(library).diff()) == ["added another.txt", "removed valley/orchard.txt"]


def test_of_equal_articles_as_many_are_renamed_as_come(tmp_path: Path, make_desk: MakeDesk) -> None:
    """The rest is removed."""
    folder = write_articles(tmp_path / "f", {f"{name}.txt": "The same words.\n" for name in "abcd"})
    make_desk().index(folder)
    (folder / "a.txt").rename(folder / "y.txt")
    (folder / "b.txt").rename(folder / "z.txt")
    (folder / "c.txt").unlink()
    assert told(modelless(tmp_path / "library").diff()) == [
        "removed c.txt",
        "renamed y.txt < a.txt",
        "renamed z.txt < b.txt",
    ]


def test_a_line_in_another_file_is_moved(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Its id stays."""
    folder = write_articles(tmp_path / "f", {"a.jsonl": lines(1, 2), "b.jsonl": lines(3)})
    make_desk().index(folder)
    write_articles(folder, {"a.jsonl": lines(1), "b.jsonl": lines(3, 2)})
    diff = modelless(tmp_path / "library").diff()
    assert diff.changes == (Change("moved", "n2", "n2"),)
    assert (diff.report.added, diff.report.removed, diff.report.unchanged) == (1, 1, 2)


def test_ids_that_another_folder_changes_are_told(library: Path, articles: Path, tmp_path: Path) -> None:
    """Two folders with the same path, and a folder above: the articles get other ids, and are not embedded again."""
    other = write_articles(tmp_path / "other", {"bridge.txt": "Another bridge.\n"})
    assert told(modelless(library).diff(other)) == [
        "renamed articles/bridge.txt < bridge.txt",
        "added other/bridge.txt",
    ]
    assert [article.article_id for article in modelless(library).articles()][1] == "bridge.txt"


def test_a_folder_above_would_take_its_articles_over(tmp_path: Path, make_desk: MakeDesk) -> None:
    """With longer ids."""
    inner = write_articles(tmp_path / "top" / "inner", {"old.txt": "An old story of the town."})
    write_articles(tmp_path / "top", {"new.txt": "A new story of the harbour."})
    make_desk().index(inner)
    assert told(modelless(tmp_path / "library").diff(tmp_path / "top")) == [
        "renamed inner/old.txt < old.txt",
        "added new.txt",
    ]


def test_of_no_library_all_is_new_and_none_is_made(articles: Path, tmp_path: Path) -> None:
    """As indexing would make it."""
    assert told(modelless(tmp_path / "new").diff(articles)) == [
        "added bridge.txt",
        "added library.txt",
        "added valley/orchard.txt",
    ]
    assert not (tmp_path / "new").exists()


def test_what_indexing_refuses_is_refused(library: Path, articles: Path, tmp_path: Path) -> None:
    """With the same sentence, and after --allow-empty told as removed."""
    desk = modelless(library)
    with pytest.raises(InputError, match="there is no file or folder"):
        desk.diff(tmp_path / "absent")
    shutil.rmtree(articles)
    with pytest.raises(InputError, match="is missing but the library holds 3 articles from it"):
        desk.diff()
    assert told(desk.diff(allow_empty=True)) == [
        "removed bridge.txt",
        "removed library.txt",
        "removed valley/orchard.txt",
    ]
    with pytest.raises(LibraryError, match="there is no library"):
        modelless(tmp_path / "nowhere").diff()


def test_the_command_tells_it(library: Path, articles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The numbers of index and the changes; status 3 where something fails."""
    place = ("--library", str(library))
    write_articles(articles, {"new.txt": "News.\n"})
    (articles / "bridge.txt").rename(articles / "span.txt")
    found = document(capsys, "diff", str(articles), *place)
    assert found.pop("seconds") > 0
    assert found == {
        **{
            "added": 2,
            "updated": 0,
            "removed": 1,
            "unchanged": 2,
            "failed": 0,
            "skipped": 0,
            "failures": [],
            "notes": [],
            "skips": [],
        },
        "changes": [
            {"change": "added", "article_id": "new.txt", "was": None},
            {"change": "renamed", "article_id": "span.txt", "was": "bridge.txt"},
        ],
    }
    write_articles(articles, {"empty.txt": " \n"})
    assert main(["diff", *place]) == 3
    printed = capsys.readouterr()
    assert printed.out.splitlines()[:2] == ["added    new.txt", "renamed  span.txt (was bridge.txt)"]
    assert printed.out.splitlines()[2].startswith("would be: 2 added, 0 updated, 1 removed, 2 unchanged, 1 failed")
    assert printed.err.startswith("qa: empty.txt: is empty")
