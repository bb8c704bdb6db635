"""Articles in .epub files, whole and broken."""

from collections.abc import Iterator, Sequence

import pytest

from qa.articles import ArticleReader
from qa.types import Article
from tests.broken_files import cut_short, damaged, read, rezipped, zipped

CHAPTERS = (
    "<h1>The ferry</h1><p>The ferry to K\u00f6nigsr\u00fccken opened on Monday, after two years of works.</p>",
    "<h1>The crane</h1><p>The harbour board agreed on a new crane for the east quay.</p><p>It will cost 3.1 million.</p>",
)
TEXT = (
    "The ferry\nThe ferry to K\u00f6nigsr\u00fccken opened on Monday, after two years of works.\n\n"
    "The crane\nThe harbour board agreed on a new crane for the east quay.\nIt will cost 3.1 million."
)
SAID = {
    "title": "Harbour year book", "date": "2026-05-01T10:00:00Z", "publisher": "Lenvik Press", "creator": "Runa Valdis",
    "identifier": "https://press.example/1",
}  # fmt: skip
CONTAINER = "META-INF/container.xml"
PACKAGE = "OEBPS/content.opf"
NAV = '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'


def package(hrefs: Sequence[str], said: dict[str, str], more: str = "") -> bytes:
    """The list of what a book holds, in reading order."""
    known = "".join(f"<dc:{name}>{value}</dc:{name}>" for name, value in said.items())
    items = "".join(
        f'<item id="c{n}" href="{href}" media-type="application/xhtml+xml"/>' for n, href in enumerate(hrefs)
    )
    spine = '<itemref idref="nav"/>' + "".join(f'<itemref idref="c{n}"/>' for n in range(len(hrefs)))
    return (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{known}</metadata>'
        f"<manifest>{NAV}{items}{more}</manifest><spine>{spine}</spine></package>"
    ).encode()


def page(body: str, encoding: str = "utf-8") -> bytes:
    """A chapter's file."""
    return (
        f'<?xml version="1.0" encoding="{encoding}"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title>'
        f"<style>p {{ margin: 0 }}</style></head><body>{body}</body></html>"
    ).encode(encoding)


def make_epub(
    chapters: Sequence[str] = CHAPTERS,
    said: dict[str, str] = SAID,
    encoding: str = "utf-8",
    name: str = "text/{} a.xhtml",
) -> bytes:
    """A book of chapters."""
    names = [name.format(number) for number in range(len(chapters))]
    files = {
        "mimetype": b"application/epub+zip",
        CONTAINER: f'<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
        f'full-path="{PACKAGE}"/></rootfiles></container>'.encode(),
        PACKAGE: package([one.replace(" ", "%20") for one in names], said),
        "OEBPS/nav.xhtml": page("<p>Table of contents of this book with a lot of words in it.</p>"),
    }
    return zipped({**files, **{f"OEBPS/{one}": page(c, encoding) for one, c in zip(names, chapters, strict=True)}})


def protected(algorithm: str) -> bytes:
    """The book, with a chapter that is encrypted in some way."""
    method = f'<EncryptionMethod xmlns="http://www.w3.org/2001/04/xmlenc#" Algorithm="{algorithm}"/>'
    return rezipped(WHOLE, {"META-INF/encryption.xml": f"<encryption>{method}</encryption>".encode()})


WHOLE = make_epub()
BOOK = Article("a.epub", "Harbour year book", "2026-05-01", "Lenvik Press", "https://press.example/1", TEXT)
FIRST = "OEBPS/text/0 a.xhtml"
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))


@pytest.fixture(scope="module")
def reader() -> Iterator[ArticleReader]:
    """Yield a reader with its usual limits."""
    with ArticleReader() as reader:
        yield reader


def test_a_book_gives_its_chapters_in_order_and_what_it_says_of_itself(reader: ArticleReader) -> None:
    """Without tables of contents; each chapter as a page is read."""
    assert read(reader, "a.epub", WHOLE) == BOOK


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_chapters_are_read_in_the_encoding_they_name(reader: ArticleReader, encoding: str) -> None:
    """Or, where that is unknown, as UTF-8."""
    assert read(reader, "a.epub", make_epub(encoding=encoding)) == BOOK
    unknown = rezipped(WHOLE, {FIRST: page(CHAPTERS[0]).replace(b'"utf-8"', b'"nonsense"')})
    assert read(reader, "a.epub", unknown) == BOOK


