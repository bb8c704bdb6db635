"""Articles in .pdf files, whole and broken."""

import io
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from qa.articles import ArticleReader
from qa.types import Article
from tests.broken_files import cut_short, damaged, read
from tests.conftest import MakeDesk
from tests.made_pdf import make_pdf, pdf_file, pdf_objects, pdf_stream

PAGES = (
    ["The ferry to Lenvik opened on Monday after three", "years. It cost 40 mil-", "lion crowns, said the"],
    ["port-master. The well-known ship is the well-", "known one (new)."],
    [],
    ["It sails \u201cdaily\u201d."],
)
TEXT = (
    "The ferry to Lenvik opened on Monday after three\nyears. It cost 40 million crowns, said the\n"
    "port-master. The well-known ship is the well-known one (new).\n\nIt sails \u201cdaily\u201d."
)
SAID = {"Title": "Ferry opens", "Author": "Lenvik Post", "CreationDate": "D:20260501233000-05'00'"}
WHOLE = make_pdf(*PAGES, **SAID)
FERRY = Article("a.pdf", "Ferry opens", "2026-05-01", "Lenvik Post", None, TEXT, (0, 92, 155, 155))
LONG = make_pdf(
    *([f"Keeper{page} saw whale{page} by the rocks.", *["The sea was calm."] * 30] for page in range(1, 41))
)


@pytest.fixture(scope="module")
def reader() -> Iterator[ArticleReader]:
    """Yield a reader with its usual limits."""
    with ArticleReader() as reader:
        yield reader


def test_numbers_printed_on_pages_are_no_text(reader: ArticleReader) -> None:
    """At the head or the foot, where they grow with the pages; a number that stands alone for another reason stays."""
    said = ("The ferry to", "Lenvik opened, the port", "says. It cost", "40 million.")
    expected = "The ferry to\nLenvik opened, the port\nsays. It cost\n40 million."
    for first in (1, 17):
        for pages in (
            [[text, f"- {number} -"] for number, text in enumerate(said, start=first)],
            [[f"{number}", text] for number, text in enumerate(said, start=first)],
        ):
            article = read(reader, "a.pdf", make_pdf(*pages))
            assert isinstance(article, Article)
            assert (article.text, article.pages) == (expected, (0, 13, 37, 51))
    kept = read(reader, "a.pdf", make_pdf(*([text, "2031"] for text in said)))
    assert isinstance(kept, Article)
    assert kept.text.count("2031") == 4


def with_content(content: bytes, filters: str = "") -> bytes:
    """A PDF of one page that shows this."""
    objects = pdf_objects([["x"]], {})
    objects[5] = pdf_stream(content, filters)
    return pdf_file(objects)


def with_object(number: int, value: bytes) -> bytes:
    """A PDF of one page with another object at a number."""
    objects = pdf_objects([["Text of a page."]], {})
    objects[number - 1] = value
    return pdf_file(objects)


def encrypted(password: str) -> bytes:
    """The PDF, to be opened with a password, or by anyone who gives none."""
    writer, written = PdfWriter(clone_from=PdfReader(io.BytesIO(WHOLE))), io.BytesIO()
    writer.encrypt(password, owner_password="owner", algorithm="RC4-128")
    writer.write(written)
    return written.getvalue()


def encrypted_with_aes() -> bytes:
    """A PDF that says of itself that it is encrypted with AES-256."""
    keys = " ".join(
        f"/{key} <{'00' * size}>" for key, size in (("O", 48), ("U", 48), ("OE", 32), ("UE", 32), ("Perms", 16))
    )
    filters = "/CF << /StdCF << /CFM /AESV3 /AuthEvent /DocOpen /Length 32 >> >> /StmF /StdCF /StrF /StdCF"
    dictionary = f"/Encrypt << /Filter /Standard /V 5 /R 6 /Length 256 /P -4 {keys} {filters} >>"
    return pdf_file(pdf_objects([["x"]], {}), f"{dictionary} /ID [<{'00' * 16}> <{'00' * 16}>]")


def test_a_pdf_gives_its_text_its_pages_and_what_it_says_of_itself(reader: ArticleReader) -> None:
    """Words that a line's end divides are whole, a sentence may go on over a page's end, the date is the local one."""
    assert read(reader, "a.pdf", WHOLE) == FERRY
    assert TEXT[92:].startswith("port-master")
    assert TEXT[155:].startswith("It sails")
    assert read(reader, "A.PDF", b"\n" * 500 + WHOLE) == Article("A.PDF", *list(_values(FERRY))[1:])


def _values(article: Article) -> Iterator[object]:
    return (getattr(article, name) for name in ("article_id", "title", "date", "source", "url", "text", "pages"))


