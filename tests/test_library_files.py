"""Files that look as they did when they were read are not read again."""

import json
import os
from pathlib import Path

import apsw
import pytest

from qa.articles import Candidate, Collection, Unread, scan_source
from qa.articles.looks import Looks
from qa.chat import Desk
from qa.errors import InputError, LibraryError
from qa.library.database import FILE, FORMAT, get_meta, open_to_read, rows, set_meta
from qa.library.repair import repair
from qa.library.verify import verify
from qa.types import SyncReport
from tests.broken_files import zipped
from tests.conftest import MakeDesk, WordEmbedder, write_articles

THEN = 1_500_000_000 * 10**9  # nanoseconds: long ago


def settled(folder: Path, articles: dict[str, str]) -> Path:
    """A folder of files that were last changed long ago."""
    write_articles(folder, articles)
    for name in articles:
        os.utime(folder / name, ns=(THEN, THEN))
    return folder


def changed_unseen(file: Path, text: str) -> None:
    """Write a text of the same length into a file that looks as before: same inode, same time."""
    before = file.stat()
    with open(file, "r+", encoding="utf-8") as opened:
        opened.write(text)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (before.st_size, before.st_mtime_ns, before.st_ino) == (after.st_size, after.st_mtime_ns, after.st_ino)


def lines(**texts: str) -> str:
    """A file of JSON lines, one article for each id and text."""
    return "".join(json.dumps({"id": i, "title": i, "text": text}) + "\n" for i, text in texts.items())


def known(desk: Desk) -> dict[str, str]:
    """How the files looked that a library need not read."""
    connection = open_to_read(desk.library.folder)
    try:
        return dict(rows(connection, "SELECT path, look FROM files"))
    finally:
        connection.close()


def counts(report: SyncReport) -> tuple[int, int, int, int, int, int]:
    """Added, updated, removed, unchanged, failed, skipped."""
    return report.added, report.updated, report.removed, report.unchanged, report.failed, report.skipped


def test_a_file_that_looks_the_same_is_not_read_unless_all_are(tmp_path: Path, make_desk: MakeDesk) -> None:
    """What is written in it unseen is found by ``full`` alone; so it is told by ``diff``."""
    folder, desk = settled(tmp_path / "f", {"a.txt": "A frog.\n", "b.txt": "A bird.\n"}), make_desk()
    assert desk.index(folder).added == 2
    changed_unseen(folder / "a.txt", "A crab.\n")
    assert counts(desk.index()) == (0, 0, 0, 2, 0, 0)
    assert desk.diff().changes == ()
    assert [change.article_id for change in desk.diff(full=True).changes] == ["a.txt"]
    assert counts(desk.index(full=True)) == (0, 1, 0, 1, 0, 0)
    assert desk.article("a.txt").text == "A crab.\n"


