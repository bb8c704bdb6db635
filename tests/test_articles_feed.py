"""Articles in feeds (.rss, .atom, .xml), whole and broken."""

from collections.abc import Iterator

import pytest

from qa.articles import ArticleReader, Candidate, Collection, Noted
from qa.articles.candidate import RepeatedId
from qa.types import Article, Failure
from tests.broken_files import cut_short, damaged, read_all

RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Lenvik Post</title><link>https://post.example/</link><description>News</description>
{items}</channel></rss>"""
FULL = """<item><title>Ferry &amp; crane</title><link>https://post.example/1</link><guid>ferry-1</guid>
<pubDate>Fri, 01 May 2026 23:30:00 -0500</pubDate><description>Short.</description>
<content:encoded><![CDATA[<p>The ferry to K\u00f6nigsr\u00fccken <b>opened</b>.</p><p>It cost 40 million.</p>]]></content:encoded></item>"""
SHORT = """<item><title>New crane</title><link>https://post.example/2</link>
<description>The board agreed on a crane.</description></item>"""
ATOM = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Lenvik Post</title>
<id>urn:feed</id><updated>2026-05-02T00:00:00Z</updated>
<entry><title>Ferry</title><id>urn:ferry-1</id><link href="https://post.example/1"/>
<published>2026-05-01T00:30:00+02:00</published><updated>2026-05-09T00:00:00Z</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>The ferry opened.</p></div></content></entry>
<entry><title>Crane</title><id>urn:crane-2</id><updated>2026-05-02T00:00:00Z</updated>
<source><title>Harbour board</title></source><content type="text">A crane &lt;new&gt; for 3.1 million.</content></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://post.example/"><title>Lenvik Post</title></channel>
<item rdf:about="https://post.example/1"><title>Ferry</title><link>https://post.example/1</link>
<description>The ferry opened.</description><dc:date>2026-05-01T10:00:00Z</dc:date></item></rdf:RDF>"""

FERRY = Article(
    "ferry-1", "Ferry & crane", "2026-05-01", "Lenvik Post", "https://post.example/1",
    "The ferry to K\u00f6nigsr\u00fccken opened.\nIt cost 40 million.",
)  # fmt: skip
CRANE = Article(
    "https://post.example/2", "New crane", None, "Lenvik Post", "https://post.example/2", "The board agreed on a crane."
)


def make_rss(*items: str, encoding: str = "utf-8") -> bytes:
    """A feed of items."""
    return RSS.format(encoding=encoding, items="".join(items)).encode(encoding)


def item(**fields: str) -> str:
    """An item of a feed."""
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in fields.items()) + "</item>"


@pytest.fixture(scope="module")
def reader() -> Iterator[ArticleReader]:
    """Yield a reader with its usual limits."""
    with ArticleReader() as reader:
        yield reader


def test_a_feed_in_another_encoding_than_it_names_is_read_in_the_likeliest(reader: ArticleReader) -> None:
    """And that is noted, for the whole file."""
    text = "Пекарня на углу второй раз за год поднимает цену на хлеб."
    feed = make_rss(item(title=text, guid="1")).decode().encode("cp1251")
    noted, entry = reader.entries(Collection("a.rss", feed))
    assert isinstance(noted, Noted)
    assert noted.reason.startswith("was read as cp1251")
    assert isinstance(entry, Candidate)
    assert reader.read(entry).text == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
@pytest.mark.parametrize("name", ["a.rss", "a.xml", "A.RSS"])
def test_each_item_of_a_feed_is_an_article(reader: ArticleReader, name: str, encoding: str) -> None:
    """With the whole content where there is one, else the summary; without a guid its link is its id."""
    assert read_all(reader, name, make_rss(FULL, SHORT, encoding=encoding)) == [FERRY, CRANE]


