"""Files the web page stores."""

from pathlib import Path

import pytest

from qa.errors import InputError, LibraryError
from qa.library.uploads import LARGEST, store_upload
from tests.conftest import MakeDesk


def test_a_file_is_stored_under_its_own_name_and_privately(tmp_path: Path) -> None:
    """Content as it was sent; only the ending is put in small letters."""
    file = store_upload(tmp_path / "up", "Bridge.TXT", b"text")
    assert (file, file.read_bytes()) == (tmp_path / "up" / "Bridge.txt", b"text")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_the_same_content_is_stored_once_and_another_gets_a_number(tmp_path: Path) -> None:
    """No upload replaces an earlier one."""
    names = [store_upload(tmp_path, "a.txt", data).name for data in (b"one", b"two", b"one", b"two", b"three")]
    assert names == ["a.txt", "a-2.txt", "a.txt", "a-2.txt", "a-3.txt"]


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/a.txt", "a.txt"),
        ("C:\\files\\a.txt", "a.txt"),
        ("...a.txt", "a.txt"),
        ("a\0\n.txt", None),
        ("a.jsonl.gz", "a.jsonl.gz"),
        ("  b.md ", "b.md"),
        ("Report.PDF", "Report.pdf"),
        ("feed.xml", "feed.xml"),
        ("Cafe\u0301.txt", "Café.txt"),
        ("\u202etxt.a.txt", "txt.a.txt"),
    ],
)
def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path, name: str, stored: str | None) -> None:
    """Only the last part of it counts, without control characters or leading dots."""
    folder = tmp_path / "deep" / "up"
    file = store_upload(folder, name, b"text")
    assert file.parent == folder
    assert stored is None or file.name == stored
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


def test_a_long_name_is_shortened_to_what_a_disk_takes(tmp_path: Path) -> None:
    """At a whole character."""
    file = store_upload(tmp_path, "é" * 300 + ".txt", b"text")
    assert file.name == "é" * 90 + ".txt"


@pytest.mark.parametrize("name", ["a.odt", "a", "", ".txt", "..", "txt", "a.txt/", "a.exe.TXT.exe"])
def test_other_kinds_are_refused(tmp_path: Path, name: str) -> None:
    """With the kinds that are read."""
    with pytest.raises(InputError, match="is not a kind of article Newsdesk reads; give"):
        store_upload(tmp_path, name, b"text")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """One byte more than may be."""
    assert store_upload(tmp_path, "a.txt", bytes(LARGEST)).stat().st_size == LARGEST
    with pytest.raises(InputError, match="an upload may have 20: index its folder instead"):
        store_upload(tmp_path, "b.txt", bytes(LARGEST + 1))


def test_a_removed_upload_is_deleted_and_can_be_uploaded_again(make_desk: MakeDesk) -> None:
    """The library owns its file; nothing is left to keep out."""
    desk = make_desk()
    for _ in range(2):
        file = desk.upload("a.txt", b"The uploaded text.\n")
        assert desk.index(desk.uploads).added == 1
        desk.remove("a.txt")
        assert not file.exists()
        assert desk.articles() == ()


def test_a_line_of_an_uploaded_file_is_kept_out_and_the_file_stays(make_desk: MakeDesk) -> None:
    """The other lines of the file are articles still."""
    desk = make_desk()
    file = desk.upload("a.jsonl", b'{"id": "1", "text": "One."}\n{"id": "2", "text": "Two."}\n')
    desk.index(desk.uploads)
    desk.remove("1")
    assert file.exists()
    assert desk.index(desk.uploads).skipped == 1
    assert [article.article_id for article in desk.articles()] == ["2"]


def test_a_file_of_lines_goes_with_the_last_of_its_articles(make_desk: MakeDesk) -> None:
    """Together or one after the other; then it can be uploaded again."""
    desk, data = make_desk(), b'{"id": "1", "text": "One."}\n{"id": "2", "text": "Two."}\n'
    for removals in ((("1",), ("2",)), (("1", "2"),)):
        file = desk.upload("a.jsonl", data)
        assert desk.index(desk.uploads).added == 2
        for ids in removals:
            assert file.exists()
            desk.remove(*ids)
        assert not file.exists()


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    """A cut-off article must not be indexed later: its folder is full of a name that is taken by a folder."""
    (tmp_path / ".n.txt.part").mkdir()
    with pytest.raises(LibraryError):
        store_upload(tmp_path, "n.txt", b"text")
    assert [entry.name for entry in tmp_path.iterdir()] == [".n.txt.part"]
