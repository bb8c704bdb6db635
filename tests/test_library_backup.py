"""Backups: made while a library is used, read back, and made a library again."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

import qa
from qa.chat import Desk
from qa.cli import main
from qa.errors import InputError, LibraryError
from qa.library.archive import LIST, Contents, Member, room_for
from qa.library.database import FILE
from qa.library.verify import verify
from qa.settings import Settings
from tests.commands import document, error
from tests.conftest import MakeDesk, WordEmbedder, resize, write_articles

# Python tells its audit hooks of every rename before it is done.
KILLED = """
import os, signal, sys
from pathlib import Path
from qa.library.restore import restore
def end(event, arguments):
    if event == "os.rename" and str(arguments[0]).endswith(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(end)
restore(Path(sys.argv[1]), Path(sys.argv[2]), replace=True)
"""


@pytest.fixture
def desk(articles: Path, make_desk: MakeDesk) -> Desk:
    """A desk over a library with the three articles, an uploaded one and settings."""
    desk = make_desk()
    desk.index(articles)
    desk.upload("sent.txt", b"The uploaded text of the harbour.\n")
    desk.index(desk.uploads)
    (desk.library.folder / "settings.toml").write_text("context_passages = 4\n")
    return desk


def desk_for(folder: Path) -> Desk:
    """A desk over a library, with a fake embedder and nothing else."""
    embedder = WordEmbedder()
    return Desk(folder, Settings(), lambda: embedder, pytest.fail, pytest.fail)


def state(desk: Desk) -> tuple[dict[str, str], object]:
    """Every article's text by its id, and what two searches find."""
    texts = {listed.article_id: desk.article(listed.article_id).text for listed in desk.articles()}
    return texts, [desk.search("harbour bridge frost"), desk.search("uploaded books")]


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder that holds anything, save the shared memory of those who read."""
    found = (file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.endswith("-shm"))
    return {file.relative_to(folder).as_posix(): data for file in found if (data := file.read_bytes())}


def test_a_backup_becomes_the_same_library_elsewhere(desk: Desk, tmp_path: Path) -> None:
    """The same ids, texts and hits; uploads are uploads still, and all is the owner's alone."""
    kept = tmp_path / "kept.zip"
    made = desk.backup(kept)
    assert (made.file, made.size, made.articles, made.files) == (str(kept), kept.stat().st_size, 4, 4)
    assert sorted(zipfile.ZipFile(kept).namelist())[:2] == ["articles/sent.txt", LIST]
    again = desk_for(tmp_path / "deep" / "again")
    done = again.restore(kept)
    assert (done.articles, done.files) == (4, 4)
    assert state(again) == state(desk)
    assert verify(tmp_path / "deep" / "again").ok
    assert [article.article_id for article in again.articles() if article.uploaded] == ["sent.txt"]
    assert again.index().unchanged == 4
    left = {path.relative_to(again.library.folder).as_posix() for path in again.library.folder.rglob("*")}
    left -= {"lock", f"{FILE}-shm", f"{FILE}-wal"}
    assert left == set(files(again.library.folder)) | {"segments", "articles"}
    assert {path.stat().st_mode & 0o077 for path in (kept, *(again.library.folder / name for name in left))} == {0}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["articles", "deep", "kept.zip", "library"]


def test_a_backup_holds_one_state_while_the_library_changes(desk: Desk, articles: Path, tmp_path: Path) -> None:
    """Every sync deletes the FAISS file of before; each of six backups is a sound library of one of the states."""
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            write_articles(articles, {"bridge.txt": f"Bridge {number}.\n", "library.txt": f"Library {number}.\n"})
            desk.index(articles)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for number in range(6):
            desk_for(desk.library.folder).backup(tmp_path / f"{number}.zip")
    finally:
        stop.set()
        thread.join()
    seen = set()
    for number in range(6):
        again = desk_for(tmp_path / f"again-{number}")
        again.restore(tmp_path / f"{number}.zip")
        assert verify(again.library.folder).ok
        texts = state(again)[0]
        if texts["bridge.txt"].startswith("Bridge"):
            assert texts["bridge.txt"].split()[1] == texts["library.txt"].split()[1]
        seen.add(texts["bridge.txt"])
    assert len(seen) > 1


def test_a_library_in_use_is_replaced_without_disturbing_an_answer(desk: Desk, articles: Path, tmp_path: Path) -> None:
    """What was open sees the old state to its end, the next question the restored one."""
    desk.backup(tmp_path / "kept.zip")
    before = state(desk)
    write_articles(articles, {"bridge.txt": "The bridge closed.\n"})
    desk.index(articles)
    desk.remove("sent.txt")
    desk.upload("later.txt", b"Another upload.\n")
    desk.index(desk.uploads)
    with pytest.raises(LibraryError, match="there is a library at .* already; name another .* or give --replace"):
        desk.restore(tmp_path / "kept.zip")
    with desk.library.snapshot() as snapshot:
        desk_for(desk.library.folder).restore(tmp_path / "kept.zip", replace=True)
        assert snapshot.article("bridge.txt")[0].text == "The bridge closed.\n"
        assert snapshot.article("later.txt")
    assert state(desk) == before
    assert verify(desk.library.folder).ok
    assert [path.name for path in desk.uploads.iterdir()] == ["sent.txt"]
    assert len(list((desk.library.folder / "segments").iterdir())) == 1
    assert desk.index(desk.uploads).unchanged == 1


@pytest.mark.parametrize(
    ("before", "restored"),
    [(".faiss", False), ("library/articles", True), (".restoring/articles", True), ("library/settings.toml", True)],
)
def test_a_restore_that_is_killed_leaves_the_old_library_or_the_restored_one(
    desk: Desk, articles: Path, tmp_path: Path, before: str, restored: bool
) -> None:
    """With the uploads and settings that belong to it, from the next command on; then nothing is left over."""
    library, kept = desk.library.folder, tmp_path / "kept.zip"

    def whole() -> tuple[object, dict[str, bytes]]:
        beside = [*desk.uploads.iterdir(), library / "settings.toml"]
        return state(desk), {path.name: path.read_bytes() for path in beside}

    desk.backup(kept)
    new = whole()
    (articles / "bridge.txt").write_text("The bridge closed.\n")
    desk.remove("sent.txt")
    desk.upload("later.txt", b"Another upload.\n")
    desk.index(articles, desk.uploads)
    (library / "settings.toml").write_text("context_passages = 2\n")
    old = whole()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(library), str(kept), before], cwd=Path(__file__).parents[1], check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert (library / ".restoring").exists()
    assert qa.open(library).settings.context_passages == (4 if restored else 2)
    assert whole() == (new if restored else old)
    assert verify(library).ok
    assert not (library / ".restoring").exists()
    assert desk.index().failed == 0


