"""The process that parses, asked for web pages, and pages that attack it."""

from collections.abc import Iterator

import pytest

from qa.articles.parsing import Parsing
from qa.errors import InputError

PAGE = """<html><head><meta charset="{charset}"><title>Ferry opens | Post</title>
<meta property="og:site_name" content="Kestrel Post"><link rel="canonical" href="https://post.example/ferry">
<meta property="article:published_time" content="2026-05-01T10:00:00Z"></head><body><nav>Home Sport</nav><article>
<h1>Ferry opens</h1>
<p>The ferry to K\u00f6nigsr\u00fccken opened after <b>two</b> years of stra\u00dfe works &amp; rain.</p>
<p>It sails twice a day.</p></article><footer>Copyright 2019</footer></body></html>"""
TEXT = (
    "Ferry opens\nThe ferry to K\u00f6nigsr\u00fccken opened after two years of stra\u00dfe works & rain."
    "\nIt sails twice a day."
)
STALLING = b"<html><body><p " + b" ".join(b"a%d=1" % number for number in range(200_000)) + b">Text</p></body></html>"


@pytest.fixture(scope="module")
def reader() -> Iterator[Parsing]:
    """Yield a reader with the limits of a patient user."""
    reader = Parsing(20, 1_000_000_000)
    yield reader
    reader.close()


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "utf-16"])
def test_a_page_gives_main_text_and_metadata(reader: Parsing, charset: str) -> None:
    """Without navigation and footer, in the encoding that its bytes are in."""
    page = PAGE.format(charset=charset).encode(charset)
    assert reader.parse("html", page) == {
        "text": TEXT,
        "title": "Ferry opens",
        "date": "2026-05-01",
        "source": "Kestrel Post",
        "url": "https://post.example/ferry",
        "notes": [],
    }


@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_one_broken_letter_does_not_change_the_others(reader: Parsing, charset: str) -> None:
    """The page stays in the encoding that it is in, here cut off within a letter."""
    page = PAGE.format(charset=charset).partition("</p></article>")[0] + "\u00df"
    assert reader.parse("html", page.encode(charset)[:-1])["text"] == f"{TEXT}\ufffd"


def test_the_navigation_of_a_page_with_little_text_is_no_text(reader: Parsing) -> None:
    """However short the article is."""
    links = "<nav><a href='/'>Home</a> <a href='/sport'>Sport</a></nav>"
    page = f"<html><body>{links}<article><h1>Ferry opens</h1><p>It sails twice a day.</p></article></body></html>"
    assert reader.parse("html", page.encode())["text"] == "Ferry opens\nIt sails twice a day."


def test_a_page_that_is_nested_too_deep_is_noted(reader: Parsing) -> None:
    """What lies deeper is lost; a NUL in the text is just taken out."""
    deep = (
        PAGE.format(charset="utf-8").replace("</body>", "<div>" * 300 + "Deep.</body>").replace("ferry", "fer\0ry", 1)
    )
    (note,) = reader.parse("html", deep.encode())["notes"]
    assert note.startswith("is nested too deep in its HTML")


def test_a_year_in_the_footer_is_no_date(reader: Parsing) -> None:
    """A date that the page does not claim stays unknown."""
    page = PAGE.format(charset="utf-8").replace("2026-05-01T10:00:00Z", "")
    assert reader.parse("html", page.encode())["date"] is None


@pytest.mark.parametrize("named", ["", "iso-8859-2", "utf-8", "nonsense"])
def test_a_page_is_read_in_the_encoding_it_names_else_in_the_likeliest(reader: Parsing, named: str) -> None:
    """In Polish, in the encoding of its own; that it was guessed is noted."""
    text = "Piekarnia na rogu podnosi ceny chleba ju\u017c drugi raz w tym roku, m\u00f3wi\u0105 s\u0105siedzi."
    page = f'<html><head><meta charset="{named}"></head><body><article><p>{text}</p></article></body></html>'
    found = reader.parse("html", page.encode("iso-8859-2"))
    assert found["text"] == text
    assert len(found.get("notes", ())) == (named != "iso-8859-2")


