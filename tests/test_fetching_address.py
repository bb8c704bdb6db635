"""Which addresses are asked, and how each is stored."""

import pytest

from qa.errors import InputError
from qa.fetching.address import checked_address, host_and_port, is_address


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("https://post.example/feed.xml", "https://post.example/feed.xml"),
        ("HTTPS://Post.Example", "https://post.example/"),
        ("http://post.example:80/a?b=c#part", "http://post.example/a?b=c"),
        ("https://post.example:443/", "https://post.example/"),
        ("https://post.example:8443/x", "https://post.example:8443/x"),
        ("https://bücher.example/straße?q=ä", "https://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%A4"),
        ("https://post.example/a%20b%2Fc|d", "https://post.example/a%20b%2Fc%7Cd"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
    ],
)
def test_an_address_has_one_form(written: str, stored: str) -> None:
    """And that is its own form."""
    assert is_address(written)
    assert checked_address(written) == stored
    assert checked_address(stored) == stored


@pytest.mark.parametrize(
    "written",
    [
        "file:///etc/passwd", "gopher://post.example/_x", "ftp://post.example/a", "data://text/plain,x", "dict://h:1/",
        "http://user@post.example/", "https://user:secret@post.example/", "http://post.example@127.0.0.1/", "http:///a",
        "http://", "http://post.example:99999/", "http://post.example:x/", "http://post example/", "http://a\\@b/",
        "http://[::1/", "http://[fe80::1%25lo]/", "http://a\r\nX: y/", "http://%6c/", "http://" + "a" * 1_000 + "/",
        "http://xn--\u00fc.\u2024/", "https://a<b>.example/",
    ],
)  # fmt: skip
def test_what_is_no_address_to_ask_is_refused(written: str) -> None:
    """In one line that says what to do."""
    assert is_address(written)
    with pytest.raises(InputError, match=r"^[^\n]*[;,] [^\n]*$"):
        checked_address(written)


def test_paths_are_no_addresses() -> None:
    """Not those of Windows either, nor one with a colon."""
    assert not any(map(is_address, ("articles/", "C:/articles", "a:b.txt", "http:/x", "//host/x", "", None)))


def test_host_and_port() -> None:
    """The port that is meant where none is written."""
    assert host_and_port("https://post.example/") == ("post.example", 443)
    assert host_and_port("http://[::1]:8080/") == ("::1", 8080)
