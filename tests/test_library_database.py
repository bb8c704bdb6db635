"""The SQLite file of a library."""

from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from qa.errors import LibraryError
from qa.library.database import (
    COPIES_SCHEMA,
    FILE,
    FORMAT,
    SCHEMA,
    exists,
    get_meta,
    mapped_errors,
    open_to_read,
    open_to_write,
    set_meta,
)
from qa.library.verify import verify
from tests.conftest import MakeDesk, write_articles


def filled(make_desk: MakeDesk, articles: Path, tmp_path: Path) -> Path:
    """A library with the three articles."""
    make_desk().index(articles)
    return tmp_path / "library"


def test_a_new_library_can_be_read_and_is_private(tmp_path: Path) -> None:
    """Folder and file are the owner's alone."""
    folder = tmp_path / "deep" / "library"
    assert not exists(folder)
    open_to_write(folder).close()
    assert exists(folder)
    assert get_meta(open_to_read(folder), "format") == FORMAT
    assert (folder.stat().st_mode & 0o777, (folder / FILE).stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_library_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    """The message says how to make one."""
    with pytest.raises(LibraryError, match=r"there is no library at .*; make one with: qa index"):
        open_to_read(tmp_path / "library")
    assert not (tmp_path / "library").exists()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    """SQLite refuses it, and the message is one line."""
    open_to_write(tmp_path).close()
    with pytest.raises(LibraryError, match="cannot be opened"), mapped_errors(tmp_path):
        set_meta(open_to_read(tmp_path), "key", "value")


def test_notes_are_kept_and_replaced(tmp_path: Path) -> None:
    """Unknown ones are None."""
    connection = open_to_write(tmp_path)
    set_meta(connection, "key", "one")
    set_meta(connection, "key", "two")
    assert (get_meta(connection, "key"), get_meta(connection, "other")) == ("two", None)


def test_another_format_is_refused(tmp_path: Path) -> None:
    """Rather than misread."""
    connection = open_to_write(tmp_path)
    set_meta(connection, "format", "999")
    connection.close()
    for open_library in (open_to_read, open_to_write):
        with pytest.raises(
            LibraryError, match=f"has format 999, this version reads {FORMAT}; use the version that made it"
        ):
            open_library(tmp_path)


def test_a_library_that_knows_no_pages_is_read_and_brought_up_to_date(
    make_desk: MakeDesk, articles: Path, tmp_path: Path
) -> None:
    """One of format 2 answers as before; the next sync, which changes no article, makes it one of today."""
    folder = filled(make_desk, articles, tmp_path)
    # In what language they are nobody has told.
    before = [replace(hit, language=None) for hit in make_desk().search("bridge")]
    connection = apsw.Connection(str(folder / FILE))
    connection.execute(
        "ALTER TABLE articles DROP COLUMN pages; ALTER TABLE articles DROP COLUMN language;"
        "DROP TABLE history; DROP TABLE visits"
    )
    set_meta(connection, "format", "2")
    connection.close()
    assert make_desk().search("bridge") == before
    assert make_desk().article("bridge.txt").pages == ()
    assert make_desk().index(articles).unchanged == 3
    assert get_meta(open_to_read(folder), "format") == FORMAT
    assert make_desk().search("bridge") == before


@pytest.mark.parametrize("length", [0, 1, 99, 100, 1000, 4096, 5000, 20_000])
def test_a_truncated_file_is_one_line_that_says_what_to_do(
    make_desk: MakeDesk, articles: Path, tmp_path: Path, length: int
) -> None:
    """At whatever length it was cut."""
    folder = filled(make_desk, articles, tmp_path)
    data = (folder / FILE).read_bytes()
    assert len(data) > 20_000
    (folder / FILE).write_bytes(data[:length])
    with pytest.raises(LibraryError, match="; ") as raised:
        make_desk().search("bridge")
    assert "\n" not in str(raised.value)
    assert "is damaged" in str(raised.value)


def test_a_flipped_bit_in_a_text_is_refused(make_desk: MakeDesk, articles: Path, tmp_path: Path) -> None:
    """By its page's checksum, in one line; ``verify`` does not call such a library sound."""
    folder = filled(make_desk, articles, tmp_path)
    data = bytearray((folder / FILE).read_bytes())
    data[data.index(b"48 million crowns")] ^= 1
    (folder / FILE).write_bytes(data)
    assert not verify(folder).ok
    for use in (lambda: make_desk().search("bridge"), lambda: make_desk().article("bridge.txt")):
        with pytest.raises(
            LibraryError,
            match=r"is damaged \(a page is not as it was written\); run: qa repair --library .*, or restore",
        ):
            use()


def test_a_page_that_is_cut_off_is_refused(make_desk: MakeDesk, articles: Path, tmp_path: Path) -> None:
    """SQLite alone reads zeros where the file ends within a page."""
    folder = filled(make_desk, articles, tmp_path)
    (folder / FILE).write_bytes((folder / FILE).read_bytes()[:-7])
    with pytest.raises(LibraryError, match="is damaged .it is cut short"):
        make_desk().search("bridge")


def test_a_library_of_before_has_no_checksums_and_works(make_desk: MakeDesk, articles: Path, tmp_path: Path) -> None:
    """It is read and written as ever."""
    (tmp_path / "library").mkdir()
    connection = apsw.Connection(str(tmp_path / "library" / FILE))
    connection.execute(SCHEMA + COPIES_SCHEMA + "ALTER TABLE articles DROP COLUMN pages")
    connection.execute("ALTER TABLE articles DROP COLUMN language")
    set_meta(connection, "format", "2")
    connection.close()
    filled(make_desk, articles, tmp_path)
    assert make_desk().search("bridge")[0].article_id == "bridge.txt"
    assert verify(tmp_path / "library").ok


def test_a_page_of_keywords_is_one_page_of_the_file(make_desk: MakeDesk, tmp_path: Path) -> None:
    """What does not fit spills over, takes twice the space, and its second part could be blanked unseen."""
    words = " ".join(f"word{number}" for number in range(3000))
    folder = filled(make_desk, write_articles(tmp_path / "long", {"long.txt": words}), tmp_path)
    kinds = {
        kind for (kind,) in open_to_read(folder).execute("SELECT pagetype FROM dbstat WHERE name = 'keywords_data'")
    }
    assert kinds == {"internal", "leaf"}


@pytest.mark.parametrize("left", ["", "library.sqlite-journal"])
def test_a_first_run_that_was_cut_short_is_no_library(
    make_desk: MakeDesk, articles: Path, tmp_path: Path, left: str
) -> None:
    """Nothing is damaged: the same command makes it."""
    (tmp_path / "library").mkdir()
    for name in (FILE, left):
        if name:
            (tmp_path / "library" / name).touch()
    with pytest.raises(LibraryError, match="there is no library at"):
        make_desk().search("bridge")
    assert make_desk().index(articles).added == 3
    assert make_desk().search("bridge")


def test_a_file_that_is_no_database_is_refused_by_readers_and_writers(
    make_desk: MakeDesk, articles: Path, tmp_path: Path
) -> None:
    """Nothing is written over it."""
    folder = filled(make_desk, articles, tmp_path)
    (folder / FILE).write_bytes(b"no database at all, " * 500)
    with pytest.raises(LibraryError, match="is damaged"):
        make_desk().search("bridge")
    with pytest.raises(LibraryError, match="is damaged"):
        make_desk().index(articles)
    assert (folder / FILE).read_bytes().startswith(b"no database")


def test_a_deleted_library_is_rebuilt_with_the_same_ids(make_desk: MakeDesk, articles: Path, tmp_path: Path) -> None:
    """The articles are the source of truth: one command brings everything back."""
    folder = filled(make_desk, articles, tmp_path)
    before = make_desk().search("the bridge and the frost")
    for file in sorted(folder.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    make_desk().index(articles)
    assert make_desk().search("the bridge and the frost") == before


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (apsw.FullError("full"), "no space is left"),
        (OSError(28, "No space left on device"), "no space is left"),
        (OSError(122, "Disk quota exceeded"), "no space is left"),
        (OSError(13, "Permission denied", "x"), "x cannot be used .Permission denied."),
        (apsw.CorruptError("malformed"), "is damaged"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "is damaged"),
        (apsw.BusyError("busy"), "locked"),
        (apsw.CantOpenError("open"), "check its owner"),
        (apsw.MisuseError("misuse"), "qa verify"),
    ],
)
def test_errors_of_others_become_one_line(tmp_path: Path, error: Exception, words: str) -> None:
    """With what to do after a semicolon."""
    with pytest.raises(LibraryError, match=f"{words}.*;|;.*{words}") as raised, mapped_errors(tmp_path):
        raise error
    assert raised.value.__cause__ is error
    assert "\n" not in str(raised.value)
