"""Pages in .warc and .warc.gz files, whole, broken and hostile."""

import gzip
import zlib
from collections.abc import Iterator
from hashlib import sha1

import brotli
import pytest

from qa.articles import ArticleReader
from qa.types import Article, Failure
from tests.broken_files import cut_short, damaged, read_all
from tests.test_articles_parsing import PAGE, STALLING
from tests.test_articles_parsing import TEXT as PAGE_TEXT

HTML = PAGE.format(charset="utf-8").encode()
HOST = "https://post.example"
WORDS = "The harbour board of {} agreed on a new crane for the east quay, {} years after the storm."


def page_of(place: str, years: str = "two") -> bytes:
    """A small page that states no date."""
    return f"<html><head><title>{place}</title></head><body><article><p>{WORDS.format(place, years)}</p></article></body></html>".encode()


def record(kind: str, block: bytes, url: str | None = None, taken: str = "2031-04-02T10:00:00Z", **more: str) -> bytes:
    """A record; ``more`` are further fields of its head."""
    fields = {
        "WARC-Type": kind,
        "WARC-Date": taken,
        "WARC-Record-ID": "<urn:uuid:1>",
        "Content-Length": str(len(block)),
    }
    if url:
        fields["WARC-Target-URI"] = url
    fields |= {name.replace("_", "-"): value for name, value in more.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def http(body: bytes, status: str = "200 OK", **fields: str) -> bytes:
    """What a server sends."""
    fields = {"Content_Type": "text/html; charset=utf-8", **fields}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def response(path: str, body: bytes, taken: str = "2031-04-02T10:00:00Z", **fields: str) -> bytes:
    """The capture of a page."""
    return record("response", http(body, **fields), f"{HOST}/{path}", taken)


def archive(*records: bytes, packed: bool = False) -> bytes:
    """A web archive of records, each packed by itself where it is packed."""
    return b"".join(gzip.compress(one, mtime=0) if packed else one for one in records)


INFO = record("warcinfo", b"software: a crawler\r\n", Content_Type="application/warc-fields")
FERRY, CRANE = response("ferry", HTML), response("crane", page_of("Hareid"))
RECORDS = (
    INFO,
    record("request", b"GET /ferry HTTP/1.1\r\nHost: post.example\r\n\r\n", f"{HOST}/ferry"),
    FERRY,
    record("metadata", b"via: https://post.example/\r\n", f"{HOST}/ferry"),
    CRANE,
)
WHOLE, PACKED = archive(*RECORDS), archive(*RECORDS, packed=True)
ARTICLES = [
    Article(f"{HOST}/ferry", "Ferry opens", "2026-05-01", "Kestrel Post", f"{HOST}/ferry", PAGE_TEXT),
    Article(f"{HOST}/crane", "Hareid", None, None, f"{HOST}/crane", WORDS.format("Hareid", "two")),
]


@pytest.fixture(scope="module")
def reader() -> Iterator[ArticleReader]:
    """Yield a reader with its usual limits."""
    with ArticleReader() as reader:
        yield reader


def texts(reader: ArticleReader, *records: bytes) -> dict[str, str]:
    """The text of each article by its id; there is nothing else."""
    found = read_all(reader, "a.warc", archive(*records))
    assert all(isinstance(entry, Article) for entry in found), found
    return {entry.article_id: entry.text for entry in found if isinstance(entry, Article)}


@pytest.mark.parametrize(("name", "data"), [("a.warc", WHOLE), ("a.warc.gz", PACKED), ("a.WARC.GZ", PACKED)])
def test_each_captured_page_is_an_article_by_its_address(reader: ArticleReader, name: str, data: bytes) -> None:
    """Its date is what the page states or none: the day of the capture is not that of the article."""
    assert read_all(reader, name, data) == ARTICLES


def test_what_is_no_page_is_passed_over(reader: ArticleReader) -> None:
    """Pictures, scripts, errors, redirections and what is no answer of a web server."""
    others = [response(f"o{n}", HTML, **fields) for n, fields in enumerate((
        {"Content_Type": "image/png"}, {"Content_Type": "text/javascript"}, {"Content_Type": "application/json"},
        {"Content_Type": ""}, {"status": "404 Not Found"}, {"status": "301 Moved"}, {"status": "503 Busy"},
        {"Content_Type": "text/htmlx"}, {"status": "206 Partial Content"},
    ))]  # fmt: skip
    dns = record("response", b"20310402 post.example. 300 IN A 192.0.2.1", "dns:post.example", Content_Type="text/dns")
    saved = record("resource", b"{}", f"{HOST}/data", Content_Type="application/json")
    assert read_all(reader, "a.warc", archive(*others, dns, saved, *RECORDS)) == ARTICLES


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (HTML, {"Content_Type": "application/xhtml+xml"}),
        (HTML, {"Content_Type": "TEXT/HTML"}),
        (b"%x\r\n%s\r\n0\r\n\r\n" % (len(HTML), HTML), {"Transfer_Encoding": "chunked"}),
        (HTML, {"Transfer_Encoding": "chunked"}),  # some crawlers put it together and leave the field
        (gzip.compress(HTML), {"Content_Encoding": "gzip"}),
        (zlib.compress(HTML), {"Content_Encoding": "deflate"}),
        (brotli.compress(HTML), {"Content_Encoding": "br"}),
        (HTML, {"Content_Encoding": "gzip"}),  # and unpack it
        (PAGE.format(charset="iso-8859-1").encode("iso-8859-1"), {"Content_Type": "text/html; charset=iso-8859-1"}),
        (PAGE.format(charset="iso-8859-1").encode("iso-8859-1"), {"Content_Type": "text/html"}),
        (PAGE.format(charset="x").encode("cp1252"), {"Content_Type": 'text/html; charset="windows-1252"'}),
        (HTML, {"Content_Type": "text/html; charset=nonsense"}),
        (HTML, {"Content_Type": "text/html; charset=ascii"}),
    ],
)
def test_a_page_is_read_however_it_was_sent(reader: ArticleReader, body: bytes, fields: dict[str, str]) -> None:
    """In parts, packed, and in the encoding that the server named."""
    assert texts(reader, response("a", body, **fields)) == {f"{HOST}/a": PAGE_TEXT}


