"""R5, R6, R17, R19: deletes are real, updates are single, a rebuild is the same, and a bad article costs only itself."""

import gzip
import json
import os
import shutil
import time
from pathlib import Path

from qa.library.verify import verify
from tests.conftest import WordEmbedder
from tests.reliability import made
from tests.reliability.figure import Effort, Figure
from tests.reliability.naive import AppendingLibrary, read_lines
from tests.reliability.scenarios import answers


def deletes(place: Path, effort: Effort) -> list[Figure]:
    """R5: of many articles half are deleted, and asked for by headline and words; a desk that is open is asked."""
    files, library, gone = made.write(place / "files", range(2 * effort.articles)), place / "library", effort.articles
    gone = min(gone, 100)
    desk = made.desk_for(library)
    desk.index(files)
    queries = _queries(effort.queries)
    assert any(hit.article_id == made.name(1) for hit in desk.search(made.title(1)))
    # The first sentences; a headline stays in the history until it is purged.
    sentences = [made.text(number).split("\n")[1].partition(".")[0].encode() for number in range(gone)]
    assert _on_disk(library, sentences) > gone / 2  # of some the end lies on another page
    old = set(os.listdir(library / "segments"))
    for number in range(gone):
        (files / made.name(number)).unlink()
    made.desk_for(library).index(files)
    began = time.monotonic()
    deleted = {made.name(number) for number in range(gone)}
    hits = sum(hit.article_id in deleted for query in queries for hit in desk.search(query))
    first = time.monotonic() - began
    found = _on_disk(library, sentences)
    left = len(old & set(os.listdir(library / "segments")))
    naive = AppendingLibrary()
    naive.index(made.write(place / "again", range(2 * gone)))
    naive.remove(list(range(gone)))
    naive_hits = sum(number not in naive.rows for query in queries[:50] for number in naive.search(query))
    return [
        Figure(
            "R5",
            "a deleted article is found no more by a desk that was open, and its text and index file leave the disk",
            f"{gone} deleted, {len(queries)} searches",
            f"{hits} hits, {found} texts and {left} old index files on the disk (all searches {first:.1f} s)",
            f"{naive_hits} hits in 50 searches",
            not hits and not found and not left and bool(naive_hits),
        )
    ]


def _on_disk(library: Path, sentences: list[bytes]) -> int:
    """How many sentences stand in the files of a library."""
    stored = b"".join(file.read_bytes() for file in library.rglob("*") if file.is_file())
    return sum(sentence in stored for sentence in sentences)


def updates(place: Path, effort: Effort) -> list[Figure]:
    """R6: ten more runs change nothing, and a run after changes embeds just these."""
    files, library, embedder = made.write(place / "files", range(100)), place / "library", WordEmbedder()
    desk = made.desk_for(library, embedder)
    desk.index(files)
    before = verify(library)
    embedder.encoded.clear()
    same = sum(desk.index(files).unchanged == 100 and verify(library) == before for _ in range(10))
    again = len(embedder.encoded)
    made.write(files, range(0, 100, 2), version=1)
    report = desk.index(files)
    after, ids = verify(library), [article.article_id for article in desk.articles()]
    naive = AppendingLibrary()
    for _ in range(2):
        naive.index(files)
    return [
        Figure(
            "R6",
            "indexing again changes nothing; what changed is embedded, and nothing else; no id is there twice",
            "10 more runs, then 50 of 100 articles changed",
            f"{same} of 10 alike with {again} embedded; then {len(embedder.encoded)} embedded, {report.updated} updated, "
            f"{len(ids) - len(set(ids))} ids twice, {after.passages} passages for {before.passages}",
            f"{len(naive.rows)} rows for 100 articles after two runs",
            (same, again, len(embedder.encoded), report.updated, len(set(ids)), after.passages)
            == (10, 0, 50, 50, 100, before.passages)
            and after.ok
            and len(naive.rows) > 100,
        )
    ]


