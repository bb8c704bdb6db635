"""Articles in .csv and .json files, whole and broken."""

import json
from collections.abc import Iterator

import pytest

from qa.articles import ArticleReader
from qa.articles.candidate import RepeatedId
from qa.types import Article, Failure
from tests.broken_files import cut_short, damaged, read_all

ROWS = [
    {"id": "ferry-1", "title": "Ferry opens", "date": "2026-05-01", "source": "Post", "url": "https://post.example/1",
     "text": "The ferry to K\u00f6nigsr\u00fccken opened; it cost \u201c40\u201d million."},
    {"id": "crane-2", "title": "New crane", "date": "", "source": "", "url": "", "text": "Line one,\nline \"two\"."},
]  # fmt: skip
FERRY = Article("ferry-1", "Ferry opens", "2026-05-01", "Post", "https://post.example/1", ROWS[0]["text"])
CRANE = Article("crane-2", "New crane", None, None, None, ROWS[1]["text"])


def make_csv(rows: list[dict[str, str]] = ROWS, separator: str = ",", names: list[str] | None = None) -> str:
    """A table of rows, every cell in quotation marks; ``names`` stand in the first line instead of the keys."""
    lines = [names or list(rows[0]), *(row.values() for row in rows)]
    return "".join(separator.join('"' + cell.replace('"', '""') + '"' for cell in line) + "\r\n" for line in lines)


@pytest.fixture(scope="module")
def reader() -> Iterator[ArticleReader]:
    """Yield a reader with its usual limits."""
    with ArticleReader() as reader:
        yield reader


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_each_row_of_a_table_is_an_article(reader: ArticleReader, separator: str, encoding: str) -> None:
    """Whatever separates the cells, and in whatever encoding."""
    assert read_all(reader, "a.csv", make_csv(separator=separator).encode(encoding)) == [FERRY, CRANE]