def test_a_damaged_library_is_replaced(desk: Desk, tmp_path: Path) -> None:
    """Which is what backups are for."""
    desk.backup(tmp_path / "kept.zip")
    before = state(desk)
    (desk.library.folder / FILE).write_bytes(b"no database at all, " * 500)
    with pytest.raises(LibraryError, match="is damaged"):
        desk.backup(tmp_path / "second.zip")
    assert not (tmp_path / "second.zip").exists()
    desk.restore(tmp_path / "kept.zip", replace=True)
    assert state(desk) == before


def test_what_cannot_be_backed_up_leaves_no_file(desk: Desk, tmp_path: Path) -> None:
    """Neither under its name nor beside it; a backup of before stays as it is."""
    kept, library = tmp_path / "kept.zip", desk.library.folder
    kept.write_bytes(b"the backup of yesterday")
    for place, message in (
        (kept, "is there already; name another file, or give --replace"),
        (tmp_path, "is a folder; name a file"),
        (tmp_path / "absent" / "kept.zip", "there is no folder .*absent for the backup; make it or name another"),
        (library / "kept.zip", "lies in the library itself; name a file outside"),
        (library / "segments" / "kept.zip", "lies in the library itself"),
    ):
        with pytest.raises(InputError, match=message):
            desk.backup(place)
    (segment,) = (library / "segments").iterdir()
    data = segment.read_bytes()
    for damage in (lambda: segment.write_bytes(data[:-1] + bytes([data[-1] ^ 1])), segment.unlink):
        damage()
        with pytest.raises(LibraryError, match="is missing or damaged; run: qa repair"):
            desk.backup(kept, replace=True)
    assert kept.read_bytes() == b"the backup of yesterday"
    segment.write_bytes(data)
    desk.backup(kept, replace=True)
    assert zipfile.is_zipfile(kept)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["articles", "kept.zip", "library"]
    with pytest.raises(LibraryError, match="there is no library"):
        desk_for(tmp_path / "nowhere").backup(tmp_path / "none.zip")


