"""Articles in .jsonl and .jsonl.gz files."""

import gzip
import json
from pathlib import Path

import pytest

from qa.articles.candidate import Candidate, RepeatedId
from qa.articles.draft import Draft
from qa.articles.json_lines import read_line, scan_lines
from qa.types import Failure


def scan(path: Path) -> list[Candidate | Failure]:
    """Return everything in a file of lines."""
    with path.open("rb") as file:
        return list(scan_lines(file, path.name, path.name.endswith(".gz")))


def line(given_id: object, text: object = "Text.") -> bytes:
    """Return a line of JSON with its end."""
    return json.dumps({"id": given_id, "text": text}).encode() + b"\n"


def ids(found: list[Candidate | Failure]) -> list[str | None]:
    """Return the ids of the candidates."""
    return [entry.given_id for entry in found if isinstance(entry, Candidate)]


def test_each_line_is_a_candidate(tmp_path: Path) -> None:
    """In order, stripped, blank lines and a byte order mark ignored; an integer id becomes a string."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + line("x") + b"\n  \r\n" + line(7) + line(" y\n z\x00 ").rstrip())
    found = scan(path)
    assert ids(found) == ["x", "7", "y z"]
    assert isinstance(found[1], Candidate)
    assert (found[1].path, found[1].data) == ("a.jsonl", line(7).strip())


@pytest.mark.parametrize(
    "bad",
    [b"{", b"[1]", b'"x"', b'{"id": "x"}', b'{"text": "x"}', b'{"id": " ", "text": "x"}', b'{"id": true, "text": "x"}']
    + [b'{"id": "x", "text": null}', b'{"id": "\xff", "text": "x"}', b"[" * 100_000, b'{"id": 1.5, "text": "x"}']
    + [b'{"id": "' + b"x" * 1001 + b'", "text": "x"}', b'{"id": ' + b"9" * 5000 + b', "text": "x"}'],
)
def test_a_bad_line_fails_alone(tmp_path: Path, bad: bytes) -> None:
    """It is listed by its number, and the lines around it count."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(line("first") + b"\n" + bad + b"\n" + line("last"))
    found = scan(path)
    assert ids(found) == ["first", "last"]
    assert [entry.path for entry in found if isinstance(entry, Failure)] == ["a.jsonl:3"]


def test_a_line_that_is_too_long_fails_alone(tmp_path: Path) -> None:
    """It is passed over without being held in memory as a whole."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(line("first") + b"x" * 22_000_000 + b"\n" + line("last"))
    found = scan(path)
    assert ids(found) == ["first", "last"]
    assert Failure("a.jsonl:2", "is longer than 20 MB; split the article") in found


def test_of_an_id_that_stands_twice_the_last_counts(tmp_path: Path) -> None:
    """The earlier ones are failures that name the line that counts."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(line("x", "old") + line("y") + line("x", "older") + line(" x ", "new"))
    found = scan(path)
    assert found[0] == RepeatedId("a.jsonl:1", "id x stands again on line 4, which counts")
    assert found[2] == RepeatedId("a.jsonl:3", "id x stands again on line 4, which counts")
    assert [read_line(entry.data).text for entry in found if isinstance(entry, Candidate)] == ["Text.", "new"]


def test_a_compressed_file_reads_like_a_plain_one(tmp_path: Path) -> None:
    """Line for line."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(line("x")) + gzip.compress(line("y")))
    assert ids(scan(path)) == ["x", "y"]


@pytest.mark.parametrize("damage", ["cut", "checksum", "trailing"])
def test_what_came_before_damage_counts(tmp_path: Path, damage: str) -> None:
    """And the file is one failure."""
    whole = gzip.compress(b"".join(line(number, "Text. " * 50 + str(number**7)) for number in range(2000)))
    damaged = {
        "cut": whole[: len(whole) // 2],
        "checksum": whole[:-8] + b"\x00" * 8,
        "trailing": whole + b"no gzip",
    }
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(damaged[damage])
    found = scan(path)
    failures = [entry for entry in found if isinstance(entry, Failure)]
    assert [failure.path for failure in failures] == ["a.jsonl.gz"]
    assert "damaged or cut short" in failures[0].reason
    assert ids(found) == [str(number) for number in range(len(found) - 1)]
    assert len(found) == 2001 if damage != "cut" else 100 < len(found) < 2000


def test_a_file_that_is_no_gzip_fails(tmp_path: Path) -> None:
    """Whatever its name says; an empty file holds nothing."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(line("x"))
    assert [entry.path for entry in scan(path)] == ["a.jsonl.gz"]
    path.write_bytes(b"")
    assert scan(path) == []


def test_a_gzip_bomb_is_left_at_its_limit(tmp_path: Path) -> None:
    """Lines before it count."""
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb") as file:
        file.write(line("x"))
        for _ in range(70):
            file.write(bytes(1_000_000))
    found = scan(path)
    assert ids(found) == ["x"]
    assert found[-1] == Failure("a.jsonl.gz", "expands to more than 64 MB; split it or give it uncompressed")


def test_a_file_of_blank_or_bad_lines_is_left(tmp_path: Path) -> None:
    """Lines before them count, and the file is one more failure."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(line("x") + b"\n" * 1_000_001 + line("y"))
    found = scan(path)
    assert ids(found) == ["x"]
    assert [entry.path for entry in found if isinstance(entry, Failure)] == ["a.jsonl"]
    path.write_bytes(line("x") + b"{\n" * 100_001 + line("y"))
    found = scan(path)
    assert ids(found) == ["x"]
    assert len(found) == 100_003
    assert found[-1].path == "a.jsonl"


def test_a_line_gives_what_it_says_about_itself() -> None:
    """Values that are no strings count as missing."""
    fields = {"id": "x", "text": "T", "title": "A", "date": "2026-05-01", "url": "https://a.example", "source": "Post"}
    assert read_line(json.dumps(fields).encode()) == Draft("T", "A", "2026-05-01", "Post", "https://a.example")
    assert read_line(b'{"id": 1, "text": "T", "title": 5, "date": 2026, "url": [], "source": null}') == Draft("T")
