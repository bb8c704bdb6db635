"""Mending a library from the stored articles."""

from collections.abc import Sequence
from pathlib import Path

import apsw
import numpy as np
import pytest

from qa.chat import Desk
from qa.errors import LibraryError
from qa.library.database import FILE, MENDING, open_to_write
from qa.library.repair import repair
from qa.library.verify import verify
from qa.settings import Settings
from qa.types import Repair
from tests.conftest import MakeDesk, WordEmbedder, write_articles


@pytest.fixture
def library(articles: Path, tmp_path: Path, make_desk: MakeDesk) -> Path:
    """A library with the three articles."""
    make_desk().index(articles)
    return tmp_path / "library"


def execute(library: Path, statement: str) -> None:
    """Change a library's rows by hand."""
    apsw.Connection(str(library / FILE)).execute(statement)


def found(desk: Desk) -> list[tuple[str, str, float]]:
    """What three searches bring, without passage ids."""
    hits = [hit for text in ("harbour bridge", "frost cherry", "books") for hit in desk.search(text)]
    return [(hit.article_id, hit.text, hit.score) for hit in hits]


def test_repair_embeds_only_what_has_no_vector(library: Path) -> None:
    """A damaged FAISS file is written from the vectors in SQLite."""
    (file,) = (library / "segments").iterdir()
    file.write_bytes(b"Ix")
    embedder = WordEmbedder()
    repair(library, lambda: embedder, Settings())
    assert embedder.encoded == []


def test_repair_embeds_anew_what_differs_from_a_sound_file(library: Path) -> None:
    """The file's hash is right, so it is the stored vector that was changed: it must not spread."""
    vector = np.zeros(512, dtype=np.float16).tobytes().hex()
    execute(
        library,
        f"UPDATE vectors SET vector = x'{vector}' WHERE text_hash = (SELECT text_hash FROM passages WHERE passage_id = 2)",
    )
    embedder = WordEmbedder()
    repair(library, lambda: embedder, Settings())
    assert len(embedder.encoded) == 1
    assert verify(library).ok


def test_leftovers_are_swept_by_repair(library: Path) -> None:
    """Files that no generation lists."""
    (library / "segments" / "old.faiss").write_bytes(b"x")
    execute(library, "DELETE FROM keywords WHERE rowid = 1")
    repair(library, WordEmbedder, Settings())
    assert "old.faiss" not in [file.name for file in (library / "segments").iterdir()]


