"""What a source holds."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.articles import Candidate, Skipped, scan_source
from qa.errors import InputError
from qa.types import Failure


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Yield a folder with a short path (a socket's may have 107 bytes) that every user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def fill(root: Path, *paths: str) -> Path:
    """Return a folder with small files."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"Text of {path}")
    return root


def paths(root: Path, library: Path | None = None, under: str = "") -> list[str]:
    """Return the paths of everything found, in order."""
    return [found.path for found in scan_source(root, library, under)]


def test_a_folder_is_read_in_the_order_of_its_paths(tmp_path: Path) -> None:
    """Whole paths are compared, so a folder may stand between two files."""
    names = ["b.md", "a/z.txt", "a.txt", "a-b.htm", "a/b/c.TXT", "Z.html"]
    found = list(scan_source(fill(tmp_path, *names)))
    assert [entry.path for entry in found] == sorted(names)
    assert all(isinstance(entry, Candidate) for entry in found)
    assert [entry.data for entry in found if isinstance(entry, Candidate)] == [
        f"Text of {name}".encode() for name in sorted(names)
    ]


def test_unknown_kinds_are_skipped_and_hidden_ones_unmentioned(tmp_path: Path) -> None:
    """In a folder; lines of a file of lines share its path."""
    fill(tmp_path, "a.jpg", ".b.txt", ".git/c.txt", "d/.e/f.txt")
    (tmp_path / "g.jsonl").write_text('{"id": "1", "text": "x"}\n{"id": "2", "text": "y"}\n')
    found = list(scan_source(tmp_path))
    assert [(type(entry), entry.path) for entry in found] == [
        (Skipped, "a.jpg"),
        (Candidate, "g.jsonl"),
        (Candidate, "g.jsonl"),
    ]


def test_a_root_may_be_one_file_or_a_link_to_a_source(tmp_path: Path) -> None:
    """A file's path is its name."""
    fill(tmp_path, "n/a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "n")
    (tmp_path / "link.txt").symlink_to(tmp_path / "n/a.txt")
    assert paths(tmp_path / "n/a.txt") == paths(tmp_path / "link") == paths(tmp_path / "link.txt") == ["a.txt"]


@pytest.mark.parametrize("name", ["missing", "a.odt", "fifo.txt", "loop", "nul\0.txt"])
def test_a_root_that_is_no_source_is_refused(tmp_path: Path, name: str) -> None:
    """Missing, of an unknown kind, a FIFO, a link to itself, an impossible name: at once, by its name."""
    fill(tmp_path, "a.odt")
    os.mkfifo(tmp_path / "fifo.txt")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputError, match=r"(missing|a.odt|fifo.txt|loop|nul\\x00.txt) .*; give "):
        scan_source(tmp_path / name)


def test_under_restricts_to_a_file_or_folder(tmp_path: Path) -> None:
    """With the same paths as in the whole."""
    fill(tmp_path, "a/b/c.txt", "a/b/d.txt", "a/e.txt", "b/c.txt", "a/b.txt")
    assert paths(tmp_path, under="a/b") == paths(tmp_path, under="./a/b/") == ["a/b/c.txt", "a/b/d.txt"]
    assert paths(tmp_path, under="a/e.txt") == ["a/e.txt"]
    assert len(paths(tmp_path, under="")) == 5


@pytest.mark.parametrize("under", ["../x.txt", "a/../../x.txt", "/etc", "gone.txt", "a/gone", "a/e.jpg", ".h/a.txt"])
def test_under_names_something_visible_inside_the_root(tmp_path: Path, under: str) -> None:
    """Paths that lead out, missing ones, unknown kinds and hidden ones are refused."""
    root = fill(tmp_path / "root", "a/e.jpg", ".h/a.txt")
    fill(tmp_path, "x.txt")
    with pytest.raises(InputError):
        scan_source(root, under=under)


def test_the_library_is_never_entered(tmp_path: Path) -> None:
    """Not even by another name; unless the root lies inside it."""
    fill(tmp_path, "a.txt", "lib/articles/b.txt", "n/c.txt")
    (tmp_path / "alias").symlink_to(tmp_path / "lib")
    assert paths(tmp_path, tmp_path / "lib") == ["a.txt", "alias", "n/c.txt"]
    assert paths(tmp_path, tmp_path / "alias") == ["a.txt", "alias", "n/c.txt"]
    assert paths(tmp_path / "lib/articles", tmp_path / "lib") == ["b.txt"]
    assert paths(tmp_path / "n", tmp_path / "missing") == ["c.txt"]
    with pytest.raises(InputError, match="is the library itself"):
        scan_source(tmp_path / "alias", tmp_path / "lib")


