"""Articles in ``.jsonl`` and ``.jsonl.gz`` files, one JSON object a line."""

import gzip
import io
import json
import os
import zlib
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO, cast

from qa.articles.candidate import Candidate, candidate_from
from qa.articles.cleaning import clean_text, one_line
from qa.articles.draft import Draft
from qa.articles.several import BAD_RECORDS, ID_CHARACTERS, Record, last_of_each
from qa.errors import InputError
from qa.types import Failure

LINE_BYTES = 20_000_000
EXPANDED_BYTES = 2_000_000_000
EXPANSION = 500  # news packs to a third or a tenth, equal lines to a hundredth; only a bomb reaches a thousandth
SMALL_BYTES = 64_000_000  # an expansion that harms nobody, whatever its ratio
BLANK_LINES = 1_000_000


def scan_lines(file: BinaryIO, path: str, compressed: bool) -> Iterator[Candidate | Failure]:
    """Yield a candidate for each line with an id and a text, a failure for each other line that is not blank.

    The file is read twice, because of an id that stands on several lines only the last counts. What was read before
    the damage in a compressed file counts.
    """

    def records() -> Iterator[Record]:
        file.seek(0)
        return _records(file, path, compressed)

    return last_of_each(records, "line")


def lines_without(file: BinaryIO, compressed: bool, given_ids: Collection[str]) -> Iterator[bytes]:
    """Yield the lines of a file, stripped and ended, save those of articles with these ids; bad lines stay.

    Raises InputError, EOFError, OSError or zlib.error where the file is damaged.
    """
    for _, line in _numbered_lines(_expanded(file) if compressed else file):
        try:
            gone = _given_id(line) in given_ids
        except InputError:
            gone = False
        if not gone:
            yield line + b"\n"


def read_line(line: bytes) -> Draft:
    """Return what a line of JSON says about its article.

    Raises InputError when it is no object with an ``id`` and a ``text``.
    """
    fields = _fields(line)
    known: dict[str, Any] = {
        name: value for name in ("title", "date", "source", "url") if isinstance(value := fields.get(name), str)
    }
    return Draft(fields["text"], **known)


def _records(file: BinaryIO, path: str, compressed: bool) -> Iterator[Record]:
    """Yield line numbers from 1 with what stands on the lines; damage to the file itself ends it with number 0."""
    stream = _expanded(file) if compressed else file
    bad = 0
    try:
        for number, line in _numbered_lines(stream):
            try:
                yield number, candidate_from(path, line, _given_id(line))
            except InputError as error:
                yield number, Failure(f"{path}:{number}", str(error))
                bad += 1
            if bad > BAD_RECORDS:
                raise InputError(f"has over {BAD_RECORDS:,} bad lines; what came before them counts, correct the file")
    except InputError as error:
        yield 0, Failure(path, str(error))
    except (EOFError, OSError, zlib.error) as error:
        kind = "damaged or cut short" if compressed else "unreadable"
        yield 0, Failure(path, f"is {kind} ({one_line(str(error))}); what came before it counts, replace the file")


def _numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield each line that is not blank, stripped, with its number; of a line that is too long only its beginning."""
    number = blank = 0
    while line := stream.readline(LINE_BYTES + 1):
        number += 1
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(1 << 20)):
            pass
        if len(line) > LINE_BYTES:
            yield number, line
        elif stripped := line.strip():
            yield number, stripped
        else:
            blank += 1
            if blank > BLANK_LINES:
                raise InputError(f"has over {BLANK_LINES:,} blank lines; what came before them counts, remove them")


def _given_id(line: bytes) -> str:
    return cast(str, _fields(line)["id"])


def _fields(line: bytes) -> dict[str, Any]:
    """Return the line's object with ``id`` and ``text`` as strings."""
    if len(line) > LINE_BYTES:
        raise InputError(f"is longer than {LINE_BYTES // 1_000_000} MB; split the article")
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8; convert the file to UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise InputError("is not JSON; write one JSON object on each line") from error
    if not isinstance(fields, dict):
        raise InputError('is not a JSON object; write {"id": ..., "text": ...} on each line')
    if not isinstance(fields.get("text"), str):
        raise InputError('has no "text" that is a string; add one')
    fields["id"] = _checked_id(fields.get("id"))
    return fields


def _checked_id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise InputError('has no "id" that is a string; add one')
    given_id = " ".join(clean_text(value).split())
    if not 0 < len(given_id) <= ID_CHARACTERS:
        raise InputError(f'has an "id" that is empty or longer than {ID_CHARACTERS} characters; correct it')
    return given_id


def _expanded(file: BinaryIO) -> BinaryIO:
    size = os.fstat(file.fileno()).st_size
    limit = min(EXPANDED_BYTES, max(SMALL_BYTES, EXPANSION * size))
    return io.BufferedReader(_Expanding(gzip.GzipFile(fileobj=file), limit), 1 << 20)


class _Expanding(io.RawIOBase):
    """The bytes of a compressed file up to a limit."""

    def __init__(self, file: gzip.GzipFile, limit: int) -> None:
        self._file = file
        self._limit = limit

    def readable(self) -> bool:
        """Return whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer and return the number of bytes; raises InputError beyond the limit."""
        data = self._file.read1(len(buffer))  # read would lose what stands before damage
        if self._file.tell() > self._limit:
            raise InputError(f"expands to more than {self._limit // 1_000_000} MB; split it or give it uncompressed")
        buffer[: len(data)] = data
        return len(data)
