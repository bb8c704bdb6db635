"""After a purge no byte of what was removed is left in the library's folder."""

import gzip
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qa.chat import Desk
from qa.cli import main
from qa.errors import LibraryError
from qa.library.database import open_to_write, rows
from qa.library.plan import Plan
from qa.library.publish import publish
from qa.library.verify import verify
from tests.commands import document, error
from tests.conftest import MakeDesk, WordEmbedder, write_articles

PROJECT = Path(__file__).parents[1]
HEADLINE, TEXT = "Vexlorimund resigns", "Minister Vexlorimund hid the zwickelpranto accounts."
# Without their first letters, which a keyword index shares with the word before; stems lose their ends.
TRACES = (b"xlorimund", b"ickelprant")
SECRET = f"date 2031-01-01 {HEADLINE}\n{TEXT}\n"


@pytest.fixture
def desk(articles: Path, make_desk: MakeDesk) -> Desk:
    """A desk over a library of the three articles and one more, ``s.txt``."""
    write_articles(articles, {"s.txt": SECRET})
    desk = make_desk()
    desk.index(articles)
    return desk


def held(library: Path) -> bytes:
    """All bytes of all files of a library; compressed ones as they read."""
    files = [file for file in library.rglob("*") if file.is_file()]
    return b"\0".join(
        gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in files
    )


def traces(library: Path) -> list[bytes]:
    """Which words of the secret article stand in any file, in capitals or not."""
    found = held(library).lower()
    return [trace for trace in TRACES if trace in found]


def vectors(library: Path) -> int:
    """How many times the vector of the secret article stands in any file, as FAISS has it; SQLite splits it up."""
    embedded = WordEmbedder().encode([f"{HEADLINE}, 2031-01-01\n{TEXT}"])[0].astype(np.float16)
    return sum(file.read_bytes().count(embedded.tobytes()) for file in (library / "segments").iterdir())


def test_a_purged_article_is_in_no_file(desk: Desk) -> None:
    """Where removing alone leaves its words in the keyword index; all else is as before."""
    library = desk.library.folder
    assert (traces(library), vectors(library)) == ([*TRACES], 1)
    assert desk.remove("s.txt") == ("s.txt",)
    assert traces(library) == [*TRACES]
    assert desk.remove(purge=True) == ()
    assert (traces(library), vectors(library)) == ([], 0)
    assert verify(library).ok
    assert desk.search("harbour bridge")[0].article_id == "bridge.txt"
    assert desk.index().skipped == 1  # its file is there still, and it stays out


def test_a_purge_tells_how_far_it_is(desk: Desk) -> None:
    """Step by step, as each may take minutes."""
    told = list[tuple[str, int, int]]()
    desk.remove("s.txt", purge=True, progress=lambda *now: told.append(now))
    assert told == [("purging", done, 4) for done in range(5)]


def test_removing_and_purging_go_in_one(desk: Desk) -> None:
    """Even of the last article."""
    library = desk.library.folder
    desk.remove("s.txt", purge=True)
    assert (traces(library), vectors(library), verify(library).ok) == ([], 0, True)
    desk.remove("bridge.txt", "library.txt", "valley/orchard.txt", purge=True)
    assert b"crown" not in held(library)
    assert verify(library).articles == 0


def test_what_an_update_or_a_vanished_file_left_behind_is_purged_too(desk: Desk, articles: Path) -> None:
    """The text of before is text that was removed."""
    write_articles(articles, {"s.txt": "The minister stays.\n"})
    desk.index()
    assert traces(desk.library.folder) == [*TRACES]
    desk.remove(purge=True)
    assert traces(desk.library.folder) == []
    assert len(desk.articles()) == 4


def test_dead_vectors_leave_the_index_files(desk: Desk, tmp_path: Path) -> None:
    """Also in a library so large that removing only marks them."""
    library = desk.library.folder
    lines = "".join(json.dumps({"id": str(number), "text": f"Report {number}."}) + "\n" for number in range(9))
    desk.index(write_articles(tmp_path / "more", {"more.jsonl": lines}))
    connection = open_to_write(library)
    ((row_id,),) = rows(connection, "SELECT row_id FROM articles WHERE article_id = 's.txt'")
    publish(connection, library, Plan(removed={row_id}), keep_out=True, small=0)
    connection.close()
    assert vectors(library) == 1
    desk.remove(purge=True)
    assert (vectors(library), len(list((library / "segments").iterdir()))) == (0, 1)
    assert verify(library).ok


