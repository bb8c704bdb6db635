"""What a library remembers of an article's versions."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qa.chat import Desk
from qa.cli import main
from qa.errors import InputError, LibraryError
from qa.library.database import FORMAT, get_meta, open_to_read, open_to_write
from qa.library.verify import verify
from tests.commands import document, error
from tests.conftest import MakeDesk, write_articles

HASH = re.compile("[0-9a-f]{64}")


@pytest.fixture
def desk(articles: Path, make_desk: MakeDesk) -> Desk:
    """A desk over a library with the three articles."""
    desk = make_desk()
    desk.index(articles)
    return desk


def told(desk: Desk, article_id: str) -> list[tuple[str, str]]:
    """What happened to an article, under which title."""
    return [(version.change, version.title) for version in desk.history(article_id)]


def to_format_2(library: Path) -> None:
    """Make of a library what the version before would have made."""
    connection = open_to_write(library)
    connection.execute(
        "DROP TABLE history; DROP TABLE files; DROP TABLE visits;"
        "ALTER TABLE articles DROP COLUMN pages; ALTER TABLE articles DROP COLUMN language;"
        "UPDATE meta SET value = '2' WHERE key = 'format'"
    )
    connection.close()


def test_a_renamed_file_takes_its_past_along(desk: Desk, articles: Path) -> None:
    """Of two files with one content each one past; what another file takes the place of was updated."""
    write_articles(articles, {"twin-1.txt": "Twin\nA twin.\n", "twin-2.txt": "Twin\nA twin.\n"})
    desk.index()
    for number in (1, 2):
        (articles / f"twin-{number}.txt").rename(articles / f"gemini-{number}.txt")
    (articles / "bridge.txt").rename(articles / "library.txt")
    report = desk.index()
    assert (report.added, report.updated, report.removed) == (2, 1, 3)
    for number in (1, 2):
        assert [change for change, _ in told(desk, f"gemini-{number}.txt")] == ["added", "renamed"]
        with pytest.raises(InputError, match="no article had the id"):
            desk.history(f"twin-{number}.txt")
    assert [change for change, _ in told(desk, "library.txt")] == ["added", "updated"]
    assert [change for change, _ in told(desk, "bridge.txt")] == ["added", "removed"]


def test_an_article_is_followed_from_its_beginning_to_its_end(desk: Desk, articles: Path) -> None:
    """With the time, the headline and the hash of each version; other articles have none of it."""
    write_articles(articles, {"bridge.txt": "date 2031-04-03 Harbour bridge closes\nIt closed again.\n"})
    desk.index()
    desk.index()  # nothing new, nothing written down
    desk.remove("bridge.txt")
    write_articles(articles, {"bridge.txt": "date 2031-04-04 Bridge gone\nIt fell down.\n"})
    desk.index()
    assert told(desk, "bridge.txt") == [
        ("added", "Harbour bridge reopens in Port Lindal"),
        ("updated", "Harbour bridge closes"),
        ("removed", "Harbour bridge closes"),
        ("added", "Bridge gone"),
    ]
    first, second, third, fourth = desk.history("bridge.txt")
    assert second.content_hash == third.content_hash
    assert len({version.content_hash for version in (first, second, fourth)}) == 3
    assert all(HASH.fullmatch(version.content_hash) for version in (first, second, fourth))
    times = [datetime.fromisoformat(str(version.indexed_at)) for version in (first, second, third, fourth)]
    assert times == sorted(times)
    assert timedelta(0) <= datetime.now(UTC) - times[0] < timedelta(minutes=5)
    assert told(desk, "library.txt") == [("added", "library")]


def test_no_text_of_before_is_kept(desk: Desk, articles: Path) -> None:
    """The history has titles and hashes alone."""
    connection = open_to_read(desk.library.folder)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(history)")]
    assert columns == ["version_id", "article_id", "indexed_at", "change", "content_hash", "title"]
    assert not any("crowns" in str(row) for row in connection.execute("SELECT * FROM history"))


def test_a_file_that_vanished_was_removed(desk: Desk, articles: Path) -> None:
    """Or was renamed, where its name is its headline, too: that is its new name's from then on."""
    (articles / "valley" / "orchard.txt").unlink()
    (articles / "library.txt").rename(articles / "books.txt")
    desk.index()
    assert told(desk, "valley/orchard.txt")[-1][0] == "removed"
    assert told(desk, "books.txt") == [("added", "library"), ("renamed", "books")]


