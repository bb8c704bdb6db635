"""What a sync would change."""

import gzip
import json
from pathlib import Path

import pytest

from qa.chat import Desk
from qa.library.database import open_to_write, rows
from qa.library.plan import make_plan
from qa.library.sources import sources_to_sync
from qa.types import Failure, SyncReport
from tests.conftest import MakeDesk, write_articles


def lines(*identifiers: str, end: str = "") -> str:
    """A file of JSON lines, one article for each id."""
    return (
        "".join(json.dumps({"id": i, "title": f"Title {i}", "text": f"Text of {i}."}) + "\n" for i in identifiers) + end
    )


def ids(desk: Desk) -> list[str]:
    """The ids of all articles, in order."""
    return sorted(article.article_id for article in desk.articles())


def counts(report: SyncReport) -> tuple[int, int, int, int, int, int]:
    """Added, updated, removed, unchanged, failed, skipped."""
    return report.added, report.updated, report.removed, report.unchanged, report.failed, report.skipped


def test_planning_writes_no_article(articles: Path, tmp_path: Path) -> None:
    """The changes are listed, and the progress counts what was looked at."""
    connection = open_to_write(tmp_path / "library")
    sources = sources_to_sync(connection, [articles], tmp_path / "library" / "articles")
    seen: list[int] = []
    plan = make_plan(connection, sources, tmp_path / "library", False, seen.append)
    assert [addition.article.article_id for addition in plan.additions] == [
        "bridge.txt",
        "library.txt",
        "valley/orchard.txt",
    ]
    assert seen == [1, 2, 3]
    assert rows(connection, "SELECT * FROM articles") == []


def test_one_bad_file_does_not_stop_the_rest(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Each is listed with its reason; files of other kinds are skipped in a folder."""
    folder = write_articles(
        tmp_path / "f", {"a.txt": "Good.\n", "b.txt": " \n", "c.jsonl": lines("1", end="no json\n"), "d.odt": "x"}
    )
    desk = make_desk()
    report = desk.index(folder)
    assert counts(report) == (2, 0, 0, 0, 2, 1)
    assert {failure.path for failure in report.failures} == {"b.txt", "c.jsonl:2"}
    assert "is empty" in next(failure.reason for failure in report.failures if failure.path == "b.txt")


def test_the_earlier_version_of_a_broken_file_is_kept(tmp_path: Path, make_desk: MakeDesk) -> None:
    """And said; when the file is mended it is updated."""
    folder = write_articles(tmp_path / "f", {"a.txt": "The first version.\n", "b.txt": "Other.\n"})
    desk = make_desk()
    desk.index(folder)
    write_articles(folder, {"a.txt": "\n"})
    report = desk.index(folder)
    assert counts(report) == (0, 0, 0, 1, 1, 0)
    assert report.failures[0].path == "a.txt"
    assert report.failures[0].reason.endswith("; the version indexed before is kept")
    assert desk.search("first version")[0].text == "The first version."
    write_articles(folder, {"a.txt": "The second version.\n"})
    assert counts(desk.index(folder)) == (0, 1, 0, 1, 0, 0)


def test_what_a_damaged_file_of_lines_held_is_kept(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Cut in the middle, or with a line that is no JSON: the line may be the article that is missing."""
    folder = tmp_path / "f"
    folder.mkdir()
    packed = gzip.compress(lines(*"123").encode())
    (folder / "a.jsonl.gz").write_bytes(packed)
    write_articles(folder, {"b.jsonl": lines(*"456")})
    desk = make_desk()
    desk.index(folder)
    (folder / "a.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    write_articles(folder, {"b.jsonl": lines("4", "5", end='{"id": "6", "text"')})
    report = desk.index(folder)
    assert (report.removed, report.failed) == (0, 2)
    assert ids(desk) == list("123456")


def test_a_repeated_id_is_listed_and_keeps_nothing_else_in(tmp_path: Path, make_desk: MakeDesk) -> None:
    """The last line counts; what is gone from the file is gone from the library all the same."""
    folder = write_articles(tmp_path / "f", {"a.jsonl": lines("1", "2", "3")})
    desk = make_desk()
    desk.index(folder)
    write_articles(folder, {"a.jsonl": lines("1", "2") + lines("1").replace("Text of", "New text of")})
    report = desk.index(folder)
    assert counts(report) == (0, 1, 1, 1, 1, 0)
    assert (report.failures[0].path, ids(desk), desk.article("1").text) == ("a.jsonl:1", ["1", "2"], "New text of 1.")


def test_articles_below_a_folder_that_cannot_be_read_are_kept(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Here one that lies too deep since its source became part of a folder above."""
    deep = "/".join(["d"] * 60)
    low = write_articles(tmp_path / "top" / deep, {f"{deep}/a.txt": "Deep text.\n", "b.txt": "Less deep.\n"})
    desk = make_desk()
    desk.index(low)
    report = desk.index(tmp_path / "top")
    assert (report.removed, report.failed, report.unchanged) == (0, 1, 1)
    assert len(ids(desk)) == 2


def test_removing_keeps_out_until_the_file_changes(articles: Path, make_desk: MakeDesk) -> None:
    """A sync of the unchanged file skips it."""
    desk = make_desk()
    desk.index(articles)
    desk.remove("bridge.txt")
    for _ in range(2):
        assert counts(desk.index(articles)) == (0, 0, 0, 2, 0, 1)
    write_articles(articles, {"bridge.txt": "The bridge closed again.\n"})
    assert counts(desk.index(articles)) == (1, 0, 0, 2, 0, 0)
    write_articles(articles, {"bridge.txt": "The bridge reopened.\n"})
    assert counts(desk.index(articles)) == (0, 1, 0, 2, 0, 0)


def test_a_kept_out_article_stays_out_when_its_source_is_taken_over(tmp_path: Path, make_desk: MakeDesk) -> None:
    """The folder above remembers."""
    inner = write_articles(tmp_path / "top" / "inner", {"a.txt": "One.\n", "b.txt": "Two.\n"})
    desk = make_desk()
    desk.index(inner)
    desk.remove("a.txt")
    assert counts(desk.index(tmp_path / "top")) == (0, 0, 0, 1, 0, 1)


def test_the_same_id_twice_among_new_files_is_listed_once(tmp_path: Path, make_desk: MakeDesk) -> None:
    """The first file has it."""
    folder = write_articles(tmp_path / "f", {"a.jsonl": lines("1"), "b.jsonl": lines("1", "2")})
    desk = make_desk()
    report = desk.index(folder)
    assert counts(report) == (2, 0, 0, 0, 1, 0)
    assert report.failures == (
        Failure(
            "b.jsonl (id 1)", f"the id '1' already belongs to an article of {folder} (a.jsonl); give it another id"
        ),
    )


@pytest.mark.parametrize("name", ["a.jsonl", "sub/x.txt"])
def test_an_id_that_is_a_files_path_is_refused(tmp_path: Path, make_desk: MakeDesk, name: str) -> None:
    """Whichever comes first, the other is listed and the rest goes on."""
    folder = write_articles(tmp_path / "f", {"b.jsonl": lines(name, "2"), "a.txt": "Good.\n"})
    if name.endswith(".txt"):
        write_articles(folder, {name: "A file with that path.\n"})
    desk = make_desk()
    report = desk.index(folder)
    assert report.failed == (1 if name.endswith(".txt") else 0)
    assert {"2", "a.txt", name} == set(ids(desk))
