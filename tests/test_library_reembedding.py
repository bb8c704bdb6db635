"""Embedding a library anew with another embedder."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

import qa
from qa.chat import Desk
from qa.cli import main
from qa.errors import LibraryError, ModelError
from qa.library.database import FILE
from qa.library.embedded import recorded_embedder, vector_tables
from qa.library.lock import writing
from qa.library.reembedding import reembed
from qa.library.repair import repair
from qa.library.verify import verify
from qa.retrieval.embedder import base_folder
from qa.settings import Settings
from qa.types import Repair
from tests.commands import document, error
from tests.conftest import MakeDesk, ScriptedGenerator, WordEmbedder, WordReader, resize, write_articles
from tests.reliability.made import FewWords, desk_for, name, write
from tests.reliability.scenarios import answers

PROJECT = Path(__file__).parent.parent
ARTICLES = 600  # of one passage each: three batches
KILLED = """
import os, signal, sys
from pathlib import Path
from tests.reliability.made import FewWords, desk_for

class Killed(FewWords):
    def encode(self, texts):
        if len(self.encoded) >= 512:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(texts)

desk_for(Path(sys.argv[1])).reembed(Killed)
"""


class Interrupted(FewWords):
    """The same vectors, and Ctrl-C with the third batch."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Two batches, and no more."""
        if len(self.encoded) >= 512:
            raise KeyboardInterrupt
        return super().encode(texts)


