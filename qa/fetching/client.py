"""One address is asked: as robots.txt allows, redirect by redirect, within limits of time and size, without cookies."""

import re
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

import qa
from qa.articles.parsing import Parsing
from qa.errors import InputError
from qa.fetching.address import checked_address
from qa.fetching.contents import SUFFIXES, Fetched
from qa.fetching.network import Deadline, PublicNetwork, Resolve, system_resolve

SECONDS = 60.0  # for one address, redirects and robots.txt included
LARGEST = 20_000_000  # bytes, packed and unpacked
REDIRECTS = 5
ROBOTS_BYTES = 500 * 1024  # of a robots.txt are read, as its standard asks
ROBOTS_SECONDS = 24 * 3600.0  # it is asked again after that
RULE_SECONDS = 5.0  # for reading one
PAUSE = timedelta(minutes=10)  # where a server asks for one and does not say how long
LONGEST_PAUSE = timedelta(days=1)

_REDIRECTED = (301, 302, 303, 307, 308)
_TOO_LARGE = f"is larger than {LARGEST // 1_000_000} MB; give another address"


class PauseError(InputError):
    """A server asks to be left alone until a time (UTC)."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"asks to be left alone until {until:%Y-%m-%d %H:%M} UTC; it is asked again after that")
        self.until = until


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one request came to; ``data`` is empty where the status is not 200."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def said(self) -> str:
        """The status in words."""
        known = self.status in HTTPStatus._value2member_map_
        return f"{self.status} {HTTPStatus(self.status).phrase}" if known else str(self.status)


@dataclass(slots=True)
class _Rules:
    """A robots.txt, when it was read, and what it says of addresses that it was asked about."""

    data: bytes
    read_at: float
    allowed: dict[str, bool] = field(default_factory=dict)


class Fetcher:
    """Asks addresses, one after the other; a context manager, which one thread at a time has.

    What a robots.txt says is found out in a process of its own, and kept for a day, over many rounds.
    """

    def __init__(
        self, private_hosts: str = "none", resolve: Resolve = system_resolve, seconds: float = SECONDS
    ) -> None:
        """Name the hosts, divided by blanks, that may have addresses which are not public; "none" for none."""
        self._private_hosts = frozenset(private_hosts.lower().split()) - {"none"}
        self._resolve, self._seconds = resolve, seconds
        self._rules: dict[str, _Rules] = {}
        self._parsing = Parsing(RULE_SECONDS)
        self._ssl = httpx.create_ssl_context()
        self._lock = threading.Lock()

    def __enter__(self) -> "Fetcher":
        """Return itself, as soon as no other thread has it."""
        self._lock.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the process; the next robots.txt starts another."""
        self._parsing.close()
        self._lock.release()

    def get(self, address: str, etag: str | None = None, modified: str | None = None) -> Fetched | None:
        """What a checked address has, None where that is what it had when it gave ``etag`` or ``modified``.

        Raises InputError with the reason, a clause about the address; PauseError where the server asks for a pause.
        """
        deadline = Deadline(self._seconds)
        conditions = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, value in conditions.items() if value}
        with self._told_in_one_line():
            at, answer = self._followed(address, headers, deadline, robots=True)
        if answer.status == HTTPStatus.NOT_MODIFIED and headers:
            return None
        if answer.status != HTTPStatus.OK:
            raise _refused(address, answer)
        media_type, _, parameters = answer.headers.get("content-type", "").partition(";")
        charset = re.search(r'charset="?([\w-]+)', parameters, re.IGNORECASE)
        return Fetched(
            at,
            answer.data,
            media_type.strip().lower(),
            charset[1].lower() if charset else "",
            _validator(answer.headers.get("etag")),
            _validator(answer.headers.get("last-modified")),
        )

    def _followed(
        self, address: str, headers: Mapping[str, str], deadline: Deadline, robots: bool
    ) -> tuple[str, _Answer]:
        """The last address and its answer; each address on the way is checked as the first one was."""
        for _ in range(REDIRECTS + 1):
            if robots:
                self._check_robots(address, deadline)
            answer = self._answer(address, headers, deadline, ROBOTS_BYTES if not robots else None)
            if answer.status not in _REDIRECTED or "location" not in answer.headers:
                return address, answer
            address = _next(address, answer.headers["location"])
        raise InputError(f"redirects more than {REDIRECTS} times; give the address it should lead to")

    def _answer(self, address: str, headers: Mapping[str, str], deadline: Deadline, most: int | None) -> _Answer:
        """One request on a connection of its own; ``most`` bytes of the body, else all of it."""
        sent = {
            "Host": urlsplit(address).netloc,
            "User-Agent": f"newsdesk/{qa.__version__} (reads feeds and pages for one person)",
            "Accept": ", ".join([*SUFFIXES, "*/*;q=0.1"]),
            "Accept-Encoding": "gzip",
            "Connection": "close",
            **headers,
        }
        network = PublicNetwork(self._private_hosts, self._resolve, deadline)
        with (
            httpcore.ConnectionPool(ssl_context=self._ssl, network_backend=network) as pool,
            pool.stream("GET", address, headers=list(sent.items())) as response,
        ):
            found = {
                name.decode("ascii", "replace").lower(): value.decode("utf-8", "replace")
                for name, value in response.headers
            }
            data = _body(response, found, most) if response.status == HTTPStatus.OK else b""
        return _Answer(response.status, found, data)

    def _check_robots(self, address: str, deadline: Deadline) -> None:
        """Raise InputError where the robots.txt beside an address does not allow asking it."""
        place = urljoin(address, "/robots.txt")
        rules = self._rules.get(place)
        if rules is None or time.monotonic() > rules.read_at + ROBOTS_SECONDS:
            rules = self._rules[place] = _Rules(self._robots(place, deadline), time.monotonic())
        if rules.data and address not in rules.allowed:
            del self._rules[place]  # rules that cannot be read are asked for again the next time
            rules.allowed[address] = self._allows(rules.data, address)
            self._rules[place] = rules
        if rules.data and not rules.allowed[address]:
            raise InputError("is closed to programs by the robots.txt of its server; save the page as a file instead")

    def _allows(self, rules: bytes, address: str) -> bool:
        try:
            return bool(self._parsing.parse("robots", f"{address}\n".encode() + rules)["text"] == "allowed")
        except InputError as error:
            reason = str(error).partition(";")[0]
            raise InputError(
                f"was not asked, as its server's robots.txt {reason}; save the page as a file instead"
            ) from error

    def _robots(self, place: str, deadline: Deadline) -> bytes:
        """The bytes of a robots.txt, none where there is none. Raises InputError where nobody can tell."""
        _, answer = self._followed(place, {}, deadline, robots=False)
        if answer.status == HTTPStatus.OK:
            return answer.data
        if 400 <= answer.status < 500 and answer.status != HTTPStatus.TOO_MANY_REQUESTS:
            return b""
        if (pause := _pause(answer)) is not None:
            raise pause
        raise InputError(f"was not asked, as its server's robots.txt answers {answer.said}; try again later")

    @contextmanager
    def _told_in_one_line(self) -> Iterator[None]:
        """What goes wrong on the way becomes one clause."""
        try:
            yield
        except httpcore.TimeoutException as error:
            raise InputError(f"did not answer in time ({self._seconds:g} seconds at most); try again later") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, zlib.error) as error:
            what = " ".join(str(error).split())[:200] or type(error).__name__
            raise InputError(f"cannot be fetched ({what}); check the address and the network") from error


