"""Articles in .docx files, whole and broken."""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from qa.articles import ArticleReader
from qa.types import Article
from tests.broken_files import cut_short, damaged, read, rezipped, zipped

HEADLINE, FIRST, LAST = "Ferry opens", "The ferry to Lenvik opened on Monday.", "It cost 40 million crowns."
ROWS = (("Year", "Cost"), ("2026", "40 million"))
TEXT = f"{HEADLINE}\n{FIRST}\nYear | Cost\n2026 | 40 million\n{LAST}"


def make_docx(change: Callable[..., object] = lambda document: None, title: str = "", author: str = "") -> bytes:
    """A Word file with a headline, a table between two paragraphs, and what ``change`` does to it."""
    document, written = docx.Document(), io.BytesIO()
    document.add_heading(HEADLINE, level=0)
    document.add_paragraph(FIRST)
    table = document.add_table(rows=2, cols=2)
    for row, values in zip(table.rows, ROWS, strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    document.add_paragraph(LAST)
    known = document.core_properties
    known.title, known.author, known.created = title, author, datetime(2026, 5, 1, 22)
    change(document)
    document.save(written)
    return written.getvalue()


def add(xml: str) -> Callable[..., None]:
    """Put a run or what stands like one at the end of the last paragraph; {} stands for the name spaces."""
    return lambda document: document.paragraphs[-1]._p.append(parse_xml(xml.format(nsdecls("w"))))


WHOLE = make_docx(author="Runa Valdis")
FERRY = Article("a.docx", HEADLINE, "2026-05-01", "Runa Valdis", None, TEXT)
BODY = "word/document.xml"


@pytest.fixture(scope="module")
def reader() -> Iterator[ArticleReader]:
    """Yield a reader with its usual limits."""
    with ArticleReader() as reader:
        yield reader


def test_the_day_of_a_template_is_no_date(reader: ArticleReader) -> None:
    """A program that writes Word files by python-docx often leaves the day on which that made its template."""

    def unchanged(document: docx.document.Document) -> None:
        document.core_properties.created = docx.Document().core_properties.created

    article = read(reader, "a.docx", make_docx(unchanged))
    assert isinstance(article, Article)
    assert article.date is None


def test_a_word_file_gives_its_text_and_what_it_says_of_itself(reader: ArticleReader) -> None:
    """Paragraphs and rows of tables are lines; the title of the file goes before the headline in it."""
    assert read(reader, "a.docx", WHOLE) == FERRY
    named = read(reader, "2025-03-02-ferry.docx", make_docx(title="Ferry at last"))
    assert isinstance(named, Article)
    assert (named.title, named.date, named.source) == ("Ferry at last", "2025-03-02", None)


@pytest.mark.parametrize(
    ("xml", "added"),
    [
        ("<w:ins {}><w:r><w:t>, says the board</w:t></w:r></w:ins>", ", says the board"),
        ("<w:del {}><w:r><w:delText>not</w:delText></w:r></w:del>", ""),
        ("<w:del {}><w:r><w:t>not</w:t></w:r></w:del>", ""),
        ("<w:moveFrom {}><w:r><w:t>not</w:t></w:r></w:moveFrom>", ""),
        ("<w:hyperlink {}><w:r><w:t>, see here</w:t></w:r></w:hyperlink>", ", see here"),
        ("<w:r {}><w:tab/><w:t>x</w:t><w:br/><w:t>y</w:t><w:noBreakHyphen/><w:t>z</w:t></w:r>", "\tx\ny-z"),
        ("<w:sdt {}><w:sdtContent><w:r><w:t> Signed</w:t></w:r></w:sdtContent></w:sdt>", " Signed"),
        ("<w:r {}><w:instrText>PAGE</w:instrText><w:t>7</w:t></w:r>", "7"),
        ("<w:r {}><w:t>&#8238;a&#x200f;</w:t></w:r>", "a"),
        (
            '<mc:AlternateContent {} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
            '<mc:Choice Requires="wps"><w:r><w:t> Box</w:t></w:r></mc:Choice>'
            "<mc:Fallback><w:r><w:t> Box</w:t></w:r></mc:Fallback></mc:AlternateContent>",
            " Box",
        ),
    ],
)
def test_what_would_be_printed_is_text(reader: ArticleReader, xml: str, added: str) -> None:
    """Insertions, links, controls and text boxes are, once each; what was deleted or moved away is not."""
    article = read(reader, "a.docx", make_docx(add(xml)))
    assert isinstance(article, Article)
    assert article.text == TEXT + added


def without_text(document: docx.document.Document) -> None:
    """Leave nothing in a file."""
    for element in list(document.element.body):
        document.element.body.remove(element)


ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))