@dataclass(frozen=True, slots=True)
class Made:
    """Files, a library of them with 600 passages, and what it finds with either embedder."""

    files: Path
    library: Path
    before: list[Any]
    after: list[Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Made once; the answers of the new embedder are those of a library that never had another."""
    place = tmp_path_factory.mktemp("reembedding")
    files = write(place / "files", range(ARTICLES))
    desk_for(place / "library").index(files)
    anew = Desk(place / "anew", Settings(), FewWords, WordReader, ScriptedGenerator)
    anew.index(files)
    return Made(files, place / "library", answers(desk_for(place / "library")), answers(anew))


@pytest.fixture
def library(made: Made, tmp_path: Path) -> Path:
    """A copy of the library."""
    return Path(shutil.copytree(made.library, tmp_path / "library"))


def cut_short(library: Path) -> None:
    """Embed 512 of its passages anew."""
    with pytest.raises(KeyboardInterrupt):
        desk_for(library).reembed(Interrupted)


def tables(library: Path) -> list[str]:
    """The tables of vectors."""
    return vector_tables(apsw.Connection(str(library / FILE)))


def test_the_new_vectors_are_those_of_a_library_made_with_that_embedder(library: Path, made: Made) -> None:
    """Of another dimension; every passage is embedded once, batch by batch, and the library keeps to it."""
    told: list[tuple[str, int, int]] = []
    few = FewWords()
    report = desk_for(library).reembed(lambda: few, lambda *now: told.append(now))
    assert (report.embedder, report.was, report.passages, report.embedded) == ("words-48", "words-512", 600, 600)
    assert told[0] == ("embedding", 0, 600) and told[-1] == ("embedding", 600, 600)
    assert len(few.encoded) == len(set(few.encoded)) == 600
    assert recorded_embedder(library) == ("words-48", "few words")
    assert tables(library) == ["vectors"]
    assert verify(library).ok
    assert answers(desk_for(library)) == made.after
    assert desk_for(library).index(made.files).unchanged == 600
    assert len(list((library / "segments").iterdir())) == 1


def test_the_windows_join_without_a_gap(library: Path, made: Made) -> None:
    """Of 100 passages, which 600 are six of."""
    told: list[int] = []
    assert reembed(library, FewWords, lambda _, done, total: told.append(done), window=100).embedded == 600
    assert told == sorted(told)
    assert {0, 100, 500, 600} <= set(told)
    assert answers(desk_for(library)) == made.after


def test_questions_are_answered_with_the_old_vectors_until_the_new_ones_are_complete(library: Path, made: Made) -> None:
    """And by the same desk with the new ones afterwards, without a restart."""
    desk = desk_for(library)
    assert answers(desk) == made.before
    meanwhile = []
    desk_for(library).reembed(FewWords, lambda *_: meanwhile.append(answers(desk)))
    assert len(meanwhile) > 3
    assert all(found == made.before for found in meanwhile)
    assert desk.embedder.fingerprint == "words-512"
    assert answers(desk) == made.after != made.before
    assert desk.embedder.fingerprint == "words-48"


def test_a_running_desk_indexes_and_answers_with_the_new_embedder(library: Path, tmp_path: Path) -> None:
    """Whatever it has in memory."""
    desk = desk_for(library)
    desk.search("harbour")
    desk_for(library).reembed(FewWords)
    assert desk.index(write_articles(tmp_path / "more")).added == 3
    assert verify(library).ok
    assert desk.ask("harbour bridge?").passages


def test_a_running_desk_that_was_told_its_embedder_says_what_is_the_matter(library: Path) -> None:
    """In one line, and mixes nothing."""
    desk = desk_for(library, WordEmbedder())
    desk.search("harbour")
    desk_for(library).reembed(FewWords)
    for use in (lambda: desk.search("harbour"), lambda: desk.ask("harbour bridge?"), desk.index):
        with pytest.raises(
            LibraryError, match=r"made with the embedder words-48, but words-512 is set; set the former again, or"
        ):
            use()


def test_what_was_embedded_before_ctrl_c_is_not_embedded_again(library: Path, made: Made) -> None:
    """The old vectors answer until then, and the library is sound."""
    cut_short(library)
    assert answers(desk_for(library)) == made.before
    assert verify(library).ok
    assert recorded_embedder(library) == ("words-512", "words")
    with desk_for(library).library.snapshot() as snapshot:
        assert snapshot.reembedding() == ("words-48", 512, 600)
    few, told = FewWords(), list[tuple[str, int, int]]()
    assert desk_for(library).reembed(lambda: few, lambda *now: told.append(now)).embedded == 88
    assert len(few.encoded) == 88
    assert told[0] == ("embedding", 512, 600)
    assert answers(desk_for(library)) == made.after


def test_a_kill_leaves_the_old_vectors_and_what_was_embedded(library: Path, made: Made) -> None:
    """As ``kill -9`` does it, in the third batch."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, library], env={**os.environ, "PYTHONPATH": str(PROJECT)}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert verify(library).ok
    assert answers(desk_for(library)) == made.before
    assert desk_for(library).reembed(FewWords).embedded == 88
    assert verify(library).ok
    assert answers(desk_for(library)) == made.after


def test_what_was_indexed_meanwhile_is_embedded_and_what_went_is_not(tmp_path: Path) -> None:
    """Between a run that was cut short and the one that goes on: added, updated, deleted."""
    library, files = tmp_path / "library", write(tmp_path / "files", range(ARTICLES))
    desk_for(library).index(files)
    cut_short(library)
    write(files, range(ARTICLES, ARTICLES + 5))
    write(files, range(3), version=1)
    (files / name(7)).unlink()
    gone = {key for number in (0, 1, 2, 7) for key in texts(library, name(number))}
    report = desk_for(library).index(files)
    assert (report.added, report.updated, report.removed) == (5, 3, 1)
    assert len(gone) == 4
    assert gone & stored(library, "new_vectors") == set()
    left = texts(library) - stored(library, "new_vectors")
    few = FewWords()
    desk_for(library).reembed(lambda: few)
    assert 88 <= len(left) <= 96
    assert len(few.encoded) == len(set(few.encoded)) == len(left)
    assert verify(library).ok
    anew = Desk(tmp_path / "anew", Settings(), FewWords, WordReader, ScriptedGenerator)
    anew.index(files)
    assert answers(desk_for(library)) == answers(anew)


def test_the_vectors_of_a_third_embedder_are_not_mixed_in(library: Path) -> None:
    """What another run has left is of no use to it."""

    class Others(FewWords):
        name, fingerprint = "others", "other-words-48"

        def encode(self, texts: Sequence[str]) -> np.ndarray:
            """From back to front."""
            return super().encode(texts)[:, ::-1]

    cut_short(library)
    others = Others()
    assert desk_for(library).reembed(lambda: others).embedded == 600
    assert len(others.encoded) == 600
    desk = desk_for(library, others)
    assert verify(library).ok
    assert desk.search("harbour bridge")


def test_with_its_own_embedder_a_library_drops_what_was_begun(library: Path, made: Made) -> None:
    """And embeds nothing."""
    cut_short(library)
    words = WordEmbedder()
    report = desk_for(library).reembed(lambda: words)
    assert (report.embedder, report.was, report.embedded, words.encoded) == ("words-512", "words-512", 0, [])
    assert tables(library) == ["vectors"]
    assert answers(desk_for(library)) == made.before


def test_repair_and_purge_leave_nothing_doubtful_or_removed(library: Path) -> None:
    """Mending a damage drops what was begun; a purge drops the new vectors of removed articles only."""
    cut_short(library)
    desk = desk_for(library)
    desk.remove(name(3), purge=True)
    assert len(stored(library, "new_vectors") - stored(library, "vectors")) == 0
    assert repair(library, WordEmbedder, Settings()) == Repair(True)
    assert tables(library) == ["new_vectors", "vectors"]
    apsw.Connection(str(library / FILE)).execute("DELETE FROM keywords WHERE rowid = 1")
    assert repair(library, WordEmbedder, Settings()).repaired
    assert tables(library) == ["vectors"]


def test_a_backup_holds_what_was_begun(library: Path, made: Made, tmp_path: Path) -> None:
    """And the restored library goes on."""
    cut_short(library)
    desk_for(library).backup(tmp_path / "kept.zip")
    restored = desk_for(tmp_path / "restored")
    restored.restore(tmp_path / "kept.zip")
    assert verify(tmp_path / "restored").ok
    assert restored.reembed(FewWords).embedded == 88
    assert answers(restored) == made.after


class Flat(FewWords):
    """Vectors of length nought."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Zeros."""
        return 0 * super().encode(texts)


class Unknown(FewWords):
    """Vectors of numbers that are none."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """What a division by nought gives."""
        return np.nan * super().encode(texts)


class Wide(FewWords):
    """Vectors of another dimension than it says."""

    dimension = 47

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """One column more."""
        return np.pad(super().encode(texts), ((0, 0), (0, 1)))


@pytest.mark.parametrize("broken", [Flat, Unknown, Wide])
def test_vectors_that_are_none_get_nowhere(
    library: Path, made: Made, broken: type[WordEmbedder], tmp_path: Path
) -> None:
    """Neither by embedding anew nor by indexing."""
    with pytest.raises(ModelError, match="does not give vectors of length one and dimension 4[78]; give another"):
        desk_for(library).reembed(broken)
    with pytest.raises(ModelError, match="does not give vectors"):
        Desk(tmp_path / "other", Settings(), broken, WordReader, ScriptedGenerator).index(made.files)
    assert answers(desk_for(library)) == made.before
    assert verify(library).ok


def test_a_text_that_was_changed_behind_its_back_is_not_embedded(library: Path) -> None:
    """The error names the way out, and nothing is swapped."""
    apsw.Connection(str(library / FILE)).execute("UPDATE articles SET text = 'Other words.' WHERE row_id = 5")
    with pytest.raises(LibraryError, match=r"not the text that was indexed; run: qa repair --library"):
        desk_for(library).reembed(FewWords)
    assert recorded_embedder(library) == ("words-512", "words")


def test_nobody_else_changes_the_library_meanwhile(library: Path) -> None:
    """Two at once, or while another process indexes: the second is refused."""
    with writing(library), pytest.raises(LibraryError, match="another indexing run"):
        desk_for(library).reembed(FewWords)


def test_without_a_library_there_is_nothing_to_embed(tmp_path: Path) -> None:
    """And none is made."""
    with pytest.raises(LibraryError, match="there is no library"):
        desk_for(tmp_path / "nowhere").reembed(FewWords)
    assert not (tmp_path / "nowhere").exists()


def test_an_empty_library_takes_another_embedder(make_desk: MakeDesk, tmp_path: Path) -> None:
    """At once."""
    make_desk().create()
    assert make_desk().reembed(FewWords).passages == 0
    desk = desk_for(tmp_path / "library")
    assert desk.index(write_articles(tmp_path / "files")).added == 3
    assert recorded_embedder(tmp_path / "library") == ("words-48", "few words")


def test_a_full_disk_loses_nothing(small_disk: Path, made: Made) -> None:
    """One line says so; with more space the run goes on where it was."""
    resize(small_disk, 30_000)
    library = Path(shutil.copytree(made.library, small_disk / "library"))
    used = sum(file.stat().st_size for file in library.rglob("*")) // 1024
    resize(small_disk, used + 100)
    with pytest.raises(LibraryError, match="no space is left"):
        desk_for(library).reembed(FewWords)
    resize(small_disk, 30_000)
    assert answers(desk_for(library)) == made.before
    desk_for(library).reembed(FewWords)
    assert verify(library).ok
    assert answers(desk_for(library)) == made.after


@pytest.mark.models
def test_a_library_keeps_to_the_embedder_that_a_command_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its folder's whole path, from wherever the next command is given; what is set goes before it, and is named."""
    monkeypatch.delenv("QA_EMBEDDER", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "others").symlink_to(shutil.copytree(base_folder(), tmp_path / "kept" / "others"))
    library = tmp_path / "library"
    qa.open(library).create()
    assert qa.open(library).embedder.name == "all-minilm-l6-v2"
    done = document(capsys, "reembed", "--model", "others", "--library", str(library))
    assert (done["embedder"].split()[0], done["passages"], done["embedded"]) == ("others", 0, 0)
    monkeypatch.chdir("/")
    assert qa.open(library).embedder.name == str(tmp_path / "kept" / "others")
    assert qa.open(library).embedder.fingerprint == done["embedder"]
    assert qa.open(library, embedder="all-minilm-l6-v2").embedder.name == "all-minilm-l6-v2"
    refused = error(capsys, "reembed", "--model", "absent", "--library", str(library))
    assert "no sentence-transformers model with model.safetensors in absent; give its folder" in refused
    (library / "settings.toml").write_text('embedder = "all-minilm-l6-v2"')
    assert main(["reembed", "--model", str(tmp_path / "others"), "--library", str(library)]) == 0
    printed = capsys.readouterr()
    assert "nothing to embed: the embedder of the library is others " in printed.out
    assert "all-minilm-l6-v2 is still set by settings.toml or QA_EMBEDDER; take it out there" in printed.err


def texts(library: Path, article_id: str | None = None) -> set[bytes]:
    """The texts of all passages, or of an article's, by their hashes."""
    query = "SELECT text_hash FROM passages JOIN articles USING (row_id) WHERE article_id = ?1 OR ?1 IS NULL"
    return {key for (key,) in apsw.Connection(str(library / FILE)).execute(query, (article_id,))}


def stored(library: Path, table: str) -> set[bytes]:
    """The texts, by their hashes, that have a vector in a table."""
    return {key for (key,) in apsw.Connection(str(library / FILE)).execute(f"SELECT text_hash FROM {table}")}
