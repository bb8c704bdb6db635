"""What is taken out of texts, titles, dates and addresses."""

import random

import pytest

from qa.articles import clean_text
from qa.articles.cleaning import iso_date, one_line, visible_text, web_address

REMOVED = "\x00\x07\x0b\x0c\x1b\x7f\x80\x9f\u061c\u200e\u200f\u202a\u202e\u2066\u2069\ud800\udfff\U000e0000\U000e007f"
KEPT = "a Z9\t\n \u00a0\u00ad\u200b\u200c\u200d\u2060\ufeff\ufffd\u05d0\u4e2d\U0001f468\U000e0100"


def test_every_kind_of_line_end_becomes_a_line_feed() -> None:
    """CRLF is one line end; CR, NEL, LS and PS are one each."""
    assert clean_text("a\r\nb\rc\u0085d\u2028e\u2029f\n\rg") == "a\nb\nc\nd\ne\nf\n\ng"


def test_control_bidi_and_tag_characters_are_removed() -> None:
    """Each of them goes, at either end of its range, and its neighbours stay."""
    assert [clean_text(f"a{character}b") for character in REMOVED] == ["ab"] * len(REMOVED)


def test_nothing_else_changes() -> None:
    """Tabs, joiners, no-break blanks, other scripts and emoji are the author's."""
    assert clean_text(KEPT) == KEPT


def test_what_no_screen_shows_is_left_out_for_the_search() -> None:
    """Joiners, blanks and hyphens that are seen stay."""
    assert visible_text("mil\u00adli\u200bon \u2060crowns\ufeff") == "million crowns"
    assert visible_text("a\u200c\u200d\u2010\u00a0b") == "a\u200c\u200d\u2010\u00a0b"


def test_cleaning_twice_is_cleaning_once() -> None:
    """Over random mixes of all kinds of characters; the result can be stored as UTF-8 without NUL."""
    chance = random.Random(7)
    alphabet = REMOVED + KEPT + "\r\n\u0085\u2028\u2029"
    for _ in range(2000):
        cleaned = clean_text("".join(chance.choices(alphabet, k=chance.randrange(40))))
        assert clean_text(cleaned) == cleaned
        assert not set(cleaned.encode().decode()) & set(REMOVED + "\r\u0085\u2028\u2029")


def test_a_title_is_one_line_of_at_most_300_characters() -> None:
    """Blanks of any kind become one blank; nothing left is None."""
    assert one_line(" Ferry\r\n opens\u2028 at\tlast\x1b ") == "Ferry opens at last"
    assert one_line("x" * 400) == "x" * 300
    assert one_line("x" * 299 + " y") == "x" * 299
    assert [one_line(None), one_line(" \n\u202e")] == [None, None]


@pytest.mark.parametrize("address", ["http://a.example/x?y=1#z", "HTTPS://a.example", " https://a.example/\u00fc "])
def test_web_addresses_are_kept(address: str) -> None:
    """Those of http and https, without the blanks around them."""
    assert web_address(address) == address.strip()


@pytest.mark.parametrize(
    "address",
    [None, "", "javascript:alert(1)", "ftp://a.example", "//a.example", "https://", "https://a b", "https://a\nb"]
    + ["https://a\x01b", "https://a\u202eb", 'https://a"onclick="x', "https://a<b>", "https://a/" + "x" * 3000],
)
def test_other_addresses_are_not(address: str | None) -> None:
    """Other schemes, and characters that could leave an attribute or mislead the eye."""
    assert web_address(address) is None


def test_a_date_is_an_iso_date_that_the_calendar_has() -> None:
    """A datetime is cut to its date; anything else is unknown."""
    assert iso_date("2024-02-29") == "2024-02-29"
    assert iso_date(" 2026-05-01T23:59:59+02:00 ") == iso_date("2026-05-01 10:00") == "2026-05-01"
    assert iso_date("2031/01/02") == iso_date("2031.1.2 10:00") == iso_date("2031-1-2") == "2031-01-02"
    for value in (
        None,
        "",
        "02/01/2031",
        "2031/01-02",
        "2023-02-29",
        "2026-13-01",
        "20260501",
        "2026-05",
        "1 May 2026",
        "2026-05-011",
    ):
        assert iso_date(value) is None