def test_a_page_that_a_crawler_saved_is_read(reader: ArticleReader) -> None:
    """Without the head that a server sends."""
    saved = record("resource", HTML, f"{HOST}/a", Content_Type="text/html")
    assert texts(reader, saved) == {f"{HOST}/a": PAGE_TEXT}


@pytest.mark.parametrize("packed", [False, True])
def test_of_several_captures_the_newest_counts(reader: ArticleReader, packed: bool) -> None:
    """Wherever it stands; of two of the same time the last. Nothing is listed, since it is no mistake."""
    captures = [
        response("a", page_of("Hareid", years), taken)
        for years, taken in (("three", "2031-05-01T10:00:00Z"), ("four", "2031-06-01T10:00:00Z"), ("two", "2031-04-01T10:00:00Z"))
    ]  # fmt: skip
    for order in (captures, captures[::-1]):
        (article,) = read_all(reader, "a.warc.gz" if packed else "a.warc", archive(*order, packed=packed))
        assert isinstance(article, Article)
        assert article.text == WORDS.format("Hareid", "four")
    same = [
        response("a", page_of("Hareid", years), f"2031-04-01T10:00:00{part}Z")
        for years, part in (("two", ""), ("six", ".5"))
    ]
    assert texts(reader, *same) == texts(reader, *same[::-1]) == {f"{HOST}/a": WORDS.format("Hareid", "six")}
    assert texts(reader, response("a", page_of("Hareid")), response("a", page_of("Lenvik"))) == {
        f"{HOST}/a": WORDS.format("Lenvik", "two")
    }


def test_a_note_that_a_page_has_not_changed_makes_its_capture_newer(reader: ArticleReader) -> None:
    """Also where the page had been another one in between."""
    old, new = page_of("Hareid", "two"), page_of("Hareid", "three")
    first, second, again = (
        record(kind, http(body), f"{HOST}/a", taken, WARC_Payload_Digest=f"sha1:{sha1(body).hexdigest()}")
        for kind, body, taken in (
            ("response", old, "2031-04-01T10:00:00Z"), ("response", new, "2031-05-01T10:00:00Z"),
            ("revisit", old, "2031-06-01T10:00:00Z"),
        )
    )  # fmt: skip
    assert texts(reader, first, second) == {f"{HOST}/a": WORDS.format("Hareid", "three")}
    assert texts(reader, first, second, again) == {f"{HOST}/a": WORDS.format("Hareid", "two")}


