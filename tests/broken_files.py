"""Files of a format that are broken in ways a test can name, and how they end."""

import io
import random
import re
import zipfile
from collections.abc import Iterator, Mapping

from qa.articles import ArticleReader
from qa.articles.candidate import Candidate, Collection, Noted, Skipped, candidate_from
from qa.errors import InputError
from qa.types import Article, Failure

CLAUSE = re.compile(r"(?:is|has|holds|lacks|expands|cannot|needs|took|was|id) [^\n]*[;,] [^\n]*")


def read(reader: ArticleReader, path: str, data: bytes) -> Article | str:
    """The article in a file, or the reason why there is none, which is one clause that says what to do."""
    try:
        article = reader.read(candidate_from(path, data))
    except InputError as error:
        assert CLAUSE.fullmatch(str(error)), str(error)
        return str(error)
    assert article.text.strip()
    assert list(article.pages) == sorted(article.pages)
    return article


def read_all(reader: ArticleReader, path: str, data: bytes) -> list[Article | Failure | Skipped]:
    """The articles in a file of several, what is listed as failed, and files in an archive that are passed over; no notes."""
    ended: list[Article | Failure | Skipped] = []
    for found in reader.entries(Collection(path, data)):
        if isinstance(found, Candidate):
            try:
                ended.append(reader.read(found))
            except InputError as error:
                place = found.path if found.given_id is None else f"{found.path} (id {found.given_id})"
                ended.append(Failure(place, str(error)))
        elif not isinstance(found, Noted):
            ended.append(found)
    assert all(CLAUSE.fullmatch(found.reason) for found in ended if isinstance(found, Failure)), ended
    return ended


def cut_short(data: bytes, count: int) -> Iterator[bytes]:
    """The data cut at ``count`` lengths from 1 byte to all but one, evenly."""
    return (data[: 1 + (len(data) - 2) * number // (count - 1)] for number in range(count))


def damaged(data: bytes, count: int) -> Iterator[bytes]:
    """The data ``count`` times, each time with one byte in a hundred drawn anew; the same bytes in every run."""
    chance = random.Random(20310402)
    for _ in range(count):
        other = bytearray(data)
        for _ in range(1 + len(data) // 100):
            other[chance.randrange(len(data))] = chance.randrange(256)
        yield bytes(other)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip file of these files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return written.getvalue()


def rezipped(data: bytes, changed: Mapping[str, bytes | None]) -> bytes:
    """A zip file with some of its files changed, added, or, where None stands for one, left out."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    return zipped({name: value for name, value in {**files, **changed}.items() if value is not None})
