"""Addresses as a person writes them: which are asked, and the one form in which each is stored."""

import re
from urllib.parse import quote, urlsplit, urlunsplit

import idna

from qa.articles.file_name import printable
from qa.errors import InputError

LONGEST = 1_000  # characters, as of an article's id, which the address of a page is

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+:[0-9a-f:.]*")
_PORTS = {"http": 80, "https": 443}
_KEPT = "/%:=&?~+!$,;'@()*[]"  # characters that mean something in a path or a query


def is_address(place: object) -> bool:
    """Whether it is written like an address rather than like a path."""
    return isinstance(place, str) and _ADDRESS.match(place) is not None


def checked_address(text: str) -> str:
    """Return the address in its one form: host in lower case, ASCII only, nothing behind ``#``.

    Raises InputError, a clause about the address with the address in front, for one that is not asked.
    """
    shown = printable(text[:LONGEST])
    if re.search(r"[\s\\\x00-\x1f\x7f]", text) or len(text) > LONGEST:
        raise InputError(f"{shown} is no web address; copy it again from the browser")
    try:
        parts = urlsplit(text)
        host, port = _ascii((parts.hostname or "").lower()), parts.port
    except (ValueError, UnicodeError) as error:
        raise InputError(f"{shown} is no web address ({error}); copy it again from the browser") from error
    if parts.scheme not in _PORTS:
        raise InputError(f"{shown} is not fetched; only http and https addresses are")
    if "@" in parts.netloc:
        raise InputError(
            f"{shown} has a user name in it; Newsdesk logs in nowhere, give an address that needs no login"
        )
    if not _HOST.fullmatch(host):
        raise InputError(f"{shown} names no host; copy it again from the browser")
    place = f"[{host}]" if ":" in host else host
    if port not in (None, _PORTS[parts.scheme]):
        place += f":{port}"
    path, query = quote(parts.path or "/", _KEPT), quote(parts.query, _KEPT)
    return urlunsplit((parts.scheme, place, path, query, ""))


def host_and_port(address: str) -> tuple[str, int]:
    """Return the host of a checked address, without brackets, and its port."""
    parts = urlsplit(address)
    return parts.hostname or "", parts.port or _PORTS[parts.scheme]


def _ascii(host: str) -> str:
    return host if host.isascii() else idna.encode(host, uts46=True).decode()