@pytest.mark.parametrize("page", [b"", b"<html></html>", b"\x00", b"<html><script>Home</script></html>"])
def test_a_page_without_main_text_is_refused(reader: Parsing, page: bytes) -> None:
    """Whether it is empty, no HTML or all script."""
    with pytest.raises(InputError, match="has no main text"):
        reader.parse("html", page)


@pytest.mark.parametrize(
    "page",
    [
        b"<html><body>" + b"<div>" * 20_000 + b"deep",
        b"<!DOCTYPE a [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]><html>&c;</html>",
    ]
    + [b"<html><body>" + b"<p>" * 20_000, b"<html><body><p>" + b"&#x10ffff;&#0;&#xd800;" * 500 + b"</p></body></html>"],
)
def test_a_hostile_page_ends_in_a_draft_or_a_reason(reader: Parsing, page: bytes) -> None:
    """And the page after it is read as if nothing had been."""
    try:
        assert reader.parse("html", page)["text"]
    except InputError as error:
        assert "; " in str(error)
    assert reader.parse("html", PAGE.format(charset="utf-8").encode())["text"] == TEXT


def test_a_page_that_stalls_the_parser_costs_only_itself() -> None:
    """Its time ends at the limit, and the next page is read by another process."""
    reader = Parsing(3, 1_000_000_000)
    try:
        with pytest.raises(InputError, match="took longer than 3 seconds to parse"):
            reader.parse("html", STALLING)
        assert reader.parse("html", PAGE.format(charset="utf-8").encode())["text"] == TEXT
    finally:
        reader.close()


def test_a_page_that_needs_too_much_memory_costs_only_itself() -> None:
    """Also when the process had read a page before."""
    reader = Parsing(60, 250_000_000)
    try:
        assert reader.parse("html", PAGE.format(charset="utf-8").encode())["text"] == TEXT
        with pytest.raises(InputError, match="needs too much memory"):
            reader.parse("html", b"<html><body>" + b"<p>w</p>" * 1_000_000 + b"</body></html>")
        assert reader.parse("html", PAGE.format(charset="utf-8").encode())["text"] == TEXT
    finally:
        reader.close()


def test_a_page_that_takes_much_memory_is_read_and_takes_none_from_the_next() -> None:
    """The process ends after a page that took half of its memory, and the next page gets another."""
    reader = Parsing(60, 200_000_000)
    try:
        assert (
            reader.parse("html", b"<html><body>" + b"<p>w</p>" * 60_000 + b"</body></html>")["text"].count("w")
            == 60_000
        )
        assert reader.parse("html", PAGE.format(charset="utf-8").encode())["text"] == TEXT
    finally:
        reader.close()


def test_a_process_that_cannot_start_is_a_reason() -> None:
    """Here for want of memory to load the parser."""
    reader = Parsing(20, 1_000_000)
    with pytest.raises(InputError, match="does not start"):
        reader.parse("html", b"<html></html>")


def test_a_closed_reader_starts_again() -> None:
    """Closing ends the process and nothing else."""
    reader = Parsing(20, 1_000_000_000)
    reader.close()
    first = reader.parse("html", PAGE.format(charset="utf-8").encode())
    reader.close()
    assert reader.parse("html", PAGE.format(charset="utf-8").encode()) == first
    reader.close()


def test_the_memory_of_whoever_reads_does_not_count(reader: Parsing) -> None:
    """A process that holds models is larger than the parser may become, and a child begins with its parent's peak."""
    held = bytearray(b"x" * 700_000_000)
    with pytest.raises(InputError, match="has no main text"):
        reader.parse("html", b"<html></html>")
    assert len(held) == 700_000_000
