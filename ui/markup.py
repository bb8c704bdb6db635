"""Words, dates and addresses as safe HTML: the one place where text of strangers becomes markup."""

import datetime
import html
import ipaddress
import re
from urllib.parse import urlsplit

import idna

from qa.articles.language import UNDECIDED
from qa.language.names import language_name

_NUMERIC = re.compile(r"\d+|0[xX][0-9a-fA-F]*")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)  # fmt: skip - not strftime, which would follow the locale of the machine


def escape(value: object) -> str:
    """Return text that is safe in an element and in a quoted attribute."""
    return html.escape(str(value), quote=True)


def day(date: str | None) -> str:
    """Return ``2025-03-03`` as ``3 March 2025``; anything else as it is, and nothing as "undated"."""
    if not date:
        return "undated"
    try:
        parsed = datetime.date.fromisoformat(date)
    except ValueError:
        return date
    return f"{parsed.day} {MONTHS[parsed.month - 1]} {parsed.year}"


def count(number: int, noun: str) -> str:
    """Return "1 passage", "2 passages", "1,200 passages"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def foreign(language: str | None) -> str:
    """Return what a language is called that is not English, "" for English and where it is not known."""
    return "" if language in (None, "en", UNDECIDED) else language_name(language)


def unreadable_html(fault: str) -> str:
    """Return what stands in place of articles and conversation where the library cannot be read."""
    return f'<div class="welcome empty"><h3>The library cannot be read</h3><p role="alert">{escape(fault)}</p></div>'


def host(url: str | None) -> str | None:
    """Return the host a web address leads to, as the browser will read it, or None when it is no such address."""
    if not url or not url.isprintable() or any(blank in url for blank in (" ", "\\")):
        return None
    try:
        parts = urlsplit(url)
        name = parts.hostname
        if parts.scheme not in ("http", "https") or not name or parts.username is not None:
            return None
        parts.port  # noqa: B018 - raises ValueError when it is no number
        if _is_address(name):
            return name
        if _NUMERIC.fullmatch(name.rstrip(".").rpartition(".")[2]):
            return None  # browsers read 2130706433 and 0x7f.1 as addresses, too
        return name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")  # shows look-alike letters
    except (ValueError, idna.IDNAError):
        return None


def link(url: str | None) -> str:
    """Return a link that shows where it leads, or nothing when the address is not of the web."""
    name = host(url)
    if name is None:
        return ""
    return (
        f'<a class="outside" href="{escape(url)}" target="_blank" rel="noopener noreferrer nofollow">{escape(name)}</a>'
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
