"""Checking and mending a library."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import numpy as np
import pytest

from qa.errors import LibraryError
from qa.library.database import FILE
from qa.library.repair import repair
from qa.library.verify import verify
from qa.settings import Settings
from qa.types import Hit, Repair
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


def test_repair_embeds_only_what_has_no_vector(library: Path) -> None:
    """A damaged FAISS file is written from the vectors in SQLite."""
    flip(library)
    embedder = WordEmbedder()
    repair(library, lambda: embedder, Settings())
    assert embedder.encoded == []


def test_repair_embeds_anew_what_differs_from_a_sound_file(library: Path) -> None:
    """The file's hash is right, so it is the stored vector that was changed: it must not spread."""
    vector = np.zeros(512, dtype=np.float16).tobytes().hex()
    execute(
        f"UPDATE vectors SET vector = x'{vector}' WHERE text_hash = (SELECT text_hash FROM passages WHERE passage_id = 2)"
    )(library)
    embedder = WordEmbedder()
    repair(library, lambda: embedder, Settings())
    assert len(embedder.encoded) == 1
    assert verify(library).ok


def test_leftovers_are_swept_by_repair(library: Path) -> None:
    """Files that no generation lists."""
    (library / "segments" / "old.faiss").write_bytes(b"x")
    execute("DELETE FROM keywords WHERE rowid = 1")(library)
    repair(library, WordEmbedder, Settings())
    assert "old.faiss" not in [file.name for file in (library / "segments").iterdir()]


class Backwards(WordEmbedder):
    """Another embedder: the same vectors from back to front."""

    fingerprint = "backwards-512"

    def encode(self, texts: list[str]) -> np.ndarray:  # type: ignore[override]
        """Rows reversed."""
        return super().encode(texts)[:, ::-1]


class Short(WordEmbedder):
    """Another embedder, of another dimension."""

    fingerprint = "short-256"
    dimension = 256


@pytest.mark.parametrize("other", [Backwards, Short])
def test_another_embedder_is_refused_until_all_is_embedded_anew(
    library: Path, articles: Path, make_desk: MakeDesk, tmp_path: Path, other: type[WordEmbedder]
) -> None:
    """The remedy is named; after it the former embedder is the one that is refused."""
    from qa.chat import Desk

    desk = Desk(tmp_path / "library", Settings(), other, pytest.fail, pytest.fail)
    with pytest.raises(LibraryError, match="reembed --model words --library"):
        desk.search("bridge")
    with pytest.raises(LibraryError, match="reembed --model words --library"):
        repair(library, other, Settings())
    assert repair(library, other, Settings(), reembed=True) == Repair(True, ("vectors: embedded anew",))
    assert verify(library).ok
    assert desk.search("frost cherry")[0].article_id == "valley/orchard.txt"
    assert desk.index(articles).unchanged == 3
    with pytest.raises(LibraryError, match="made with the embedder"):
        make_desk().search("bridge")


def test_an_interrupted_repair_changes_nothing(library: Path, make_desk: MakeDesk) -> None:
    """All of it is one transaction."""
    before = found(make_desk)

    def interrupt(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repair(library, Backwards, Settings(), reembed=True, progress=interrupt)
    assert verify(library).ok
    assert found(make_desk) == before


def test_what_sqlite_cannot_read_is_an_error_of_one_line(library: Path) -> None:
    """Which names the command that mends it and loses nothing."""
    (library / FILE).write_bytes((library / FILE).read_bytes()[:5000])
    with pytest.raises(LibraryError, match=r"is damaged .*; run: qa repair --library .*, or restore a backup"):
        verify(library)