def _body(response: httpcore.Response, headers: Mapping[str, str], most: int | None) -> bytes:
    """The body, unpacked, as it comes in; ``most`` cuts it short. Raises InputError where it is too large or packed oddly."""
    packed = headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("identity", "", "gzip", "x-gzip"):
        raise InputError(f"comes packed as {packed[:40]}, which was not asked for; try again later")
    limit, parts, size, received = most or LARGEST, list[bytes](), 0, 0
    unpacker = zlib.decompressobj(wbits=31) if "gzip" in packed else None
    for chunk in response.iter_stream():
        received += len(chunk)
        parts.append(unpacker.decompress(chunk, limit + 1 - size) if unpacker else chunk)
        size += len(parts[-1])
        if max(size, received) > limit:
            if most is not None:
                break
            raise InputError(_TOO_LARGE)
    if unpacker and most is None and (not unpacker.eof or unpacker.unused_data):
        raise InputError("comes packed and damaged; try again later")
    return b"".join(parts)[:limit]


def _next(address: str, location: str) -> str:
    """Where a redirect leads. Raises InputError where it leads to what is not asked."""
    try:
        following = checked_address(urljoin(address, location))
    except (InputError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(f"redirects to what is not asked ({reason}); give the address it should lead to") from error
    if address.startswith("https:") and not following.startswith("https:"):
        raise InputError(
            f"redirects from https to {following}, which anybody can change; give that address if you trust it"
        )
    return following


def _validator(value: str | None) -> str | None:
    """What may be sent back as it came, else None."""
    return value if value and value.isascii() and value.isprintable() and len(value) <= 1_000 else None


def _refused(address: str, answer: _Answer) -> InputError:
    """The error for an answer that brings nothing."""
    pause = _pause(answer)
    if pause is not None:
        return pause
    if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return InputError(f"answers {answer.said}; check the address, or stop asking it: qa remove {address}")
    return InputError(f"answers {answer.said}; try again later")


def _pause(answer: _Answer) -> PauseError | None:
    """The pause that a server asks for, None where it asks for none."""
    asked, now = answer.headers.get("retry-after", "").strip(), datetime.now(UTC)
    if answer.status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return None
    try:
        until = now + timedelta(seconds=int(asked[:9])) if asked.isdecimal() else parsedate_to_datetime(asked)
        until = until.astimezone(UTC) if until.tzinfo else until.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return None
        until = now + PAUSE
    return PauseError(min(until, now + LONGEST_PAUSE))
