"""What comes from an address becomes articles: feeds of every dialect, pages, and what is neither."""

from collections.abc import Iterator

import pytest

from qa.articles import ArticleReader
from qa.fetching.contents import Fetched, articles_at
from qa.types import Article, Failure
from tests.site import feed

FEED = "https://post.example/feed"
RSS = bytes(feed(("7", "Ferry opens", "The ferry opened."), ("tag:post,2031:8", "Tram stops", "It stopped.")).body)  # type: ignore[arg-type]
ATOM = b"""<?xml version="1.0"?><!-- ours --><feed xmlns="http://www.w3.org/2005/Atom"><title>Kestrel Post</title><entry>
<id>urn:uuid:7</id><title>Ferry opens</title><link href="news/7"/><updated>2031-04-02T08:00:00Z</updated>
<content type="html">&lt;p>The ferry opened.&lt;/p></content></entry></feed>"""
JSON = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "7", "url": "/n/7", "content_text": "The ferry opened."}]}'
PAGE = """<!DOCTYPE html><html><head><title>Ferry opens</title>{canonical}
<meta property="article:published_time" content="2026-05-01T10:00:00Z"></head><body><!-- {visit} --><nav>Home</nav>
<article>
<h1>Ferry opens</h1><p>The ferry to K\u00f6nigsr\u00fccken opened after two years of stra\u00dfe works.</p></article></body></html>"""


@pytest.fixture(scope="module")
def reader() -> Iterator[ArticleReader]:
    """One for all."""
    with ArticleReader() as reader:
        yield reader


def read(
    reader: ArticleReader, data: bytes, media_type: str = "", charset: str = "", address: str = FEED
) -> list[Article]:
    """The articles in a content."""
    found = list(articles_at(FEED, Fetched(address, data, media_type, charset), reader))
    assert not [failure for failure in found if isinstance(failure, Failure)]
    return [reader.read(candidate) for candidate in found if not isinstance(candidate, Failure)]


def refused(reader: ArticleReader, data: bytes, media_type: str = "", address: str = FEED) -> str:
    """Why a content is none."""
    (failure,) = articles_at(FEED, Fetched(address, data, media_type), reader)
    assert isinstance(failure, Failure)
    assert failure.path == FEED
    return failure.reason


def page(canonical: str = "", visit: str = "") -> bytes:
    """A page, with what it says is its address, and with something that differs at each visit."""
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    return PAGE.format(canonical=link, visit=visit).encode()


@pytest.mark.parametrize(
    "media_type", ["application/rss+xml", "text/xml", "text/html", "text/plain", "application/octet-stream", ""]
)
def test_a_feed_is_a_feed_whatever_its_server_calls_it(reader: ArticleReader, media_type: str) -> None:
    """Numbers of its own become ids that no other feed has; links count from the feed's address."""
    first, second = read(reader, RSS, media_type, address="https://post.example/rss/all")
    assert (first.article_id, first.url) == (f"{FEED}#7", "https://post.example/news/7")
    assert (first.title, first.date, first.source, first.text) == (
        "Ferry opens", "2031-04-02", "Kestrel Post", "The ferry opened.",
    )  # fmt: skip
    assert second.article_id == "tag:post,2031:8"


def test_atom_and_json_feeds(reader: ArticleReader) -> None:
    """By what they begin with, and by what the server says."""
    (atom,) = read(reader, ATOM, "application/xml")
    assert (atom.article_id, atom.url, atom.text) == ("urn:uuid:7", "https://post.example/news/7", "The ferry opened.")
    (json,) = read(reader, JSON, "application/feed+json")
    assert (json.article_id, json.url, json.text) == (f"{FEED}#7", "https://post.example/n/7", "The ferry opened.")