def rebuild(place: Path, effort: Effort) -> list[Figure]:
    """R17: a library with a history is deleted and made again from its articles."""
    files, library = made.write(place / "files", range(60)), place / "library"
    desk = made.desk_for(library)
    desk.index(files)
    made.write(files, range(10, 30), version=1)
    shutil.rmtree(files / "part1")
    desk.index(files)
    made.write(files, range(55, 80), version=2)
    desk.index(files)
    queries = _queries(100)
    before = answers(made.desk_for(library), queries), made.desk_for(library).articles()
    shutil.rmtree(library)
    made.desk_for(library).index(files)
    after = answers(made.desk_for(library), queries), made.desk_for(library).articles()
    alike = sum(_ties_aside(one) == _ties_aside(other) for one, other in zip(before[0], after[0], strict=True))
    naive, fresh = AppendingLibrary(), AppendingLibrary()
    naive.index(files / "part2")
    naive.index(files / "part0")
    fresh.index(files)
    naive_alike = sum(naive.search(query) == fresh.search(query) for query in queries)
    return [
        Figure(
            "R17",
            "a library that is deleted and made again has the same ids and the same ten best",
            f"{len(before[1])} articles, {len(queries)} searches",
            f"articles {'alike' if before[1] == after[1] else 'differ'}, {alike} of {len(queries)} alike",
            f"{naive_alike} of {len(queries)} alike",
            before[1] == after[1] and alike == len(queries) and naive_alike < len(queries),
        )
    ]


def hostile(place: Path, effort: Effort) -> list[Figure]:
    """R19: good files among files of ten kinds that cannot be articles."""
    good, bad = effort.articles, effort.hostile
    files = made.write(place / "files", range(good))
    for number in range(bad):
        _write_hostile(files, number)
    desk = made.desk_for(place / "library")
    report = desk.index(files)
    named = {failure.path.partition(":")[0] for failure in report.failures if failure.reason}
    try:
        read = str(read_lines(files))
    except Exception as error:
        read = f"a {type(error).__name__}"
    return [
        Figure(
            "R19",
            "a file that cannot be an article is listed with its reason and costs only itself",
            f"{good} good and {bad} hostile files",
            f"{report.added} indexed, {len(named)} listed with a reason",
            f"a plain loop ends with {read}",
            (report.added, len(named), len(desk.articles())) == (good, bad, good)
            and verify(place / "library").ok
            and not read.isdecimal(),
        )
    ]


HOSTILE = (
    (".txt", b""),
    (".txt", b" \n\t\n"),
    (".txt", b"\x00\x01\x02\x03"),
    (".jsonl", b'{"id": "", "text": "A text without a name."}\n'),
    (".jsonl", b'{"id": 1\n'),
    (".jsonl", b'{"id": "a"}\n'),
    (".jsonl", b"[" * 100_000 + b"\n"),
    (".jsonl", b'\xff\xfe{"id": "b", "text": "x"}\n'),
    (".jsonl.gz", gzip.compress(json.dumps({"id": "z", "text": "z" * 9000}).encode())[:20]),
    ("\x1b[2J.txt", b"A name that would clear a terminal."),
)


def _write_hostile(files: Path, number: int) -> None:
    suffix, content = HOSTILE[number % len(HOSTILE)]
    (files / f"bad{number}{suffix}").write_bytes(content)


def _queries(count: int) -> tuple[str, ...]:
    """Headlines and words of articles, by turns."""
    return tuple(
        made.title(number // 2) if number % 2 else " ".join(made.text(number // 2).split()[7:11])
        for number in range(count)
    )


def _ties_aside(found: tuple[tuple[str, int, int, float], ...]) -> list[tuple[str, int, int, float]]:
    """The hits in an order of their own among equals; of those that tie with the last none is compared."""
    return sorted((hit for hit in found if hit[3] > found[-1][3]), key=lambda hit: (-hit[3], hit[0]))