def test_nothing_outside_the_root_is_read(tmp_path: Path) -> None:
    """Links to files and folders, loops and dangling ones are skipped, wherever they lead."""
    outside = fill(tmp_path / "outside", "secret.txt")
    root = fill(tmp_path / "root", "a.txt", "n/b.txt")
    links = {
        "c.txt": outside / "secret.txt",
        "d": outside,
        "e.txt": tmp_path / "gone",
        "n/up": root,
        "f.txt": root / "a.txt",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    found = list(scan_source(root))
    assert [entry.path for entry in found if isinstance(entry, Candidate)] == ["a.txt", "n/b.txt"]
    assert {entry.path for entry in found if isinstance(entry, Skipped)} == set(links)
    assert isinstance(next(scan_source(root, under="d/secret.txt")), Skipped)


def test_a_file_swapped_for_a_link_is_not_followed(tmp_path: Path) -> None:
    """Also when that happens after the folder was listed."""
    root = fill(tmp_path / "root", "a.txt", "b.txt", "n/c.txt")
    outside = fill(tmp_path / "outside", "b.txt", "c.txt")
    found = scan_source(root)
    assert next(found).path == "a.txt"
    (root / "b.txt").unlink()
    (root / "b.txt").symlink_to(outside / "b.txt")
    (root / "n").rename(tmp_path / "moved")
    (root / "n").symlink_to(outside)
    rest = list(found)
    assert [entry.path for entry in rest] == ["b.txt", "n"]
    assert not [entry for entry in rest if isinstance(entry, Candidate)]


def test_devices_pipes_and_sockets_are_skipped_without_waiting(open_folder: Path) -> None:
    """They are listed as no regular files."""
    os.mkfifo(open_folder / "fifo.txt")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(open_folder / "socket.txt"))
        found = list(scan_source(open_folder))
    assert [(type(entry), entry.path) for entry in found] == [(Skipped, "fifo.txt"), (Skipped, "socket.txt")]


def test_a_pipe_that_takes_a_files_place_does_not_hold_up(tmp_path: Path) -> None:
    """It is opened without waiting for a writer."""
    root = fill(tmp_path, "a.txt", "b.txt")
    found = scan_source(root)
    next(found)
    (root / "b.txt").unlink()
    os.mkfifo(root / "b.txt")
    assert list(found) == [Skipped("b.txt", "is not a regular file")]


def test_a_file_that_vanishes_is_a_failure(tmp_path: Path) -> None:
    """And the rest goes on."""
    root = fill(tmp_path, "a.txt", "b.txt", "c.txt", "n/d.txt")
    found = scan_source(root)
    next(found)
    (root / "b.txt").unlink()
    (root / "n/d.txt").unlink()
    (root / "n").rmdir()
    rest = list(found)
    assert [(type(entry), entry.path) for entry in rest] == [
        (Failure, "b.txt"),
        (Candidate, "c.txt"),
        (Failure, "n"),
    ]


def test_names_that_cannot_be_shown_are_failures(tmp_path: Path) -> None:
    """With a printable path; of unknown kinds they are skipped like any other."""
    folder = os.fsencode(tmp_path)
    names = [b"a\xff.txt", b"b\n.txt", b"c\x1b[31m.txt", b"d\xe2\x80\xae.txt", b"e\xff.jpg"]
    for name in names:
        Path(os.fsdecode(os.path.join(folder, name))).write_text("Text")
    Path(os.fsdecode(os.path.join(folder, b"f\x07"))).mkdir()
    Path(os.fsdecode(os.path.join(folder, b"f\x07", b"g.txt"))).write_text("Text")
    found = list(scan_source(tmp_path))
    shown = [r"a\xff.txt", r"b\n.txt", r"c\x1b[31m.txt", r"d\u202e.txt", r"e\xff.jpg", r"f\x07"]
    assert sorted(entry.path for entry in found) == shown
    assert {entry.path for entry in found if isinstance(entry, Skipped)} == {r"e\xff.jpg"}
    assert not [entry for entry in found if isinstance(entry, Candidate)]


def test_long_names_and_names_of_other_scripts_are_articles(tmp_path: Path) -> None:
    """255 bytes is what a file system allows."""
    names = ["x" * 251 + ".txt", "M\u00fcnster \u4e2d\u56fd.md", "..dots.. and blanks .txt"]
    fill(tmp_path, *names)
    assert set(paths(tmp_path)) == {names[0], names[1]}
    assert paths(tmp_path / names[1]) == [names[1]]


def test_a_file_that_is_too_large_is_a_failure(tmp_path: Path) -> None:
    """It is not read at all."""
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(50_000_001)
    assert list(scan_source(tmp_path)) == [Failure("a.txt", "is larger than 50 MB; split it")]


def test_folders_nested_too_deep_are_a_failure(tmp_path: Path) -> None:
    """The walk ends there, and what lies higher is read."""
    folder = tmp_path
    for _ in range(120):
        folder = folder / "d"
        folder.mkdir()
    fill(tmp_path, "a.txt", "d/d/b.txt")
    found = list(scan_source(tmp_path))
    assert [entry.path for entry in found if isinstance(entry, Candidate)] == ["a.txt", "d/d/b.txt"]
    assert [entry.reason for entry in found if isinstance(entry, Failure)] == [
        "lies more than 100 folders deep; move it up"
    ]


def test_a_scan_that_is_left_early_closes_what_it_opened(tmp_path: Path) -> None:
    """No descriptor stays open."""
    root = fill(tmp_path, "n/m/a.txt", "n/m/b.txt")
    before = len(os.listdir("/proc/self/fd"))
    scan = scan_source(root)
    next(scan)
    del scan
    assert len(os.listdir("/proc/self/fd")) == before


def test_files_and_folders_without_permission_are_failures(open_folder: Path) -> None:
    """Read as a user who lacks it; the others are read."""
    root = fill(open_folder, "a.txt", "b.txt", "n/c.txt", "z.txt")
    (root / "b.txt").chmod(0)
    (root / "n").chmod(0)
    for path in (root, root / "a.txt", root / "z.txt"):
        path.chmod(0o755)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        found = list(scan_source(root))
    finally:
        os.seteuid(before)
        (root / "n").chmod(0o755)
    assert [(type(entry), entry.path) for entry in found] == [
        (Candidate, "a.txt"),
        (Failure, "b.txt"),
        (Failure, "n"),
        (Candidate, "z.txt"),
    ]
