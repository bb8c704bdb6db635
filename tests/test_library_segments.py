"""Immutable FAISS files."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest

from qa.errors import LibraryError
from qa.library.segments import Segment, VectorIndex, contents_of, ids_of, read_segment, remove_unlisted, write_segment

AXES = np.eye(4, dtype=np.float32)


def written(library: Path, ids: Sequence[int], vectors: Any) -> Segment:
    """A FAISS file of vectors under their passage ids, given as SQLite has them."""
    return write_segment(library, zip(ids, (vector.astype(np.float16).tobytes() for vector in vectors), strict=True))


def contents(library: Path, segment: Segment) -> dict[int, list[float]]:
    """The vectors of a FAISS file by their passage ids."""
    parts = contents_of(read_segment(library, segment))
    return {number: vector.tolist() for ids, vectors in parts for number, vector in zip(ids, vectors, strict=True)}


def test_a_segment_is_named_by_its_hash_and_read_back(tmp_path: Path) -> None:
    """The same vectors give the same file; nothing temporary is left."""
    segment = written(tmp_path, [10, 11], AXES[:2])
    data = (tmp_path / "segments" / segment.file).read_bytes()
    assert (segment.sha256, segment.vectors) == (hashlib.sha256(data).hexdigest(), 2)
    assert segment.file == f"{segment.sha256[:24]}.faiss"
    assert written(tmp_path, [10, 11], AXES[:2]) == segment
    assert [file.name for file in (tmp_path / "segments").iterdir()] == [segment.file]
    assert read_segment(tmp_path, segment).ntotal == 2


def test_a_file_of_an_earlier_version_holds_32_bits_and_is_searched_with_the_others(tmp_path: Path) -> None:
    """What was written before is not made anew."""
    former = faiss.IndexIDMap2(faiss.IndexFlatIP(4))
    former.add_with_ids(AXES[:1], np.array([7]))
    data = faiss.serialize_index(former).tobytes()
    digest = hashlib.sha256(data).hexdigest()
    now = written(tmp_path, [8], AXES[1:2])
    (tmp_path / "segments" / "former.faiss").write_bytes(data)
    index = VectorIndex(tmp_path, [Segment("former.faiss", digest, 1), now])
    question, allowed = np.array([0.8, 0.6, 0, 0]), np.array([False] * 8 + [True])
    assert index.search(question, 2) == [(7, pytest.approx(0.8)), (8, pytest.approx(0.6))]
    assert index.search(question, 2, allowed) == [(8, pytest.approx(0.6))]
    assert contents(tmp_path, Segment("former.faiss", digest, 1)) == {7: [1, 0, 0, 0]}
    assert contents(tmp_path, now) == {8: [0, 1, 0, 0]}


def test_a_vector_is_read_back_as_sqlite_keeps_it(tmp_path: Path) -> None:
    """In 16 bits, every one of which is kept."""
    stored = np.array([[0.1, -0.7, 0.33, 0.62]], dtype=np.float16).astype(np.float32)
    assert contents(tmp_path, written(tmp_path, [5], stored)) == {5: stored[0].tolist()}


def test_every_flipped_byte_is_found_before_the_file_is_parsed(tmp_path: Path) -> None:
    """FAISS itself would load some of these files and give wrong neighbours."""
    segment = written(tmp_path, [1, 2], AXES[:2])
    file = tmp_path / "segments" / segment.file
    sound = file.read_bytes()
    for position in range(len(sound)):
        file.write_bytes(sound[:position] + bytes([sound[position] ^ 1]) + sound[position + 1 :])
        with pytest.raises(LibraryError, match=r"is damaged .*; run: qa repair"):
            read_segment(tmp_path, segment)


@pytest.mark.parametrize("cut", [0, 1, 50])
def test_a_truncated_or_missing_file_names_the_repair(tmp_path: Path, cut: int) -> None:
    """Both are LibraryErrors of one line."""
    segment = written(tmp_path, [1, 2], AXES[:2])
    file = tmp_path / "segments" / segment.file
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(LibraryError, match="qa repair"):
        VectorIndex(tmp_path, [segment])
    file.unlink()
    with pytest.raises(LibraryError, match=r"cannot be read .*; run: qa repair"):
        VectorIndex(tmp_path, [segment])


def test_a_file_of_another_generation_is_refused(tmp_path: Path) -> None:
    """A sound file under the wrong name is not the one that was listed."""
    one, other = written(tmp_path, [1], AXES[:1]), written(tmp_path, [2], AXES[1:2])
    (tmp_path / "segments" / one.file).write_bytes((tmp_path / "segments" / other.file).read_bytes())
    with pytest.raises(LibraryError, match="is damaged"):
        read_segment(tmp_path, one)


def test_several_segments_are_searched_as_one(tmp_path: Path) -> None:
    """Inner products by hand; best first, ties by id, whatever file they stand in."""
    index = VectorIndex(tmp_path, [written(tmp_path, [3, 1], AXES[[0, 1]]), written(tmp_path, [2], AXES[[0]])])
    assert index.search(np.array([0.8, 0.6, 0, 0]), 9) == [
        (2, pytest.approx(0.8)),
        (3, pytest.approx(0.8)),
        (1, pytest.approx(0.6)),
    ]
    assert [i for i, _ in index.search(np.array([0.8, 0.6, 0, 0]), 1)] == [2]


def test_what_is_not_allowed_is_shut_out(tmp_path: Path) -> None:
    """Before the best are counted, not after; an id beyond the end is not allowed either."""
    index = VectorIndex(tmp_path, [written(tmp_path, [1, 2, 3, 90], AXES[[0, 1, 2, 0]])])
    assert [i for i, _ in index.search(AXES[0], 1, np.array([False, False, True, True]))] == [2]
    assert index.search(AXES[0], 3, np.zeros(4, dtype=bool)) == []


def test_an_index_of_nothing_finds_nothing(tmp_path: Path) -> None:
    """A library without passages has no files."""
    assert VectorIndex(tmp_path, ()).search(AXES[0], 5) == []


def test_what_is_in_memory_is_not_read_again(tmp_path: Path) -> None:
    """A generation that shares files with the one before needs only the others."""
    old, new = written(tmp_path, [1], AXES[:1]), written(tmp_path, [2], AXES[1:2])
    before = VectorIndex(tmp_path, [old])
    (tmp_path / "segments" / old.file).unlink()
    both = VectorIndex(tmp_path, [old, new], before)
    assert [i for i, _ in both.search(AXES[0], 2)] == [1, 2]
    with pytest.raises(LibraryError, match="cannot be read"):
        VectorIndex(tmp_path, [new, Segment(old.file, "another hash", 1)], before)


def test_contents_are_what_was_written(tmp_path: Path) -> None:
    """Every id with its vector, in the order in which they were written, also where they are handed over in several parts."""
    ids = list(range(9_000, 0, -1))
    index = read_segment(tmp_path, written(tmp_path, ids, AXES[[number % 4 for number in ids]]))
    parts = list(contents_of(index))
    assert len(parts) > 1
    assert [number for some, _ in parts for number in some] == ids_of(index).tolist() == ids
    assert all(vectors.tolist() == AXES[[number % 4 for number in some]].tolist() for some, vectors in parts)


def test_what_no_generation_lists_is_deleted(tmp_path: Path) -> None:
    """Older files, and what a killed run left half written."""
    kept, old = written(tmp_path, [1], AXES[:1]), written(tmp_path, [2], AXES[:1])
    (tmp_path / "segments" / "abc.tmp").write_bytes(b"half")
    remove_unlisted(tmp_path, [kept.file])
    assert [file.name for file in (tmp_path / "segments").iterdir()] == [kept.file]
    assert old.file != kept.file
    remove_unlisted(tmp_path / "nowhere", [])


def test_a_segment_is_equal_by_what_sqlite_lists() -> None:
    """The loaded generation is recognised by it."""
    assert Segment("a", "b", 1) == Segment("a", "b", 1) != Segment("a", "c", 1)