class Backwards(WordEmbedder):
    """Another embedder: the same vectors from back to front."""

    fingerprint = "backwards-512"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
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
    before = found(make_desk())

    def interrupt(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repair(library, Backwards, Settings(), reembed=True, progress=interrupt)
    assert verify(library).ok
    assert found(make_desk()) == before


class Interrupted(WordEmbedder):
    """A person presses Ctrl-C when so many texts are embedded."""

    def __init__(self, after: int) -> None:
        """``after``: the number of texts."""
        super().__init__()
        self.after = after

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Raise KeyboardInterrupt where these texts would be too many."""
        if len(self.encoded) + len(texts) > self.after:
            raise KeyboardInterrupt
        return super().encode(texts)


class OtherInterrupted(Interrupted):
    """It is another embedder."""

    fingerprint = "others-512"


class Other(WordEmbedder):
    """The same one, which is not interrupted."""

    fingerprint = "others-512"


@pytest.fixture
def ten(tmp_path: Path, make_desk: MakeDesk) -> Path:
    """A library with ten articles of one passage each."""
    texts = {f"{number}.txt": f"Report {number}\n\nThe harbour number {number} was full.\n" for number in range(10)}
    make_desk().index(write_articles(tmp_path / "ten", texts))
    return tmp_path / "library"


def cut_short(library: Path, embedder: Interrupted, reembed: bool = False) -> None:
    """A repair that Ctrl-C ends; no byte of the library's own files is another afterwards."""

    def files() -> dict[Path, bytes]:
        beside = (library / "lock", library / "lock.owner")
        paths = (path for path in library.rglob("*") if path.is_file() and MENDING not in path.parts)
        return {path: path.read_bytes() for path in paths if path not in beside and path.suffix != ".sqlite-shm"}

    open_to_write(library).close()  # which empties the log
    before = files()
    with pytest.raises(KeyboardInterrupt):
        repair(library, lambda: embedder, Settings(), reembed, window=2)
    assert {path: data for path, data in files().items() if data} == before


def test_a_repair_that_was_cut_short_embeds_only_the_rest(ten: Path, make_desk: MakeDesk) -> None:
    """Four of six were embedded, two at a time, when it was; then it ends sound."""
    before = found(make_desk())
    execute(ten, "DELETE FROM vectors WHERE text_hash IN (SELECT text_hash FROM passages WHERE passage_id <= 6)")
    cut_short(ten, Interrupted(after=5))
    assert not verify(ten).ok
    words = WordEmbedder()
    assert repair(ten, lambda: words, Settings()).ok
    assert len(words.encoded) == 2
    assert verify(ten).ok
    assert found(make_desk()) == before
    assert not (ten / MENDING).exists()


def test_vectors_that_were_doubtful_are_not_made_twice_either(ten: Path, make_desk: MakeDesk) -> None:
    """They stay as they are until those in their place are published."""
    before = found(make_desk())
    execute(ten, "UPDATE vectors SET vector = zeroblob(1024)")
    cut_short(ten, Interrupted(after=8))
    words = WordEmbedder()
    assert repair(ten, lambda: words, Settings()).ok
    assert len(words.encoded) == 2
    assert found(make_desk()) == before


def test_embedding_anew_goes_on_where_it_was_cut_short(ten: Path, make_desk: MakeDesk) -> None:
    """The old vectors answer until then, also where the old embedder's were mended in between."""
    before = found(make_desk())
    cut_short(ten, OtherInterrupted(after=6), reembed=True)
    assert (verify(ten).ok, found(make_desk())) == (True, before)
    assert repair(ten, WordEmbedder, Settings()) == Repair(True)  # has nothing to do, and leaves it
    other = Other()
    assert repair(ten, lambda: other, Settings(), reembed=True).ok
    assert len(other.encoded) == 4
    assert verify(ten).ok
    with pytest.raises(LibraryError, match="made with the embedder others-512"):
        make_desk().search("harbour")


def test_what_another_embedder_had_made_is_not_mixed_in(ten: Path) -> None:
    """It is embedded by the one that the library is mended with."""
    cut_short(ten, OtherInterrupted(after=6), reembed=True)
    words = WordEmbedder()
    assert repair(ten, lambda: words, Settings(), reembed=True).ok
    assert len(words.encoded) == 10


def test_kept_vectors_that_are_damaged_are_made_again(ten: Path) -> None:
    """Their pages have checksums as the library's have."""
    cut_short(ten, Interrupted(after=6), reembed=True)
    kept = ten / MENDING / FILE
    data = bytearray(kept.read_bytes())
    data[-100] ^= 1
    kept.write_bytes(data)
    words = WordEmbedder()
    assert repair(ten, lambda: words, Settings(), reembed=True).ok
    assert len(words.encoded) == 10
    assert verify(ten).ok


def test_a_purge_leaves_nothing_of_a_repair_that_was_cut_short(ten: Path, make_desk: MakeDesk) -> None:
    """The vectors of what is removed may be among those it made."""
    cut_short(ten, Interrupted(after=6), reembed=True)
    make_desk().remove("3.txt", purge=True)
    assert not (ten / MENDING).exists()


def test_the_desk_checks_and_mends(ten: Path, make_desk: MakeDesk) -> None:
    """As the commands do."""
    desk = make_desk()
    assert (desk.verify().ok, desk.verify(fast=True).fast) == (True, True)
    execute(ten, "DELETE FROM keywords WHERE rowid = 1")
    assert not desk.verify(fast=True).ok
    assert desk.repair() == Repair(True, ("keywords: 1 passages are not in the keyword index",))
