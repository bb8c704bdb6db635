"""Files of a format that are broken in ways a test can name, and how they end."""

import random
import re
from collections.abc import Iterator

from qa.articles import ArticleReader
from qa.articles.candidate import Candidate, Collection, candidate_from
from qa.errors import InputError
from qa.types import Article, Failure

CLAUSE = re.compile(r"(?:is|has|holds|cannot|needs|took|was) [^\n]*; [^\n]*")


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


def read_all(reader: ArticleReader, path: str, data: bytes) -> list[Article | Failure]:
    """The articles in a file of several, and what is listed as failed."""
    ended: list[Article | Failure] = []
    for found in reader.entries(Collection(path, data)):
        if isinstance(found, Candidate):
            try:
                ended.append(reader.read(found))
            except InputError as error:
                ended.append(Failure(f"{found.path} (id {found.given_id})", str(error)))
        else:
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