def test_a_page_is_one_article_whose_id_is_the_sources_address(reader: ArticleReader) -> None:
    """What names it is the address it came from, unless it names another one of its own host."""
    (article,) = read(reader, page(), "text/html", address="https://post.example/2031/ferry")
    assert (article.article_id, article.title, article.date) == (FEED, "Ferry opens", "2026-05-01")
    assert (article.url, article.source) == ("https://post.example/2031/ferry", "post.example")
    assert "after two years of stra\u00dfe works" in article.text
    (other,) = read(reader, page("https://post.example/ferry"), "application/xhtml+xml")
    assert other.url == "https://post.example/ferry"
    (false,) = read(reader, page("https://agency.example/ferry"), "text/html")
    assert false.url == FEED


def test_what_differs_with_each_visit_makes_no_new_version(reader: ArticleReader) -> None:
    """The hash is that of what is read; another text has another one."""
    first, again, other = (
        list(articles_at(FEED, Fetched(FEED, data, "text/html"), reader))
        for data in (page(visit="1"), page(visit="2"), page().replace(b"two years", b"ten years"))
    )
    assert first == again != other


@pytest.mark.parametrize(("charset", "declared"), [("windows-1252", "windows-1252"), ("iso-8859-1", ""), ("utf-8", "")])
def test_the_encoding_that_the_server_names(reader: ArticleReader, charset: str, declared: str) -> None:
    """Counts, whatever the page says of itself."""
    data = page().decode().replace("<head>", f'<head><meta charset="{declared or charset}">').encode(charset)
    (article,) = read(reader, data, "text/html", charset)
    assert "K\u00f6nigsr\u00fccken" in article.text
    (text,) = read(reader, "Fährverkehr".encode(charset), "text/plain", charset)
    assert text.text == "Fährverkehr"


@pytest.mark.parametrize(
    "charset", ["utf-7", "punycode", "zip", "idna", "unicode_escape", "rot13", "iso-8859-99", "\u0661"]
)
def test_an_encoding_that_none_should_name_counts_nothing(reader: ArticleReader, charset: str) -> None:
    """The bytes tell."""
    (text,) = read(reader, b"The ferry opened.", "text/plain", charset)
    assert text.text == "The ferry opened."


def test_other_kinds_of_text(reader: ArticleReader) -> None:
    """Plain text and Markdown, the latter by its address where the server names no kind."""
    (text,) = read(reader, b"date 2031-04-02 Ferry opens\nIt did.", "text/plain")
    assert (text.title, text.date, text.text) == ("Ferry opens", "2031-04-02", "It did.")
    (markdown,) = read(reader, b"# Ferry opens\n\nIt did.", "", address="https://post.example/a.md?raw=1")
    assert markdown.title == "Ferry opens"


GARBAGE = [
    (b"\x89PNG\r\n", "image/png", "is image/png, which is no feed, page or text; give the address of one"),
    (b"PK\3\4", "application/zip", "is application/zip, which is no feed"),
    (b"\0\1\2", "", "is something that its server does not name, which is no feed"),
    (b"MZ", "application/octet-stream", "is application/octet-stream, which is no feed"),
    (b"", "text/html", "has no main text"),
    (b"", "text/plain", "is empty; "),
    (b"", "application/rss+xml", "is not an RSS or Atom feed; "),
    (b"<rss version='2.0'><channel></channel></rss>", "text/xml", "is a feed without entries"),
    (b"<rss", "text/xml", "is not an RSS or Atom feed"),
    (b"\xff" * 999, "text/html", "is in an encoding that is not known"),
    (b"<html>" + b"<div>" * 5_000, "text/html", "has no main text"),
    (b"{", "application/json", ""),
    (b'{"status": "ok"}', "application/json", ""),
    (b"%PDF-1.7 nothing", "application/pdf", ""),
    (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><rss>&b;</rss>', "text/xml", ""),
]


@pytest.mark.parametrize(("data", "media_type", "reason"), GARBAGE)
def test_what_is_neither_is_one_failure(reader: ArticleReader, data: bytes, media_type: str, reason: str) -> None:
    """Of the address, with what to do."""
    told = refused(reader, data, media_type)
    assert told.startswith(reason)
    assert "; " in told or ", " in told
