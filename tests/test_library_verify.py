"""Checking and mending a library."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from qa.errors import LibraryError
from qa.library.database import FILE, open_to_read, open_to_write, rows
from qa.library.publish import write_one_segment
from qa.library.repair import repair
from qa.library.verify import verify
from qa.settings import Settings
from qa.types import Hit, Repair, VerifyReport
from tests.conftest import MakeDesk, WordEmbedder

WITHOUT_CHECKSUMS = """
import sys, apsw
apsw.Connection(sys.argv[1]).execute("UPDATE articles SET source = 'The Lindal Post'")
"""


@pytest.fixture
def library(articles: Path, tmp_path: Path, make_desk: MakeDesk) -> Path:
    """A library with the three articles."""
    make_desk().index(articles)
    return tmp_path / "library"


def execute(statement: str) -> Callable[[Path], None]:
    """A damage to the rows of a library."""

    def damage(library: Path) -> None:
        apsw.Connection(str(library / FILE)).execute(statement)

    return damage


def faiss_file(library: Path) -> Path:
    """The one FAISS file."""
    (file,) = (library / "segments").iterdir()
    return file


def flip(library: Path) -> None:
    """Change one byte of the FAISS file."""
    data = bytearray(faiss_file(library).read_bytes())
    data[-1] ^= 1
    faiss_file(library).write_bytes(data)


def found(make_desk: MakeDesk) -> list[tuple[str, str, float]]:
    """What three searches bring, without passage ids."""
    desk = make_desk()
    hits: list[Hit] = [hit for text in ("harbour bridge", "frost cherry", "books") for hit in desk.search(text)]
    return [(hit.article_id, hit.text, hit.score) for hit in hits]


def test_a_sound_library_has_no_problems(library: Path) -> None:
    """And its figures agree."""
    report = verify(library)
    assert (report.ok, report.articles, report.passages, report.vectors, report.problems) == (True, 3, 3, 3, ())


FIRST = "(SELECT text_hash FROM passages WHERE passage_id = 1)"
ORPHAN = "PRAGMA foreign_keys = OFF; INSERT INTO passages VALUES (99, 77, 0, 1, x'00')"
DAMAGES = {
    "a flipped byte": (flip, "index file", "is damaged"),
    "a missing file": (lambda library: faiss_file(library).unlink(), "index file", "cannot be read"),
    "a truncated file": (lambda library: faiss_file(library).write_bytes(b"Ix"), "index file", "is damaged"),
    "an unlisted file": (execute("DELETE FROM segments"), "index file", "3 passages are not in the FAISS files"),
    "a vector without passage": (execute("DELETE FROM passages WHERE passage_id = 1"), "index file", "1 vectors of"),
    "a living tombstone": (execute("INSERT INTO tombstones VALUES (2)"), "index file", "1 passages are not in"),
    "a missing vector": (execute(f"DELETE FROM vectors WHERE text_hash = {FIRST}"), "vectors", "1 passages have no"),
    "changed vectors": (execute("UPDATE vectors SET vector = zeroblob(1024)"), "index file", "3 vectors of"),
    "vectors of another length": (execute("UPDATE vectors SET vector = zeroblob(10)"), "index file", "3 vectors of"),
    "a changed text": (
        execute("UPDATE articles SET text = replace(text, '48', '84')"),
        "passages",
        "is not the text that",
    ),
    "an article without passages": (execute("DELETE FROM passages WHERE row_id = 1"), "passages", "has no passages"),
    "a passage without article": (execute(ORPHAN), "passages", "belongs to no article"),
    "a passage without keywords": (
        execute("DELETE FROM keywords WHERE rowid = 1"),
        "keywords",
        "1 passages are not in",
    ),
    "an article that is not compared": (
        execute("DELETE FROM copy_bands WHERE row_id = 1"),
        "near copies",
        "1 articles",
    ),
    "bands of a deleted article": (execute("INSERT INTO copy_bands VALUES (7, 77)"), "near copies", "that are gone"),
    "a copy of nothing": (execute("INSERT INTO near_copies VALUES (1, 1)"), "near copies", "1 groups have one"),
    "keywords without passage": (
        execute("INSERT INTO keywords (rowid, text) VALUES (99, 'b')"),
        "keywords",
        "1 entries",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damage_is_found_and_mended(library: Path, make_desk: MakeDesk, name: str) -> None:
    """With the command that mends it; afterwards all is sound, and a second repair has nothing to do."""
    damage, kind, detail = DAMAGES[name]
    before = found(make_desk)
    damage(library)
    report = verify(library)
    assert not report.ok
    assert any(problem.kind == kind and detail in problem.detail for problem in report.problems), report.problems
    assert {problem.fix for problem in report.problems} == {f"qa repair --library {library}"}
    assert len(repair(library, WordEmbedder, Settings()).repaired) == len(report.problems)
    assert verify(library).ok
    if name != "a changed text":
        assert found(make_desk) == before
    assert repair(library, WordEmbedder, Settings()) == Repair(True)


def test_a_flipped_bit_in_a_text_is_mended_from_its_file(
    library: Path, articles: Path, tmp_path: Path, make_desk: MakeDesk
) -> None:
    """``repair`` makes the library readable, and the next run reads the article again."""
    before = make_desk().article("bridge.txt")
    data = bytearray((library / FILE).read_bytes())
    data[data.index(b"48 million crowns")] ^= 1
    (library / FILE).write_bytes(data)
    report = verify(library)
    assert ("database", "a page is not as it was written") in [(p.kind, p.detail) for p in report.problems]
    assert any("of bridge.txt is not the text that was embedded" in problem.detail for problem in report.problems)
    assert repair(library, WordEmbedder, Settings()).repaired
    assert verify(library).ok
    assert make_desk().article("bridge.txt") != before
    assert make_desk().index(articles).updated == 1
    assert make_desk().article("bridge.txt") == before


def test_pages_written_without_checksums_are_mended(library: Path, make_desk: MakeDesk) -> None:
    """As another program leaves them: what they say is right, and stays."""
    before = found(make_desk)
    subprocess.run([sys.executable, "-c", WITHOUT_CHECKSUMS, library / FILE], check=True)
    with pytest.raises(LibraryError, match="a page is not as it was written"):
        make_desk().search("bridge")
    assert not verify(library).ok
    repair(library, WordEmbedder, Settings())
    assert verify(library).ok
    assert found(make_desk) == before


FULL_ONLY = ("changed vectors", "vectors of another length", "a changed text", "an article that is not compared",
    "bands of a deleted article", "a copy of nothing")  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_the_fast_check_finds_what_takes_no_reading_of_texts_and_vectors(library: Path, name: str) -> None:
    """And says the same of it as the full one."""
    DAMAGES[name][0](library)
    fast, full = verify(library, fast=True), verify(library)
    assert (fast.fast, full.fast) == (True, False)
    assert fast.ok == (name in FULL_ONLY)
    assert set(fast.problems) <= set(full.problems)
    assert (fast.articles, fast.passages, fast.vectors) == (full.articles, full.passages, full.vectors)


def test_the_fast_check_reads_no_text(library: Path) -> None:
    """A page whose checksum is wrong is found where it holds rows of numbers, not where it holds articles."""
    sound = (library / FILE).read_bytes()
    assert verify(library, fast=True) == VerifyReport(True, 3, 3, 3, (), True)
    connection = open_to_read(library)
    pages = dict(rows(connection, "SELECT name, rootpage FROM sqlite_schema"))
    connection.close()
    for table, problems in (("articles", []), ("passages", ["a page is not as it was written"])):
        data = bytearray(sound)
        data[pages[table] * 4096 - 1] ^= 1  # the last byte of its checksum
        (library / FILE).write_bytes(data)
        assert [problem.detail for problem in verify(library, fast=True).problems] == problems
        assert [problem.detail for problem in verify(library).problems] == ["a page is not as it was written"]


def test_each_damaged_file_is_named_and_the_others_are_compared(library: Path) -> None:
    """One FAISS file for each passage, the first is damaged and the vector of the last is another in SQLite."""
    connection = open_to_write(library)
    with connection:
        write_one_segment(connection, library, largest=1)
    first, _, last = rows(connection, "SELECT file FROM segments ORDER BY rowid")
    connection.execute("UPDATE vectors SET vector = zeroblob(1024) WHERE text_hash = "
        "(SELECT text_hash FROM passages WHERE passage_id = 3)")  # fmt: skip
    connection.execute("UPDATE segments SET vectors = 7 WHERE file = ?", last)
    connection.close()
    (library / "segments" / first[0]).write_bytes(b"Ix")
    assert {problem.detail.replace(str(library), "LIBRARY") for problem in verify(library).problems} == {
        f"the index file LIBRARY/segments/{first[0]} is damaged (its hash differs)",
        f"{last[0]} holds 1 vectors, but 7 are listed",
        "1 vectors of the FAISS files differ from the stored ones",
    }


def test_progress_tells_how_far_a_check_is(library: Path) -> None:
    """Articles and FAISS files of how many; the fast check goes through no articles."""
    told: list[tuple[str, int, int]] = []
    verify(library, progress=lambda *values: told.append(values))
    assert told == [
        ("structure", 0, 0),
        *(("checking", done, 3) for done in range(4)),
        ("comparing", 0, 1),
        ("comparing", 1, 1),
    ]
    told.clear()
    verify(library, fast=True, progress=lambda *values: told.append(values))
    assert told == [("structure", 0, 0), ("comparing", 0, 1), ("comparing", 1, 1)]


def test_what_is_indexed_meanwhile_is_no_damage(library: Path, articles: Path, make_desk: MakeDesk) -> None:
    """The check goes on with the state it began with, and says so where a file of that is deleted."""

    def index(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("comparing", 0):
            (articles / "library.txt").write_text("The town library burned down.\n")
            make_desk().index(articles)

    with pytest.raises(LibraryError, match="was changed while it was checked; repeat: qa verify --library"):
        verify(library, progress=index)
    assert verify(library).ok


def test_what_sqlite_cannot_read_is_an_error_of_one_line(library: Path) -> None:
    """Which names the command that mends it and loses nothing."""
    (library / FILE).write_bytes((library / FILE).read_bytes()[:5000])
    with pytest.raises(LibraryError, match=r"is damaged .*; run: qa repair --library .*, or restore a backup"):
        verify(library)