def test_one_broken_letter_does_not_change_the_others(reader: ArticleReader) -> None:
    """The feed stays in the encoding that it is in."""
    data = make_rss(FULL, item(guid="2", description="Gr\u00fc\u00dfe aus \u00c5")).replace(b"\xc3\x85", b"\xc3")
    ferry, greeting = read_all(reader, "a.rss", data)
    assert ferry == FERRY
    assert isinstance(greeting, Article)
    assert greeting.text == "Gr\u00fc\u00dfe aus \ufffd"


def test_atom_and_rdf_are_feeds_too(reader: ArticleReader) -> None:
    """The day is that of the author's clock; an entry may name its own source; text is no markup."""
    assert read_all(reader, "a.atom", ATOM.encode()) == [
        Article("urn:ferry-1", "Ferry", "2026-05-01", "Lenvik Post", "https://post.example/1", "The ferry opened."),
        Article("urn:crane-2", "Crane", "2026-05-02", "Harbour board", None, "A crane <new> for 3.1 million."),
    ]
    assert read_all(reader, "a.xml", RDF.encode()) == [
        Article(
            "https://post.example/1",
            "Ferry",
            "2026-05-01",
            "Lenvik Post",
            "https://post.example/1",
            "The ferry opened.",
        )
    ]


@pytest.mark.parametrize(
    ("fields", "article"),
    [
        ({"title": "A", "guid": "1"}, Article("1", "A", None, "Lenvik Post", None, "A")),
        ({"description": "T", "guid": "1"}, Article("1", "T", None, "Lenvik Post", None, "T")),
        ({"description": "T", "guid": "1", "pubDate": "soon"}, Article("1", "T", None, "Lenvik Post", None, "T")),
        ({"description": "T", "guid": "1", "pubDate": "2026-05-01"}, Article("1", "T", "2026-05-01", "Lenvik Post", None, "T")),
        ({"description": "T", "guid": "1", "pubDate": "Fri, 99 May 2026"}, Article("1", "T", None, "Lenvik Post", None, "T")),
        ({"description": "T", "guid": "1", "link": "javascript:x"}, Article("1", "T", None, "Lenvik Post", None, "T")),
        ({"description": "&lt;script&gt;x&lt;/script&gt;T&lt;br&gt;U", "guid": "1"},
         Article("1", "T U", None, "Lenvik Post", None, "T\nU")),
        ({"title": "A &lt;b&gt;B&lt;/b&gt;", "guid": "1", "description": "T"},
         Article("1", "A B", None, "Lenvik Post", None, "T")),
    ],
)  # fmt: skip
def test_what_an_item_does_not_say_is_unknown(reader: ArticleReader, fields: dict[str, str], article: Article) -> None:
    """Its headline may be all there is of it."""
    assert read_all(reader, "a.rss", make_rss(item(**fields))) == [article]


def test_an_id_does_not_depend_on_the_order(reader: ArticleReader) -> None:
    """Without guid and link it comes from the content."""
    items = (FULL, SHORT, item(description="Neither guid nor link."))
    there, back = read_all(reader, "a.rss", make_rss(*items)), read_all(reader, "a.rss", make_rss(*items[::-1]))
    assert there == back[::-1]
    assert len(there[2].article_id) == 64  # type: ignore[union-attr]
    renamed = read_all(reader, "a.rss", make_rss(*items).replace(b"Lenvik Post", b"The Post"))
    assert renamed[2].article_id == there[2].article_id  # type: ignore[union-attr]


def test_of_an_id_that_stands_twice_the_last_counts(reader: ArticleReader) -> None:
    """The other is listed."""
    first, last = read_all(
        reader, "a.rss", make_rss(item(guid="1", description="Old."), item(guid="1", description="New."))
    )
    assert first == RepeatedId("a.rss:1", "id 1 stands again on entry 2, which counts")
    assert last == Article("1", "New.", None, "Lenvik Post", None, "New.")