def test_a_line_leaves_the_file_that_was_uploaded(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Packed or not, with earlier lines of the same id; its neighbours and lines that are none stay."""
    lines = [{"id": "1", "text": f"Before: {TEXT}"}, {"id": "2", "text": "Fog fell."}, {"id": "1", "text": TEXT}]
    data = "".join(json.dumps(line) + "\n" for line in lines).encode() + b"no line\n"
    for name, packed in (("a.jsonl", data), ("b.jsonl.gz", gzip.compress(data))):
        desk = make_desk()
        file = desk.upload(name, packed)
        desk.index(desk.uploads)
        desk.remove("1", purge=True)
        left = gzip.decompress(file.read_bytes()) if name.endswith("gz") else file.read_bytes()
        assert left == b'{"id": "2", "text": "Fog fell."}\nno line\n'
        assert traces(tmp_path / "library") == []
        report = desk.index(desk.uploads)
        assert (report.unchanged, report.skipped, report.removed) == (1, 0, 0)
        desk.remove("2")


def test_an_uploaded_file_that_is_damaged_is_left_and_said(make_desk: MakeDesk) -> None:
    """With what to do; nothing else of the library is touched."""
    desk = make_desk()
    file = desk.upload("a.jsonl.gz", gzip.compress(b'{"id": "1", "text": "One."}\n{"id": "2", "text": "Two."}\n'))
    desk.index(desk.uploads)
    damaged = file.read_bytes()[:-4]
    file.write_bytes(damaged)
    with pytest.raises(
        LibraryError, match=r"a\.jsonl\.gz holds articles that were removed and cannot be rewritten .*; d"
    ):
        desk.remove("1", purge=True)
    assert file.read_bytes() == damaged
    assert [article.article_id for article in desk.articles()] == ["2"]


def test_a_question_that_is_being_answered_is_not_disturbed(desk: Desk) -> None:
    """It sees what it saw; that the log could not be emptied is said, and a repeat mends it."""
    library = desk.library.folder
    with desk.library.snapshot() as snapshot:
        assert snapshot.article("s.txt")[0].title == HEADLINE
        with pytest.raises(LibraryError, match="still stands in the log.*; when that is done, run: qa remove --purge"):
            desk.remove("s.txt", purge=True)
        assert snapshot.article("s.txt")[0].title == HEADLINE
    assert desk.remove(purge=True) == ()
    assert traces(library) == []


def test_the_command_removes_what_is_older_than_a_day(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Undated articles stay and are counted; without a terminal or --yes nothing goes."""
    place = ("--library", str(desk.library.folder))
    asked = ("remove", "--older-than", "2031-04-02", *place)
    assert "1 articles are dated before 2031-04-02; give --yes" in error(capsys, *asked)
    assert len(desk.articles()) == 4
    found = document(capsys, *asked, "--yes", "--purge")
    assert found == {"removed": ["s.txt"], "undated": 1, "purged": True}
    assert traces(desk.library.folder) == []
    assert main([*asked, "--yes"]) == 0
    assert capsys.readouterr().out == "removed 0 articles; 1 undated ones were kept\n"
    assert document(capsys, "remove", "bridge.txt", *place) == {"removed": ["bridge.txt"]}
    assert main(["remove", "--purge", *place]) == 0
    assert capsys.readouterr().out == "nothing that was removed is left on the disk\n"


@pytest.mark.parametrize(("reply", "left"), [(b"y\n", 3), (b"\n", 4)])
def test_the_command_asks_on_a_terminal(desk: Desk, reply: bytes, left: int) -> None:
    """And takes anything but yes for no."""
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "qa",
        "remove",
        "--older-than",
        "2031-04-02",
        "--library",
        str(desk.library.folder),
    ]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as run:
        os.write(ours, reply)
        out, err = run.communicate()
    os.close(ours)
    os.close(theirs)
    assert (run.returncode, out) == (0, f"removed {4 - left} articles; 1 undated ones were kept\n".encode())
    assert b"1 articles are dated before 2031-04-02; remove them? [y/N]" in err
    assert len(desk.articles()) == left


def test_an_uploaded_table_that_holds_a_removed_article_is_named(make_desk: MakeDesk) -> None:
    """Its other articles stay, so it is for the person to decide; all else is purged."""
    desk = make_desk()
    table = desk.upload("news.csv", f"id,title,text\ns,{HEADLINE},{TEXT}\nh,Harbour,The harbour froze.\n".encode())
    desk.index(desk.uploads)
    desk.remove("s")
    with pytest.raises(LibraryError, match=rf"{table.name} still holds articles that were removed"):
        desk.remove(purge=True)
    table.unlink()
    assert traces(desk.library.folder) == []