def test_an_archive_that_looks_the_same_keeps_its_articles_unread(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Those taken in, those removed, and what is of another kind; one with a bad member is read each time."""
    desk, folder = make_desk(), tmp_path / "f"
    folder.mkdir()
    for name, bad in (("a.zip", {}), ("b.zip", {"bad.pdf": b"no PDF"})):
        (folder / name).write_bytes(zipped({"x.txt": b"A frog.", "old/y.txt": b"A bird.", "z.exe": b"", **bad}))
        os.utime(folder / name, ns=(THEN, THEN))
    assert counts(desk.index(folder)) == (4, 0, 0, 0, 1, 2)
    desk.remove("a.zip/x.txt")
    for _ in range(2):
        assert counts(desk.index()) == (0, 0, 0, 3, 1, 3)
    found = list(scan_source(folder, looks=Looks(known(desk))))
    assert Unread(frozenset({"a.zip"})) in found
    assert [one.path for one in found if isinstance(one, Collection)] == ["b.zip"]
    (folder / "a.zip").write_bytes(zipped({"x.txt": b"A frog."}))
    assert counts(desk.index()) == (0, 0, 1, 2, 1, 2)


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_file_that_looks_different_is_read(tmp_path: Path, make_desk: MakeDesk, change: str) -> None:
    """By its size, by a nanosecond, or because another file has its name."""
    folder, desk = settled(tmp_path / "f", {"a.txt": "A frog.\n"}), make_desk()
    desk.index(folder)
    if change == "inode":
        settled(tmp_path, {"other.txt": "A crab.\n"})
        (tmp_path / "other.txt").rename(folder / "a.txt")
    else:
        (folder / "a.txt").write_text("A crab.\n" if change == "time" else "A heron.\n")
        os.utime(folder / "a.txt", ns=(THEN, THEN + (change == "time")))
    assert desk.index().updated == 1


@pytest.mark.parametrize(("seconds", "trusted"), [(-60, False), (0, False), (2, False), (60, True)])
def test_a_file_changed_just_before_it_was_read_is_read_again(
    tmp_path: Path, make_desk: MakeDesk, seconds: int, trusted: bool
) -> None:
    """It may have been changed again within the same moment, as its file system counts moments."""
    folder, desk = write_articles(tmp_path / "f", {"a.txt": "A frog.\n"}), make_desk()
    now = (folder / "a.txt").stat().st_mtime_ns
    os.utime(folder / "a.txt", ns=(now, now - seconds * 10**9))
    desk.index(folder)
    changed_unseen(folder / "a.txt", "A crab.\n")
    assert desk.index().updated == (not trusted)


def test_a_file_that_was_too_young_is_trusted_once_it_has_been_read_later(tmp_path: Path, make_desk: MakeDesk) -> None:
    """A sync that changes no article notes how the files look."""
    folder, desk = write_articles(tmp_path / "f", {"a.txt": "A frog.\n"}), make_desk()
    desk.index(folder)
    os.utime(folder / "a.txt", ns=(THEN, THEN))
    assert counts(desk.index()) == (0, 0, 0, 1, 0, 0)
    changed_unseen(folder / "a.txt", "A crab.\n")
    assert counts(desk.index()) == (0, 0, 0, 1, 0, 0)


def test_a_file_that_changes_while_it_is_read_is_not_trusted(tmp_path: Path) -> None:
    """What was read may be half of what it was."""
    folder, looks = settled(tmp_path / "f", {"a.jsonl": lines(x="X."), "b.jsonl": lines(y="Y.")}), Looks()
    scan = scan_source(folder, looks=looks)
    assert isinstance(next(scan), Candidate)
    with open(folder / "a.jsonl", "a") as file:
        file.write("\n")
    assert [found.path for found in scan] == ["b.jsonl"]
    assert list(looks.found) == ["b.jsonl"]
    unread, read = scan_source(folder, looks=Looks(looks.found))
    assert isinstance(unread, Unread)
    assert unread.paths == {"b.jsonl"}
    assert isinstance(read, Candidate)
    assert read.path == "a.jsonl"


def test_the_articles_of_a_file_of_several_are_counted_unread(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Those that were removed are kept out; removing one has the file read once more."""
    folder, desk = (
        settled(tmp_path / "f", {"a.jsonl": lines(x="X.", y="Y.", z="Z."), "b.csv": "title,text\nT,U\n"}),
        make_desk(),
    )
    assert desk.index(folder).added == 4
    assert counts(desk.index()) == (0, 0, 0, 4, 0, 0)
    desk.remove("y")
    for _ in range(2):
        assert counts(desk.index()) == (0, 0, 0, 3, 0, 1)
    changed_unseen(folder / "a.jsonl", lines(x="X!", y="Y!", z="Z!"))
    assert counts(desk.index()) == (0, 0, 0, 3, 0, 1)
    assert counts(desk.index(full=True)) == (1, 2, 0, 1, 0, 0)


def test_what_could_not_be_read_is_tried_and_listed_each_time(tmp_path: Path, make_desk: MakeDesk) -> None:
    """A whole file, a line of one, and a line that stands again."""
    texts = {"a.txt": " \n", "b.jsonl": lines(x="X.") + "no json\n", "c.jsonl": lines(y="Y.") * 2, "d.pdf": "no pdf"}
    desk = make_desk()
    first = desk.index(settled(tmp_path / "f", texts))
    assert counts(first) == (2, 0, 0, 0, 4, 0)
    again = desk.index()
    assert counts(again) == (0, 0, 0, 2, 4, 0)
    assert again.failures == first.failures


def test_an_article_whose_id_was_taken_comes_in_once_it_is_free(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Though its own file never changed."""
    one, other = (
        settled(tmp_path / "one", {"a.jsonl": lines(x="X.")}),
        settled(tmp_path / "two", {"b.jsonl": lines(x="Y.")}),
    )
    desk = make_desk()
    desk.index(one)
    assert desk.index(other).failed == 1
    settled(one, {"a.jsonl": lines(z="Zed.")})
    desk.index(one)
    assert desk.index(other).added == 1


def test_a_file_that_was_gone_is_read_when_it_is_back(tmp_path: Path, make_desk: MakeDesk) -> None:
    """It looks as it did, but its articles are in the library no longer; so it is with a file that is kept out."""
    folder, desk = settled(tmp_path / "f", {"a.txt": "A frog.\n", "b.txt": "A bird.\n"}), make_desk()
    desk.index(folder)
    (folder / "a.txt").rename(tmp_path / "a.txt")
    assert desk.index().removed == 1
    (tmp_path / "a.txt").rename(folder / "a.txt")
    assert counts(desk.index()) == (1, 0, 0, 1, 0, 0)
    desk.remove("a.txt")
    assert counts(desk.index()) == counts(desk.index()) == (0, 0, 0, 1, 0, 1)
    (folder / "b.txt").unlink()
    assert counts(desk.index()) == (0, 0, 1, 0, 0, 1)  # not empty: a.txt is there, only kept out


def test_what_was_removed_stays_out_when_its_file_is_renamed(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Until it changes; a copy beside a file that is still there is an article of its own."""
    folder, desk = (
        settled(tmp_path / "f", {"a.txt": "A frog.\n", "b.txt": "A bird.\n", "c.txt": "A crab.\n"}),
        make_desk(),
    )
    desk.index(folder)
    desk.remove("a.txt", "b.txt")
    (folder / "deep").mkdir()
    (folder / "a.txt").rename(folder / "deep" / "z.txt")
    for full in (False, False, True):
        assert counts(desk.index(full=full)) == (0, 0, 0, 1, 0, 2)
    (folder / "copy.txt").write_bytes((folder / "b.txt").read_bytes())
    assert counts(desk.index()) == (1, 0, 0, 1, 0, 2)
    (folder / "deep" / "z.txt").write_text("A green frog.\n")
    assert counts(desk.index()) == (1, 0, 0, 2, 0, 1)
    assert {article.article_id for article in desk.articles()} == {"c.txt", "copy.txt", "deep/z.txt"}


def test_a_sync_that_was_cut_short_notes_nothing(tmp_path: Path, make_desk: MakeDesk) -> None:
    """How a file looked is published with its articles or not at all."""

    class Failing(WordEmbedder):
        def encode(self, texts: object) -> object:  # type: ignore[override]
            raise LibraryError("the power went")

    folder, good = settled(tmp_path / "f", {"a.txt": "A frog.\n"}), make_desk()
    bad = Desk(good.library.folder, good.settings, Failing, pytest.fail, pytest.fail)  # type: ignore[arg-type]
    with pytest.raises(LibraryError, match="the power went"):
        bad.index(folder)
    assert good.index(folder).added == 1


def test_a_folder_above_takes_over_what_is_known_of_files(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Under the longer paths; a part of the folder is compared with its own part."""
    settled(tmp_path / "all", {"in/a.txt": "A frog.\n", "b.txt": "A bird.\n"})
    desk = make_desk()
    desk.index(tmp_path / "all" / "in")
    changed_unseen(tmp_path / "all" / "in" / "a.txt", "A crab.\n")
    assert counts(desk.index(tmp_path / "all")) == (1, 0, 0, 1, 0, 0)
    assert counts(desk.index(tmp_path / "all" / "in")) == (0, 0, 0, 1, 0, 0)
    assert counts(desk.index(tmp_path / "all", full=True)) == (0, 1, 0, 1, 0, 0)


def test_nothing_is_known_of_the_files_of_a_source_that_is_gone(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Another source may get its number."""
    folder, desk = settled(tmp_path / "f", {"a.txt": "A frog.\n", "b.jsonl": "\n"}), make_desk()
    desk.index(folder)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    desk.index(allow_empty=True)
    with open_to_read(desk.library.folder) as connection:
        assert rows(connection, "SELECT * FROM files") == rows(connection, "SELECT * FROM sources") == []
    with pytest.raises(InputError, match="the library has no sources yet"):
        desk.index()


def test_a_text_that_was_damaged_is_read_again_after_a_repair(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Repairing cannot know what it was, the file can, however it looks."""
    folder, desk = settled(tmp_path / "f", {"a.txt": "A frog.\n", "b.txt": "A bird.\n"}), make_desk()
    desk.index(folder)
    connection = apsw.Connection(str(desk.library.folder / FILE))
    connection.execute("UPDATE articles SET text = 'A frig.\n' WHERE article_id = 'a.txt'")
    connection.close()
    repair(desk.library.folder, WordEmbedder, desk.settings)
    assert counts(desk.index()) == (0, 1, 0, 1, 0, 0)
    assert desk.article("a.txt").text == "A frog.\n"
    assert verify(desk.library.folder).ok


def test_a_library_of_before_knows_no_files_and_learns_them(tmp_path: Path, make_desk: MakeDesk) -> None:
    """It reads each once more, without embedding anything."""
    folder, desk = settled(tmp_path / "f", {"a.txt": "A frog.\n"}), make_desk()
    desk.index(folder)
    connection = apsw.Connection(str(desk.library.folder / FILE))
    connection.execute("DROP TABLE files; DROP TABLE visits; ALTER TABLE articles DROP COLUMN language")
    set_meta(connection, "format", "3")
    connection.close()
    assert desk.search("frog")
    assert desk.diff().report.unchanged == 1
    changed_unseen(folder / "a.txt", "A crab.\n")
    assert desk.index().updated == 1
    assert get_meta(open_to_read(desk.library.folder), "format") == FORMAT
    changed_unseen(folder / "a.txt", "A frog.\n")
    assert desk.index().unchanged == 1