def test_an_article_that_gets_another_id_takes_its_history_along(desk: Desk, tmp_path: Path, articles: Path) -> None:
    """Because of a folder with the same path in it, and back when that is gone."""
    write_articles(articles, {"bridge.txt": "date 2031-04-03 Harbour bridge closes\nIt closed again.\n"})
    desk.index()
    before = desk.history("bridge.txt")
    other = write_articles(tmp_path / "other", {"bridge.txt": "Another bridge.\n"})
    desk.index(other)
    assert desk.history("articles/bridge.txt") == before
    assert told(desk, "other/bridge.txt") == [("added", "bridge")]
    with pytest.raises(InputError, match=r"no article had the id 'bridge\.txt'"):
        desk.history("bridge.txt")
    (other / "bridge.txt").unlink()
    desk.index(other, allow_empty=True)
    assert desk.history("bridge.txt") == before
    assert told(desk, "other/bridge.txt") == [("added", "bridge"), ("removed", "bridge")]


def test_a_purge_leaves_what_is_there(desk: Desk, articles: Path) -> None:
    """Old headlines are text of before."""
    write_articles(articles, {"bridge.txt": "date 2031-04-03 Harbour bridge closes\nIt closed again.\n"})
    desk.index()
    desk.remove("library.txt", purge=True)
    assert told(desk, "bridge.txt") == [("updated", "Harbour bridge closes")]
    with pytest.raises(InputError, match="or it was purged; see: qa list"):
        desk.history("library.txt")
    assert b"reopens" not in (desk.library.folder / "library.sqlite").read_bytes()


def test_a_library_of_before_is_asked_as_it_is_and_gets_a_history_when_indexed(desk: Desk, articles: Path) -> None:
    """What was indexed then has no time; from then on all is written down."""
    library = desk.library.folder
    to_format_2(library)
    assert desk.search("harbour bridge")[0].article_id == "bridge.txt"
    assert len(desk.articles()) == 3
    assert verify(library).ok
    assert desk.diff().report.unchanged == 3
    with pytest.raises(LibraryError, match="kept no history; it begins with: qa index"):
        desk.history("bridge.txt")
    assert get_meta(open_to_read(library), "format") == "2"
    write_articles(articles, {"bridge.txt": "date 2031-04-03 Harbour bridge closes\nIt closed again.\n"})
    assert desk.index().updated == 1
    assert get_meta(open_to_read(library), "format") == FORMAT
    first, second = desk.history("bridge.txt")
    assert (first.indexed_at, first.change, first.title) == (None, "added", "Harbour bridge reopens in Port Lindal")
    assert (second.change, second.title) == ("updated", "Harbour bridge closes")
    assert verify(library).ok


def test_a_backup_of_before_is_restored(desk: Desk, tmp_path: Path) -> None:
    """And brought up to date by that."""
    to_format_2(desk.library.folder)
    desk.backup(tmp_path / "kept.zip")
    desk.restore(tmp_path / "kept.zip", replace=True)
    assert told(desk, "library.txt") == [("added", "library")]


def test_the_oldest_format_goes_through_all_changes(desk: Desk) -> None:
    """Readers refuse it until then, since it lacks what searches need."""
    library = desk.library.folder
    to_format_2(library)
    connection = open_to_write(library)
    connection.execute(
        "DROP TABLE copy_bands; DROP TABLE near_copies; DROP TABLE history; DROP TABLE files; DROP TABLE visits;"
        "ALTER TABLE articles DROP COLUMN pages; ALTER TABLE articles DROP COLUMN language"
    )
    connection.execute("UPDATE meta SET value = '1' WHERE key = 'format'")
    connection.close()
    with pytest.raises(LibraryError, match="is of an older version; bring it up to date: qa index"):
        desk.search("bridge")
    assert desk.index().unchanged == 3
    assert told(desk, "library.txt") == [("added", "library")]
    assert verify(library).ok


def test_the_command_lists_it(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """As one document and as lines."""
    place = ("--library", str(desk.library.folder))
    found = document(capsys, "history", "library.txt", *place)
    (version,) = found["versions"]
    assert found["article_id"] == "library.txt"
    assert set(version) == {"indexed_at", "change", "content_hash", "title"}
    assert main(["history", "library.txt", *place]) == 0
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00  added    [0-9a-f]{12}  library\n", capsys.readouterr().out
    )
    assert "no article had the id 'absent'" in error(capsys, "history", "absent", *place)