@pytest.mark.parametrize(
    ("data", "reason"),
    {
        "empty": (b"", "holds no pages, as no HTML was captured in it; remove it"),
        "text": (b"Just text. " * 200, "is not a WARC file"),
        "zeros": (bytes(100_000), "is not a WARC file"),
        "a page": (HTML, "is not a WARC file"),
        "an old ARC file": (b"filedesc://a.arc 192.0.2.1 20310402 text/plain 9\n1 0 x\n\n", "is not a WARC file"),
        "no pages": (archive(*RECORDS[:2]), "holds no pages"),
        "no pages, packed": (archive(*RECORDS[:2], packed=True), "holds no pages"),
        "packed as a whole": (gzip.compress(WHOLE), "is not a WARC file, is compressed as a whole"),
        "packed, but no gzip": (b"\x1f\x8b\x08" + b"x" * 500, "is not a WARC file"),
        "a head that does not end": (b"WARC/1.0\r\n" + b"a: b\r\n" * 10_000, "is not a WARC file"),
        "a length that is none": (record("response", http(HTML), f"{HOST}/a", Content_Length="many"), "is not a WARC file"),
        "a length below zero": (record("response", http(HTML), f"{HOST}/a", Content_Length="-5"), ""),
        "a length beyond all": (record("response", http(HTML), f"{HOST}/a", Content_Length="9" * 12), "holds over 200,000"),
        "no address": (record("response", http(HTML)), "holds no pages"),
        "an answer without a head": (record("response", HTML, f"{HOST}/a"), "holds no pages"),
        "a kind that is none": (record("surprise", http(HTML), f"{HOST}/a"), "holds no pages"),
    }.values(),
)  # fmt: skip
def test_an_archive_without_pages_is_one_failure(reader: ArticleReader, data: bytes, reason: str) -> None:
    """Of the file as a whole; the next one is read."""
    (failure,) = read_all(reader, "a.warc", data)
    assert isinstance(failure, Failure)
    assert failure.reason.startswith(reason), failure.reason
    assert read_all(reader, "a.warc", WHOLE) == ARTICLES


@pytest.mark.parametrize(
    ("body", "fields", "reason"),
    {
        "empty": (b"", {}, "has no main text"),
        "no text": (b"<html><body><script>Home</script></body></html>", {}, "has no main text"),
        "binary": (bytes(range(1, 256)) * 99, {}, "is not text (binary data)"),
        "not what it is packed as": (b"\x1f\x8b\x08" + b"x" * 500, {"Content_Encoding": "gzip"}, "is in an encoding that is not known"),
        "a bomb": (gzip.compress(bytes(60_000_000)), {"Content_Encoding": "gzip"}, "is larger than 50 MB"),
        "a bomb of another kind": (brotli.compress(bytes(60_000_000)), {"Content_Encoding": "br"}, "is larger than 50 MB"),
    }.values(),
)  # fmt: skip
def test_a_bad_page_costs_only_itself(reader: ArticleReader, body: bytes, fields: dict[str, str], reason: str) -> None:
    """It is listed by its address; the others are read."""
    found = read_all(reader, "a.warc", archive(response("bad", body, **fields), *RECORDS))
    assert isinstance(found[0], Failure)
    assert (found[0].path, found[0].reason.startswith(reason)) == (f"a.warc (id {HOST}/bad)", True), found[0].reason
    assert found[1:] == ARTICLES


def test_a_page_that_stalls_costs_only_itself() -> None:
    """The others are read by another process."""
    with ArticleReader(seconds=3) as impatient:
        found = read_all(impatient, "a.warc", archive(response("bad", STALLING), *RECORDS))
    assert isinstance(found[0], Failure)
    assert found[1:] == ARTICLES


def test_a_bomb_of_a_record_ends_before_it_is_unpacked(reader: ArticleReader) -> None:
    """By the length that its head states; the pages before it are lost with it."""
    bomb = record("response", http(HTML), f"{HOST}/a", Content_Length=str(3_000_000_000))
    (failure,) = read_all(reader, "a.warc.gz", archive(FERRY, bomb, packed=True))
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("holds over 200,000 records, or more than 2000 MB; split it")


@pytest.mark.parametrize("packed", [False, True])
def test_an_archive_cut_short_keeps_what_came_before(reader: ArticleReader, packed: bool) -> None:
    """And says that it is damaged, as soon as a page is missing; so do damaged ones, and none stops the reader."""
    name, data = ("a.warc.gz", PACKED) if packed else ("a.warc", WHOLE)
    last = len(archive(*RECORDS[:4], packed=packed))
    for cut in cut_short(data, 15):
        found = read_all(reader, name, cut)
        articles = [entry for entry in found if isinstance(entry, Article)]
        assert articles == ARTICLES[: len(articles)]
        if last < len(cut) < len(data) - 20:
            assert len(articles) == 1
            assert "is damaged, cut short or compressed as a whole; what came before it counts" in str(found[-1])
    for broken in damaged(data, 15):
        read_all(reader, name, broken)
    assert read_all(reader, name, data) == ARTICLES