@pytest.mark.parametrize(
    ("data", "reason"),
    {
        "empty": (b"", "is not a Word file, or is damaged"),
        "text": (b"Just text. " * 200, "is not a Word file, or is damaged"),
        "a PDF": (b"%PDF-1.4\n", "is not a Word file, or is damaged"),
        "the old format": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(3000), "of before 2007; save it as .docx"),
        "no text": (make_docx(without_text), "has no text"),
        "another zip": (zipped({"a.txt": b"text"}), "cannot be parsed as Word"),
        "no document": (rezipped(WHOLE, {BODY: None}), "cannot be parsed as Word"),
        "no types": (rezipped(WHOLE, {"[Content_Types].xml": None}), "cannot be parsed as Word"),
        "no relations": (rezipped(WHOLE, {"_rels/.rels": None}), "cannot be parsed as Word"),
        "no XML": (rezipped(WHOLE, {BODY: b"no markup"}), "cannot be parsed as Word"),
        "open XML": (rezipped(WHOLE, {BODY: b"<a><b>"}), "cannot be parsed as Word"),
        "empty XML": (rezipped(WHOLE, {BODY: b""}), "cannot be parsed as Word"),
        "other XML": (rezipped(WHOLE, {BODY: b"<a/>"}), "cannot be parsed as Word"),
        "deep XML": (rezipped(WHOLE, {BODY: b"<a>" * 100_000}), "cannot be parsed as Word"),
        "laughs": (
            rezipped(WHOLE, {BODY: f"<!DOCTYPE a [{ENTITIES}]><a>&e9;</a>".encode()}),
            "cannot be parsed as Word",
        ),
        "a file of the disk": (
            rezipped(WHOLE, {BODY: b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'}),
            "cannot be parsed as Word",
        ),
        "a bomb": (rezipped(WHOLE, {"word/media/a.png": bytes(70_000_000)}), "expands to more than 64 MB"),
        "ten thousand files": (zipped({f"{n}": b"" for n in range(10_001)}), "holds more than 10,000 files"),
    }.values(),
)
def test_a_broken_word_file_ends_with_its_reason(reader: ArticleReader, data: bytes, reason: str) -> None:
    """The next one is read as if nothing had been."""
    ended = read(reader, "a.docx", data)
    assert isinstance(ended, str)
    assert reason in ended
    assert read(reader, "a.docx", WHOLE) == FERRY


def test_names_that_lead_out_of_the_archive_lead_nowhere(reader: ArticleReader) -> None:
    """Nothing is written to the disk, whatever an entry is called."""
    names = ("../out.txt", "/tmp/out.txt", "..\\out.txt", "word/../../out.txt")
    assert read(reader, "a.docx", rezipped(WHOLE, dict.fromkeys(names, b"out"))) == FERRY


def test_a_size_that_lies_is_not_believed(reader: ArticleReader) -> None:
    """What is announced as small cannot grow: the archive then counts as damaged."""
    data = bytearray(rezipped(WHOLE, {BODY: b"<a>" + b" " * 5_000_000 + b"</a>"}))
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(BODY.encode()))
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    assert "cannot be parsed as Word" in read(reader, "a.docx", bytes(data))  # type: ignore[operator]


def test_a_word_file_cut_short_or_damaged_costs_only_itself(reader: ArticleReader) -> None:
    """Thirty of them end with a text or a reason; those that are cut short have none."""
    assert all(isinstance(read(reader, "a.docx", data), str) for data in cut_short(WHOLE, 15))
    for data in damaged(WHOLE, 15):
        read(reader, "a.docx", data)
    assert read(reader, "a.docx", WHOLE) == FERRY
    assert zipfile.is_zipfile(io.BytesIO(WHOLE))
