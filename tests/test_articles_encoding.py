"""Bytes become text."""

import pytest

from qa.articles.encoding import decode
from qa.errors import InputError

GERMAN = (
    "Der B\u00fcrgermeister er\u00f6ffnete gestern die neue Br\u00fccke \u00fcber die Aa. Die Stra\u00dfe war gesperrt."
)
RUSSIAN = (
    "\u041f\u0440\u0435\u0437\u0438\u0434\u0435\u043d\u0442 "
    "\u0437\u0430\u044f\u0432\u0438\u043b \u0432\u0447\u0435\u0440\u0430"
)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1"])
def test_german_is_read_in_every_usual_encoding(codec: str) -> None:
    """With and without a byte order mark, which is no part of the text."""
    assert decode(GERMAN.encode(codec)) == GERMAN


@pytest.mark.parametrize("codec", ["utf-16-be", "utf-16-le"])
def test_utf_16_is_known_by_its_mark_in_both_byte_orders(codec: str) -> None:
    """The mark alone says which."""
    assert decode(("\ufeff" + GERMAN).encode(codec)) == GERMAN


@pytest.mark.parametrize("codec", ["cp1251", "koi8-r"])
def test_russian_is_read_in_its_older_encodings(codec: str) -> None:
    """The guess is by what the letters would be."""
    assert decode((RUSSIAN * 3).encode(codec)) == RUSSIAN * 3


def test_one_broken_character_does_not_change_the_others() -> None:
    """A file cut in the middle of a character stays UTF-8, with U+FFFD for what is broken."""
    assert decode(GERMAN.encode() * 3 + b"\xc3") == GERMAN * 3 + "\ufffd"
    assert decode(b"\xef\xbb\xbf" + GERMAN.encode() * 3 + b"\xc3") == GERMAN * 3 + "\ufffd"


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04\x00\x00",
        b"\x89PNG\r\n\x1a\n\x00",
        "text".encode("utf-16-le"),
        b"\x01\x02\x03\x04ab",
        b"Much text, one \x00 in it",
    ]
    + [bytes(range(128, 256)) * 40, b"\xff\xfe\x00\xd8"],
)
def test_binary_data_is_refused(data: bytes) -> None:
    """NUL bytes, mostly control characters, bytes of no encoding, a mark that does not hold."""
    with pytest.raises(InputError, match="is not .*text"):
        decode(data)