def test_links_and_unfinished_uploads_are_left_out(desk: Desk, tmp_path: Path) -> None:
    """What indexing passes over."""
    (desk.uploads / "link.txt").symlink_to("/etc/hostname")
    (desk.uploads / ".part.txt.part").write_text("half")
    os.mkfifo(desk.uploads / "pipe.txt")
    assert desk.backup(tmp_path / "kept.zip").files == 4


@pytest.mark.parametrize("part", [0.1, 0.6, 1.0])
def test_a_full_disk_for_the_backup_is_said(desk: Desk, small_disk: Path, part: float) -> None:
    """Whether the copy of the database does not fit, or what is made of it; nothing is left on the disk."""
    resize(small_disk, 4 + int(part * (desk.library.folder / FILE).stat().st_size / 1024))
    with pytest.raises(
        InputError, match="no space is left on the disk of .*; free some, or name a file on another disk"
    ):
        desk.backup(small_disk / "kept.zip")
    assert list(small_disk.iterdir()) == []


def test_a_full_disk_for_the_library_is_said(desk: Desk, small_disk: Path, tmp_path: Path) -> None:
    """Before anything is written, where the backup says how much it takes, and by the disk itself."""
    desk.backup(tmp_path / "kept.zip")
    resize(small_disk, 64)
    with pytest.raises(InputError, match=r"the backup takes 0 MB, but only 0 MB are free at .*; free some space"):
        desk_for(small_disk / "library").restore(tmp_path / "kept.zip")
    assert list(small_disk.iterdir()) == []
    with pytest.raises(InputError, match="the backup takes 1000000000000 MB"):
        room_for(Contents(1, "", 0, "", (Member(FILE, 10**18, ""),)), tmp_path)


def test_a_library_is_replaced_whole_or_not_at_all(desk: Desk, small_disk: Path, tmp_path: Path) -> None:
    """With space for what is in the backup, but not for the change of the database: the old library stands as it did."""
    desk.backup(tmp_path / "kept.zip")
    resize(small_disk, 16_000)
    other = desk_for(small_disk / "library")
    other.restore(tmp_path / "kept.zip")
    other.upload("mine.txt", b"An upload of this library.\n")
    other.index(other.uploads)
    before, uploads = state(other), sorted(path.name for path in other.uploads.iterdir())
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        needed = sum(entry.file_size for entry in archive.infolist()) // 1024
    used, refused = shutil.disk_usage(small_disk).used // 1024, 0
    for spare in range(0, 400, 8):
        resize(small_disk, used + needed + spare)
        try:
            desk_for(small_disk / "library").restore(tmp_path / "kept.zip", replace=True)
            break
        except (InputError, LibraryError) as fault:
            assert "free some" in str(fault)
            refused += isinstance(fault, LibraryError)
        resize(small_disk, 16_000)
        assert state(other) == before
        assert sorted(path.name for path in other.uploads.iterdir()) == uploads
        assert verify(small_disk / "library").ok
    assert refused
    assert state(other) == state(desk)