@pytest.mark.parametrize(
    "document",
    [ROWS, {"articles": ROWS}, {"version": "https://jsonfeed.org/version/1.1", "title": "Feed", "items": ROWS}]
    + [[{**ROWS[0], "tags": ["a"], "score": 1.5, "extra": None}, ROWS[1]]],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_each_object_of_a_list_is_an_article(reader: ArticleReader, document: object, encoding: str) -> None:
    """The list may stand under one of a few names; other fields are of no interest."""
    data = json.dumps(document, ensure_ascii=False).encode(encoding)
    assert read_all(reader, "a.json", data) == [FERRY, CRANE]


def test_an_object_that_is_an_article_is_one(reader: ArticleReader) -> None:
    """A file for each article is common, too."""
    assert read_all(reader, "a.json", json.dumps(ROWS[0]).encode()) == [FERRY]


def test_fields_have_other_names_too(reader: ArticleReader) -> None:
    """In any case, in the order in which the documents list them; HTML is read as pages are."""
    names = ["GUID", " Headline ", "Published_At", "Publisher", "Link", "Body"]
    assert read_all(reader, "a.csv", make_csv(names=names).encode()) == [FERRY, CRANE]
    item = {"id": 7, "title": "A", "date_published": "2026-05-01T10:00:00Z", "content_html": "<p>One <b>two</b>.</p>"}
    assert read_all(reader, "a.json", json.dumps({"items": [item]}).encode()) == [
        Article("7", "A", "2026-05-01", None, None, "One two.")
    ]


def test_an_id_does_not_depend_on_the_order(reader: ArticleReader) -> None:
    """It is the id given, else the address, else comes from the content: 64 digits."""
    rows = [{**ROWS[0], "id": ""}, {**ROWS[1], "id": ""}, {**ROWS[0], "id": " x\ny "}]
    there = read_all(reader, "a.csv", make_csv(rows).encode())
    back = read_all(reader, "b.csv", make_csv(rows[::-1]).encode())
    assert there == back[::-1]
    ids = [entry.article_id for entry in there if isinstance(entry, Article)]
    assert (ids[0], len(ids[1]), ids[2]) == ("https://post.example/1", 64, "x y")


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_of_an_id_that_stands_twice_the_last_counts(reader: ArticleReader, suffix: str) -> None:
    """The other is listed with its place."""
    rows = [ROWS[0], ROWS[1], {**ROWS[0], "text": "New."}]
    data = make_csv(rows) if suffix == "csv" else json.dumps(rows)
    first, *rest = read_all(reader, f"a.{suffix}", data.encode())
    place, last = ("2", "line 5") if suffix == "csv" else ("1", "entry 3")
    assert first == RepeatedId(f"a.{suffix}:{place}", f"id ferry-1 stands again on {last}, which counts")
    assert [entry.text for entry in rest if isinstance(entry, Article)] == [CRANE.text, "New."]


def test_a_row_without_a_text_fails_alone(reader: ArticleReader) -> None:
    """An empty line is no row; a row may be short or long."""
    data = make_csv([ROWS[0], {**ROWS[1], "text": " "}]) + "\r\n,,,,,\r\nshort\r\nx,T,,,,Long,more,more\r\n"
    ended = read_all(reader, "a.csv", data.encode())
    assert [entry.path for entry in ended if isinstance(entry, Failure)] == ["a.csv:3", "a.csv:6"]
    assert [entry.text for entry in ended if isinstance(entry, Article)] == [FERRY.text, "Long"]


def test_an_entry_that_is_no_article_fails_alone(reader: ArticleReader) -> None:
    """No object, no text, a text that is no string, HTML without a text."""
    bad = [
        7,
        None,
        [],
        "x",
        {},
        {"text": None},
        {"text": ["x"]},
        {"text": True},
        {"content_html": "<img>"},
        {"text": "\x00"},
    ]
    ended = read_all(reader, "a.json", json.dumps([*bad, ROWS[0]]).encode())
    assert sum(isinstance(entry, Failure) for entry in ended) == len(bad)
    assert ended[-1] == FERRY


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.csv", b"", "has no column of texts"),
        ("a.csv", b"\n\n\n", "has no column of texts"),
        ("a.csv", b"year,cost\n2026,4\n", "has no column of texts"),
        ("a.csv", b"just text", "has no column of texts"),
        ("a.csv", b"id,text\n", "has no rows"),
        ("a.csv", b"id,text\n\n,\n", "has no rows"),
        ("a.csv", b"\x00" * 500, "is not text (binary data)"),
        ("a.csv", b"PK\x03\x04" + bytes(500), "is not text (binary data)"),
        ("a.csv", b'id,text\n1,"' + b"x" * 20_000_001, "cannot be parsed as CSV"),
        ("a.csv", "id,text\n".encode("utf-16") + b"\x00", "is not the UTF-16 text"),
        ("a.json", b"", "is not JSON"),
        ("a.json", b"{", "is not JSON"),
        ("a.json", b"no json", "is not JSON"),
        ("a.json", b'{"id": "1", "text": "x"}\n{"id": "2", "text": "y"}\n', "name it .jsonl"),
        ("a.json", b"[" * 200_000, "is not JSON"),
        ("a.json", b'{"a":' * 200_000, "is not JSON"),
        ("a.json", b"[" + b"9" * 5000 + b"]", "is not JSON"),
        ("a.json", b"\xff\xfe\xfd", "is not the UTF-16 text"),
        ("a.json", b"\x00\x01\x02" * 99, "is not text (binary data)"),
        ("a.json", b"7", "holds no articles"),
        ("a.json", b"null", "holds no articles"),
        ("a.json", b'"text"', "holds no articles"),
        ("a.json", b"[]", "holds no articles"),
        ("a.json", b'{"name": "a-package", "version": "1.0"}', "holds no articles"),
        ("a.json", b'{"articles": []}', "holds no articles"),
    ],
)  # fmt: skip
def test_a_file_without_articles_is_one_failure(reader: ArticleReader, name: str, data: bytes, reason: str) -> None:
    """With what is wrong and what to do."""
    (failure,) = read_all(reader, name, data)
    assert isinstance(failure, Failure)
    assert failure.path == name
    assert reason in failure.reason


def test_a_file_of_bad_entries_is_left(reader: ArticleReader) -> None:
    """What comes before them counts; the reasons must not fill the memory."""
    ended = read_all(reader, "a.json", json.dumps([ROWS[0], *[0] * 100_002, ROWS[1]]).encode())
    assert ended[0] == FERRY
    assert len(ended) == 100_003
    assert "has over 100,000 bad entries" in ended[-1].reason  # type: ignore[union-attr]


def test_a_table_or_list_cut_short_or_damaged_costs_only_itself(reader: ArticleReader) -> None:
    """Forty of each: articles, failures, or both."""
    for name, text in (("a.csv", make_csv(ROWS * 3)), ("a.json", json.dumps(ROWS * 3))):
        for data in (*cut_short(text.encode(), 20), *damaged(text.encode(), 20)):
            assert read_all(reader, name, data)
    assert read_all(reader, "a.json", json.dumps(ROWS).encode()) == [FERRY, CRANE]


def test_what_needs_too_much_memory_costs_only_itself() -> None:
    """Objects are larger than what is written of them."""
    with ArticleReader(memory_bytes=150_000_000) as reader:
        (failure,) = read_all(reader, "a.json", b"[" + b"{}," * 2_000_000 + b"{}]")
        assert "needs too much memory (over 150 MB)" in failure.reason  # type: ignore[union-attr]
        assert read_all(reader, "a.json", json.dumps(ROWS).encode()) == [FERRY, CRANE]
