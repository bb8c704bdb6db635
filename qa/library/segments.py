"""Immutable FAISS files: written once, named by their hash, checked before they are parsed.

A generation of the library is a list of these files in SQLite and a set of dead passage ids. A file is written, synced
and renamed before the transaction that lists it, so a kill at any point leaves the old list or the new one.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from qa.errors import LibraryError
from qa.library.durable import make_folder, new_file, rename_file

FOLDER = "segments"
_AT_ONCE = 4_096  # vectors that are put into an index, or taken out of it, together


@dataclass(frozen=True, slots=True)
class Segment:
    """A FAISS file as SQLite lists it."""

    file: str
    sha256: str
    vectors: int


def write_segment(folder: Path, passages: Iterable[tuple[int, bytes]]) -> Segment:
    """Write the vectors of passages, given as ids and float16 values, at least one; returns only when it is on the disk.

    The file has them in 16 bits, too, which takes half the memory and half the time of 32; files of earlier versions have
    those, and are read all the same. Beside the index itself, next to nothing is in memory.
    """
    import faiss

    waiting = iter(passages)
    first = next(waiting)
    index = faiss.IndexIDMap2(
        faiss.IndexScalarQuantizer(len(first[1]) // 2, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    )
    waiting = chain([first], waiting)
    while some := list(islice(waiting, _AT_ONCE)):
        vectors = np.frombuffer(b"".join(vector for _, vector in some), dtype=np.float16).reshape(len(some), -1)
        index.add_with_ids(vectors.astype(np.float32), np.array([passage_id for passage_id, _ in some], dtype=np.int64))
    place, digest = folder / FOLDER, hashlib.sha256()
    make_folder(place)
    temporary = place / "new.tmp"
    with new_file(temporary) as file:

        def write(data: bytes) -> int:
            digest.update(data)
            return file.write(data)

        faiss.write_index(index, faiss.PyCallbackIOWriter(write))  # type: ignore[attr-defined]
    final = place / f"{digest.hexdigest()[:24]}.faiss"
    rename_file(temporary, final)
    return Segment(final.name, digest.hexdigest(), index.ntotal)


def read_segment(folder: Path, segment: Segment) -> Any:
    """The FAISS index of a segment, parsed only after its bytes proved to be those that were written.

    Damaged files can load and give wrong neighbours silently, so the hash is not optional. Raises LibraryError.
    """
    import faiss

    file = folder / FOLDER / segment.file
    try:
        data = file.read_bytes()
    except OSError as error:
        raise LibraryError(
            f"the index file {file} cannot be read ({error.strerror}); run: qa repair --library {folder}"
        ) from error
    if hashlib.sha256(data).hexdigest() != segment.sha256:
        raise LibraryError(f"the index file {file} is damaged (its hash differs); run: qa repair --library {folder}")
    return faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))


def ids_of(index: Any) -> Any:
    """The passage ids of a FAISS index in the order of its vectors, int64 of shape (n,)."""
    import faiss

    return faiss.vector_to_array(index.id_map)


def contents_of(index: Any) -> Iterator[tuple[list[int], Any]]:
    """The passage ids of a FAISS index with their vectors, float32 of shape (n, dimension), few at a time."""
    ids = ids_of(index).tolist()
    for first in range(0, len(ids), _AT_ONCE):
        some = ids[first : first + _AT_ONCE]
        yield some, index.index.reconstruct_n(first, len(some))


def remove_unlisted(folder: Path, listed: Sequence[str]) -> None:
    """Delete what no generation lists: files of older generations and what a killed run left behind."""
    place = folder / FOLDER
    for file in place.glob("*") if place.is_dir() else ():
        if file.name not in listed:
            file.unlink(missing_ok=True)


class VectorIndex:
    """The vectors of one generation in memory; never changed after loading, so threads may share it."""

    def __init__(self, folder: Path, segments: Sequence[Segment], before: "VectorIndex | None" = None) -> None:
        """Read every segment that ``before`` does not hold. Raises LibraryError when one is missing or damaged."""
        held = before.by_segment if before else {}
        self._folder = folder
        self.by_segment: dict[Segment, Any] = {
            segment: held[segment] if segment in held else read_segment(folder, segment) for segment in segments
        }

    def __len__(self) -> int:
        """How many vectors there are."""
        return sum(index.ntotal for index in self.by_segment.values())

    def search(self, vector: Any, count: int, allowed: Any = None) -> list[tuple[int, float]]:
        """The nearest passage ids with their inner products, best first, ties by id; ``vector`` has shape (dimension,).

        ``allowed`` says for each id, bool of shape (n,), whether it may be found; None for all.
        """
        import faiss

        query = np.ascontiguousarray(vector, dtype=np.float32)[None, :]
        parameters = None
        if allowed is not None:
            selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))  # type: ignore[call-arg, arg-type]
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        found: list[tuple[int, float]] = []
        for index in self.by_segment.values():
            scores, ids = index.search(query, min(count, index.ntotal), params=parameters)
            found += [(int(i), float(s)) for i, s in zip(ids[0], scores[0], strict=True) if i >= 0]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:count]

    def cosines(self, passage_ids: Sequence[int], vector: Any) -> dict[int, float]:
        """The inner product of each passage's vector with ``vector``, float32 of shape (dimension,).

        Of these files every byte was held against a hash; of the same vectors in SQLite only whole pages are, and not where
        the head of the database is damaged. Raises LibraryError for a passage without a vector.
        """
        return {passage_id: float(self._vector(passage_id) @ vector) for passage_id in passage_ids}

    def _vector(self, passage_id: int) -> Any:
        for index in self.by_segment.values():
            with suppress(RuntimeError):  # the passage is in another file
                return index.reconstruct(passage_id)
        raise LibraryError(f"a passage is in no index file; run: qa repair --library {self._folder}")