def entries(kept: Path) -> list[tuple[zipfile.ZipInfo, bytes]]:
    """What is in an archive."""
    with zipfile.ZipFile(kept) as archive:
        return [(entry, archive.read(entry)) for entry in archive.infolist()]


def written(kept: Path, found: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    """Write an archive anew."""
    with zipfile.ZipFile(kept, "w") as archive:
        for entry, data in found:
            archive.writestr(entry, data)


def named(name: str, kind: int = stat.S_IFREG) -> Callable[[Path], None]:
    """An archive with an entry more, listed as it should be."""

    def change(kept: Path) -> None:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (kind | 0o777) << 16
        *found, (listing, data) = entries(kept)
        member = f'{{"name": {json.dumps(name)}, "size": 1, "sha256": "0"}}, '.encode()
        written(kept, [*found, (entry, b"x"), (listing, data.replace(b'"members": [', b'"members": [' + member))])

    return change


def listed(old: bytes, new: bytes) -> Callable[[Path], None]:
    """An archive whose list says something else."""

    def change(kept: Path) -> None:
        *found, (listing, data) = entries(kept)
        assert old in data
        written(kept, [*found, (listing, data.replace(old, new, 1))])

    return change


def without(number: int) -> Callable[[Path], None]:
    """An archive that lacks an entry: its database first, its list last."""

    def change(kept: Path) -> None:
        found = entries(kept)
        del found[number]
        written(kept, found)

    return change


def altered(name: str) -> Callable[[Path], None]:
    """An archive with other bytes in an entry of the same length."""

    def change(kept: Path) -> None:
        found = entries(kept)
        written(
            kept, [(e, bytes([data[0] ^ 1]) + data[1:] if e.filename.startswith(name) else data) for e, data in found]
        )

    return change


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "up": (named("../evil.txt"), "which no backup holds"),
    "up from a folder": (named("articles/../../evil.txt"), "which no backup holds"),
    "absolute": (named("/tmp/evil.txt"), "which no backup holds"),
    "hidden": (named("articles/.evil"), "which no backup holds"),
    "empty part": (named("articles//evil.txt"), "which no backup holds"),
    "control character": (named("articles/evil\x1b.txt"), "which no backup holds"),
    "folder": (named("articles/evil/"), "which no backup holds"),
    "link": (named("articles/evil.txt", stat.S_IFLNK), "which no backup holds"),
    "device": (named("articles/evil.txt", stat.S_IFCHR), "which no backup holds"),
    "unknown": (named("evil.py"), "which no backup holds"),
    "another segment": (named("segments/evil.faiss"), "which no backup holds"),
    "hash of an upload": (altered("articles/"), r"articles/sent\.txt in the backup is damaged"),
    "hash of a segment": (altered("segments/"), "in the backup is damaged"),
    "hash of the database": (altered(FILE), r"library\.sqlite in the backup is damaged"),
    "list with another size": (listed(b'"size": ', b'"size": 1'), "of other sizes than it lists"),
    "list with another name": (listed(b"settings.toml", b"settings.yaml"), "does not hold the files it lists"),
    "list of another version": (
        listed(b'"format": 1', b'"format": 2'),
        "another version of Newsdesk .backup format 2.; use",
    ),
    "list that is none": (listed(b"{", b"["), "cannot be read"),
    "list without members": (listed(b'"members"', b'"numbers"'), "cannot be read"),
    "list with more": (listed(b"{", b'{"more": 1,'), "cannot be read"),
    "no list": (without(-1), "is no backup of a library; give a file that qa backup made"),
    "no database": (without(0), "does not hold the files it lists"),
    "no zip": (lambda kept: kept.write_bytes(b"no zip at all" * 99), "is no backup, or a damaged one"),
    "cut short": (lambda kept: kept.write_bytes(kept.read_bytes()[:-30]), "is no backup, or a damaged one"),
    "a folder": (lambda kept: (kept.unlink(), kept.mkdir()), "cannot be read"),
    "missing": (lambda kept: kept.unlink(), "cannot be read"),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_no_sound_backup_replaces_nothing(desk: Desk, tmp_path: Path, case: str) -> None:
    """And makes nothing, in whatever way it is hostile or damaged."""
    change, message = HOSTILE[case]
    kept = tmp_path / "kept.zip"
    desk.backup(kept)
    change(kept)
    before, around = files(desk.library.folder), sorted(tmp_path.iterdir())
    for place, replace in ((tmp_path / "new", False), (desk.library.folder, True)):
        with pytest.raises(InputError, match=message):
            desk_for(place).restore(kept, replace)
    assert files(desk.library.folder) == before
    assert sorted(tmp_path.iterdir()) == around
    assert not Path("/tmp/evil.txt").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_that_stands_twice_is_refused(desk: Desk, tmp_path: Path) -> None:
    """Which of the two is meant, nobody can tell."""
    desk.backup(tmp_path / "kept.zip")
    found = entries(tmp_path / "kept.zip")
    written(tmp_path / "kept.zip", [found[0], *found])
    with pytest.raises(InputError, match="does not hold the files it lists"):
        desk_for(tmp_path / "new").restore(tmp_path / "kept.zip")


def test_a_flipped_byte_is_noticed_or_harmless(desk: Desk, tmp_path: Path) -> None:
    """At 60 places of the file: an error in one line, or the very same library."""
    kept = tmp_path / "kept.zip"
    desk.backup(kept)
    before, data, refused = state(desk), kept.read_bytes(), 0
    for number in range(60):
        place = len(data) * number // 60
        kept.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        again = desk_for(tmp_path / f"again-{number}")
        try:
            again.restore(kept)
        except InputError as fault:
            refused += 1
            assert "; " in str(fault)
            assert not again.library.folder.exists()
        else:
            assert state(again) == before
    assert refused > 50


def test_a_folder_that_is_no_library_is_not_touched(desk: Desk, tmp_path: Path) -> None:
    """It may be anybody's; not even with --replace."""
    desk.backup(tmp_path / "kept.zip")
    own = write_articles(tmp_path / "own", {"articles/diary.txt": "Mine.\n"})
    for replace in (False, True):
        with pytest.raises(LibraryError, match="own is no library and has articles in it; name another folder"):
            desk_for(own).restore(tmp_path / "kept.zip", replace)
    assert files(own) == {"articles/diary.txt": b"Mine.\n"}


def test_the_commands_say_what_they_did(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As one document, as one line, or as one error."""
    kept, place = str(tmp_path / "kept.zip"), ("--library", str(desk.library.folder))
    made = document(capsys, "backup", kept, *place)
    assert made.pop("seconds") > 0
    assert made == {"file": kept, "size": Path(kept).stat().st_size, "articles": 4, "files": 4}
    assert "is there already" in error(capsys, "backup", kept, *place)
    assert main(["backup", kept, "--replace", *place]) == 0
    assert capsys.readouterr().out.startswith(f"backed up 4 articles in 4 files, and read back: {kept}, 0.")
    assert "already" in error(capsys, "restore", kept, *place)
    assert main(["restore", kept, "--library", str(tmp_path / "new")]) == 0
    assert capsys.readouterr().out.startswith(f"restored 4 articles in 4 files from {kept}, 0.")
    assert document(capsys, "restore", kept, "--replace", *place)["articles"] == 4


def test_what_a_killed_backup_left_is_deleted_by_the_next(desk: Desk, tmp_path: Path) -> None:
    """Not what one that is at work is writing, nor what is none of ours."""
    left, used, other = (tmp_path / name for name in (".qa-backup-left", ".qa-backup-used", ".qa-backup.txt"))
    for folder in (left, used):
        folder.mkdir()
        (folder / "backup").write_bytes(b"half of it")
    other.write_text("mine")
    with FileLock(used / "lock"):
        desk.backup(tmp_path / "kept.zip")
    assert (left.exists(), (used / "backup").read_bytes(), other.read_text()) == (False, b"half of it", "mine")