@pytest.mark.parametrize(
    ("path", "said", "title", "date"),
    [
        ("harbour.pdf", {}, "harbour", None),
        ("harbour.pdf", {"Title": "Microsoft Word - draft3.docx"}, "harbour", None),
        ("harbour.pdf", {"Title": "untitled"}, "harbour", None),
        ("harbour.pdf", {"Title": "issue7.indd"}, "harbour", None),
        ("harbour.pdf", {"Title": " "}, "harbour", None),
        ("harbour.pdf", {"CreationDate": "yesterday"}, "harbour", None),
        ("harbour.pdf", {"CreationDate": "D:2026"}, "harbour", "2026-01-01"),
        ("2025-03-02-harbour.pdf", {"CreationDate": "D:20260501"}, "harbour", "2025-03-02"),
        (
            "2025-03-02.pdf",
            {"Title": "Caf\u00e9 \\(open\\)", "CreationDate": "D:20260501"},
            "Caf\u00e9 (open)",
            "2025-03-02",
        ),
    ],
)
def test_what_a_pdf_lacks_comes_from_its_name(
    reader: ArticleReader, path: str, said: dict[str, str], title: str, date: str | None
) -> None:
    """A title that a program left there is none; the day on which a file was made is the date of last resort."""
    article = read(reader, path, make_pdf(["Text."], **said))
    assert article == Article(path, title, date, None, None, "Text.", (0,))


@pytest.mark.parametrize(
    ("data", "reason"),
    {
        "empty": (b"", "is not a PDF"),
        "text": (b"Just text. " * 200, "is not a PDF"),
        "a web page": (b"<html><body><p>Not found</p></body></html>", "is not a PDF"),
        "a zip": (b"PK\x03\x04" + bytes(2000), "is not a PDF"),
        "its mark too late": (b" " * 2000 + WHOLE, "is not a PDF"),
        "only its mark": (b"%PDF-1.7", "cannot be parsed as PDF"),
        "no table": (WHOLE[: WHOLE.index(b"xref")], "cannot be parsed as PDF"),
        "no pages": (make_pdf(), "has no text, only pictures"),
        "a scan": (make_pdf([], [], []), "has no text, only pictures"),
        "blanks": (make_pdf([" ", "  "]), "has no text, only pictures"),
        "a password": (encrypted("secret"), "is encrypted; save a copy without"),
        "AES": (encrypted_with_aes(), "is encrypted; save a copy without"),
        "pages in pages": (with_object(2, b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>"), "cannot be parsed as PDF"),
        "pages without end": (with_object(2, b"<< /Type /Pages /Kids [" + b"5 0 R " * 9 + b"9999 0 R] >>"), ""),
        "no catalogue": (with_object(1, b"null"), "cannot be parsed as PDF"),
        "a content that is a number": (with_object(6, b"7"), ""),
        "a bomb": (
            with_content(zlib.compress(bytes(200_000_000), 9), "/Filter /FlateDecode"),
            "cannot be parsed as PDF",
        ),
        "no zlib": (with_content(b"no zlib at all", "/Filter /FlateDecode"), ""),
        "filters upon filters": (with_content(b"x", "/Filter [" + "/ASCIIHexDecode " * 5000 + "]"), ""),
        "arrays in arrays": (with_content(b"BT " + b"[" * 50_000 + b"ET"), ""),
    }.values(),
)
def test_a_broken_pdf_ends_with_its_reason(reader: ArticleReader, data: bytes, reason: str) -> None:
    """Or, where what is left of it has a text, with that; the next one is read as if nothing had been."""
    ended = read(reader, "a.pdf", data)
    assert reason in ended if isinstance(ended, str) else not reason
    assert read(reader, "a.pdf", WHOLE) == FERRY


def test_a_pdf_that_anyone_may_open_is_read(reader: ArticleReader) -> None:
    """Such a one is encrypted so that it cannot be changed."""
    assert read(reader, "a.pdf", encrypted("")) == FERRY


def test_a_pdf_cut_short_or_damaged_costs_only_itself(reader: ArticleReader) -> None:
    """Forty of them end with a text or a reason, and those cut short by more than a line have none."""
    for number, data in enumerate([*cut_short(WHOLE, 20), *damaged(WHOLE, 20)]):
        ended = read(reader, "a.pdf", data)
        assert isinstance(ended, str) or number > 17
    assert read(reader, "a.pdf", WHOLE) == FERRY


def test_a_pdf_that_takes_too_long_or_too_much_costs_only_itself() -> None:
    """At its limits, of which a PDF gets six times those of a page in time."""
    slow = with_content(zlib.compress(b"BT /F 12 Tf " + b"(ab) Tj " * 500_000 + b"ET"), "/Filter /FlateDecode")
    with ArticleReader(seconds=0.2) as reader:
        assert read(reader, "a.pdf", slow) == "took longer than 1.2 seconds to parse; save it as text"
        assert read(reader, "a.pdf", WHOLE) == FERRY
    large = pdf_file([*pdf_objects([["x"]], {}), pdf_stream(bytes(49_000_000))])
    with ArticleReader(memory_bytes=90_000_000) as reader:
        assert "needs too much memory (over 90 MB)" in read(reader, "a.pdf", large)  # type: ignore[operator]
        assert read(reader, "a.pdf", WHOLE) == FERRY


def test_a_citation_says_its_page(make_desk: MakeDesk, tmp_path: Path) -> None:
    """In an answer; the article knows its pages, and what has none says nothing."""
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "long.pdf").write_bytes(LONG)
    (tmp_path / "news" / "note.txt").write_text("The harbour note has no pages.")
    desk = make_desk()
    assert desk.index(tmp_path / "news").added == 2
    assert len(desk.article("long.pdf").pages) == 40
    for question, page in (("Who saw whale17?", 17), ("Who saw whale40?", 40), ("What has the harbour note?", None)):
        citation = desk.ask(question).citations[0]
        assert citation.page == page
        assert page is None or f"whale{page} " in citation.quote