def test_an_item_without_a_text_fails_alone(reader: ArticleReader) -> None:
    """Nothing at all, or only a picture."""
    bad = (item(guid="1"), item(guid="2", description="&lt;img src='a.png'&gt;"))
    ended = read_all(reader, "a.rss", make_rss(*bad, SHORT))
    assert [isinstance(entry, Failure) for entry in ended] == [True, True, False]
    assert ended[2] == CRANE


ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))


@pytest.mark.parametrize(
    ("data", "reason"),
    {
        "empty": (b"", "is not an RSS or Atom feed"),
        "text": (b"Just text. " * 200, "is not an RSS or Atom feed"),
        "an address": (b"http://127.0.0.1:9/feed.xml", "is not an RSS or Atom feed"),
        "a path": (b"/etc/passwd", "is not an RSS or Atom feed"),
        "other XML": (
            b"<?xml version='1.0'?><urlset><url><loc>https://a.example</loc></url></urlset>",
            "is not an RSS",
        ),
        "a page": (
            b"<!DOCTYPE html><html><head><title>404</title></head><body><p>Not found</p></body></html>",
            "is not an RSS",
        ),
        "a picture": (bytes(range(256)) * 20, "is not an RSS or Atom feed"),
        "no items": (make_rss(), "is a feed without entries"),
        "no items in Atom": (b'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title></feed>', "is a feed without"),
        "cut before the first": (make_rss(FULL)[:150], "is a feed without entries"),
    }.values(),
)
def test_what_is_no_feed_is_one_failure(reader: ArticleReader, data: bytes, reason: str) -> None:
    """Nothing is fetched or opened, whatever the file says."""
    (failure,) = read_all(reader, "a.xml", data)
    assert isinstance(failure, Failure)
    assert failure.path == "a.xml"
    assert reason in failure.reason


@pytest.mark.parametrize(
    "data",
    {
        "laughs": RSS.replace("<rss", f"<!DOCTYPE rss [{ENTITIES}]><rss").format(encoding="utf-8", items=item(description="&e9;")),
        "a file": RSS.replace("<rss", '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss').format(
            encoding="utf-8", items=item(description="a&x;", guid="1")
        ),
        "unknown entities": make_rss(item(description="&nbsp;&hellip;&nonsense;x", guid="1")).decode(),
        "not closed": make_rss(FULL, "<item><description>Rest").decode().replace("</channel></rss>", ""),
        "deep": make_rss(item(description="<b>" * 5_000 + "x", guid="1")).decode(),
        "a bare ampersand": make_rss(item(description="A & B < C", guid="1")).decode(),
        "control characters": make_rss(item(description="a\x01\x0b&#27;b", guid="1")).decode(),
        "another encoding than it says": make_rss(FULL).decode().replace("utf-8", "iso-2022-jp"),
        "an unknown encoding": make_rss(FULL).decode().replace("utf-8", "nonsense"),
    }.values(),
)  # fmt: skip
def test_a_hostile_feed_ends_in_articles_or_failures(reader: ArticleReader, data: str) -> None:
    """Small ones, with nothing of this disk in them; the next feed is read as if nothing had been."""
    ended = read_all(reader, "a.rss", data.encode())
    assert ended
    assert all(len(entry.text) < 10_000 and "root:" not in entry.text for entry in ended if isinstance(entry, Article))
    assert read_all(reader, "a.rss", make_rss(FULL)) == [FERRY]


def test_a_feed_cut_short_or_damaged_costs_only_itself(reader: ArticleReader) -> None:
    """Thirty of them; the items before the end of one that was cut short count."""
    whole = make_rss(*(item(guid=f"{number}", description=f"Text {number}.") for number in range(10)))
    counted = [
        sum(isinstance(entry, Article) for entry in read_all(reader, "a.rss", data)) for data in cut_short(whole, 15)
    ]
    assert counted == sorted(counted)
    assert counted[-1] == 10
    for data in damaged(whole, 15):
        assert read_all(reader, "a.rss", data)