@pytest.mark.parametrize(
    ("said", "title", "date", "source", "url"),
    [
        ({}, "a", None, None, None),
        ({"title": " "}, "a", None, None, None),
        ({"title": "A", "date": "May 2026"}, "A", None, None, None),
        ({"title": "A", "date": "2026"}, "A", None, None, None),
        ({"title": "A", "creator": "Runa"}, "A", None, "Runa", None),
        ({"title": "A", "identifier": "urn:isbn:978"}, "A", None, None, None),
        ({"title": "A &amp; B"}, "A & B", None, None, None),
    ],
)
def test_what_a_book_does_not_say_is_unknown(
    reader: ArticleReader, said: dict[str, str], title: str, date: str | None, source: str | None, url: str | None
) -> None:
    """Its title is then the file's name."""
    assert read(reader, "a.epub", make_epub(said=said)) == Article("a.epub", title, date, source, url, TEXT)


@pytest.mark.parametrize(
    ("data", "reason"),
    {
        "empty": (b"", "is not an EPUB, or is damaged"),
        "text": (b"Just text. " * 200, "is not an EPUB, or is damaged"),
        "another zip": (zipped({"a.txt": b"text"}), "is not an EPUB, as it has no table"),
        "no package": (rezipped(WHOLE, {PACKAGE: None}), "lacks the list of its chapters"),
        "no name of the package": (rezipped(WHOLE, {CONTAINER: b"<container/>"}), "lacks the list of its chapters"),
        "a container that is no XML": (rezipped(WHOLE, {CONTAINER: b"none"}), "cannot be parsed as EPUB"),
        "a package that is no XML": (rezipped(WHOLE, {PACKAGE: b"<a><b>"}), "cannot be parsed as EPUB"),
        "an empty package": (rezipped(WHOLE, {PACKAGE: b""}), "cannot be parsed as EPUB"),
        "no chapters": (make_epub([]), "has no text, only pictures"),
        "pictures": (make_epub(["<img src='a.png'/>"] * 3), "has no text, only pictures"),
        "an empty chapter file": (rezipped(make_epub(CHAPTERS[:1]), {FIRST: b""}), "has no text, only pictures"),
        "a chapter that is missing": (rezipped(WHOLE, {FIRST: None}), "lacks a chapter"),
        "a chapter outside": (rezipped(WHOLE, {PACKAGE: package(["../../a.xhtml"], SAID)}), "lacks a chapter"),
        "a chapter of the disk": (rezipped(WHOLE, {PACKAGE: package(["/etc/passwd"], SAID)}), "lacks a chapter"),
        "a chapter on the web": (rezipped(WHOLE, {PACKAGE: package(["http://a.example/a"], SAID)}), "lacks a chapter"),
        "protection": (protected("http://www.w3.org/2001/04/xmlenc#aes128-cbc"), "is protected against copying"),
        "laughs": (
            rezipped(WHOLE, {PACKAGE: f"<!DOCTYPE a [{ENTITIES}]><a>&e9;</a>".encode()}),
            "",
        ),
        "a file of the disk": (
            rezipped(WHOLE, {PACKAGE: b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'}),
            "has no text, only pictures",
        ),
        "a bomb": (rezipped(WHOLE, {"OEBPS/a.css": bytes(70_000_000)}), "expands to more than 64 MB"),
        "ten thousand files": (zipped({f"{n}": b"" for n in range(10_001)}), "holds more than 10,000 files"),
    }.values(),
)
def test_a_broken_book_ends_with_its_reason(reader: ArticleReader, data: bytes, reason: str) -> None:
    """The next one is read as if nothing had been."""
    ended = read(reader, "a.epub", data)
    assert isinstance(ended, str)
    assert reason in ended
    assert read(reader, "a.epub", WHOLE) == BOOK


def test_hidden_fonts_are_no_protection(reader: ArticleReader) -> None:
    """They may be obscured by the rules of the format."""
    assert read(reader, "a.epub", protected("http://www.idpf.org/2008/embedding")) == BOOK


def test_a_chapter_that_is_no_xhtml_is_read_as_a_page(reader: ArticleReader) -> None:
    """As browsers do: open elements, unknown ones and bare text."""
    for chapter in (
        b"<p>The ferry opened on Monday",
        b"The ferry opened on Monday",
        b"<x><y>The ferry opened on Monday</z>",
    ):
        article = read(reader, "a.epub", rezipped(make_epub(CHAPTERS[:1]), {FIRST: chapter}))
        assert isinstance(article, Article)
        assert article.text == "The ferry opened on Monday"


def test_a_book_cut_short_or_damaged_costs_only_itself(reader: ArticleReader) -> None:
    """Twenty-four of them end with a text or a reason; those that are cut short have none."""
    assert all(isinstance(read(reader, "a.epub", data), str) for data in cut_short(WHOLE, 12))
    for data in damaged(WHOLE, 12):
        read(reader, "a.epub", data)
    assert read(reader, "a.epub", WHOLE) == BOOK
