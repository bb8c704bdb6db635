"""How an address is asked, and what no server can make of it: robots.txt, conditions, pauses, limits of time and size."""

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from qa.errors import InputError
from qa.fetching.client import LARGEST, Fetcher, PauseError
from qa.fetching.contents import Fetched
from tests.site import Page, Site, serving

TEXT = {"Content-Type": "text/plain; charset=UTF-8"}


@pytest.fixture
def site() -> Iterator[Site]:
    """A server of this machine."""
    with serving() as site:
        yield site


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    """One that may ask it."""
    with Fetcher("127.0.0.1") as fetcher:
        yield fetcher


@pytest.fixture
def hasty() -> Iterator[Fetcher]:
    """One that may ask it, for a second at most."""
    with Fetcher("127.0.0.1", seconds=1) as fetcher:
        yield fetcher


def refused(fetcher: Fetcher, address: str) -> str:
    """Why an address brings nothing: one clause that says what to do."""
    with pytest.raises(InputError, match=r"^[^\n]*[;,] [^\n]*$") as raised:
        fetcher.get(address)
    return str(raised.value)


def test_what_is_sent_and_what_comes(site: Site, fetcher: Fetcher) -> None:
    """A name of its own, no cookies though one was given, nothing that tells who asks."""
    site.pages["/"] = Page(b"News.", headers={**TEXT, "ETag": '"1"', "Last-Modified": "yesterday", "Set-Cookie": "a=b"})
    assert fetcher.get(site.at("/")) == Fetched(site.at("/"), b"News.", "text/plain", "utf-8", '"1"', "yesterday")
    fetcher.get(site.at("/"))
    for _, headers in site.asked:
        assert headers["user-agent"].startswith("newsdesk/")
        assert set(headers) == {"host", "user-agent", "accept", "accept-encoding", "connection"}
        assert headers["host"] == f"127.0.0.1:{site.port}"
    assert site.paths() == ["/", "/"]


def test_nothing_new_costs_nothing(site: Site, fetcher: Fetcher) -> None:
    """The server is asked with what it said the last time, also behind a redirect; a 304 that nobody asked for is an error."""
    site.pages["/"] = Page(b"News.", headers={"ETag": '"1"'})
    site.pages["/old"] = Page(status=301, headers={"Location": "/"})
    assert fetcher.get(site.at("/old"), '"1"', "Wed, 02 Apr 2031 08:00:00 GMT") is None
    assert site.asked[-1][1]["if-modified-since"] == "Wed, 02 Apr 2031 08:00:00 GMT"
    assert fetcher.get(site.at("/"), '"0"') is not None
    site.pages["/"] = Page(status=304)
    assert refused(fetcher, site.at("/")).startswith("answers 304 Not Modified; ")


@pytest.mark.parametrize("etag", ["\u00fc", "a" * 2_000, "\x01"])
def test_what_could_not_be_sent_back_is_not_kept(site: Site, fetcher: Fetcher, etag: str) -> None:
    """A validator is any server's text."""
    site.pages["/"] = Page(b"News.", headers={"ETag": etag})
    fetched = fetcher.get(site.at("/"))
    assert fetched is not None
    assert fetched.etag is None


def test_redirects_are_followed_so_far(site: Site, fetcher: Fetcher) -> None:
    """Five; relative ones count from where they stand, and the last address is told."""
    for number in range(6):
        site.pages[f"/{number}"] = Page(status=307, headers={"Location": str(number - 1)})
    site.pages["/0"] = Page(b"Here.")
    fetched = fetcher.get(site.at("/5"))
    assert fetched is not None
    assert fetched.address == site.at("/0")
    site.pages["/6"] = Page(status=307, headers={"Location": "/5"})
    assert refused(fetcher, site.at("/6")) == "redirects more than 5 times; give the address it should lead to"
    site.pages["/loop"] = Page(status=302, headers={"Location": "/loop"})
    assert "redirects more than" in refused(fetcher, site.at("/loop"))
    for location in ("http://[", "https://a@b/", "javascript:alert(1)"):
        site.pages["/odd"] = Page(status=302, headers={"Location": location})
        assert refused(fetcher, site.at("/odd")).startswith("redirects to what is not asked (")
    site.pages["/nowhere"] = Page(status=302)
    assert refused(fetcher, site.at("/nowhere")).startswith("answers 302 Found; ")


ROBOTS = b"""User-agent: *
Disallow: /

User-agent: Newsdesk
Disallow: /closed
Disallow: /*.cgi$
Allow: /closed/but/open
"""


def test_robots_are_respected(site: Site, fetcher: Fetcher) -> None:
    """Those for this program, by the standard: the longest rule counts, with wildcards; also where a redirect leads."""
    site.pages["/robots.txt"] = Page(ROBOTS)
    site.pages["/closed/but/open"] = site.pages["/open"] = Page(b"News.")
    site.pages["/away"] = Page(status=302, headers={"Location": "/closed/1"})
    assert fetcher.get(site.at("/open"))
    assert fetcher.get(site.at("/closed/but/open"))
    for path in ("/closed/1", "/a.cgi", "/away"):
        assert refused(fetcher, site.at(path)).startswith("is closed to programs by the robots.txt of its server; ")
    assert [path for path, _ in site.asked] == ["/robots.txt", "/open", "/closed/but/open", "/away"]


def test_robots_for_all_hold_for_this_one(site: Site, fetcher: Fetcher) -> None:
    """Where none are for it; a redirect of robots.txt is followed."""
    site.pages["/robots.txt"] = Page(status=301, headers={"Location": "/rules"})
    site.pages["/rules"] = Page(b"User-agent: *\nDisallow: /private\n")
    site.pages["/"] = Page(b"News.")
    assert fetcher.get(site.at("/"))
    assert "robots.txt" in refused(fetcher, site.at("/private"))


@pytest.mark.parametrize(
    "page", [Page(status=404), Page(status=403), Page(b""), Page(b"\xff\xfe\0 garbage\n" * 99), Page(b":\n" * 99)]
)
def test_where_robots_say_nothing_all_may_be_asked(site: Site, fetcher: Fetcher, page: Page) -> None:
    """None there, or nothing in it that is a rule."""
    site.pages["/robots.txt"], site.pages["/"] = page, Page(b"News.")
    assert fetcher.get(site.at("/"))


def test_where_nobody_knows_what_robots_say_nothing_is_asked(site: Site, fetcher: Fetcher) -> None:
    """The server fails, or its rules are made to exhaust their reader, which costs this address only."""
    site.pages["/"] = Page(b"News.")
    site.pages["/robots.txt"] = Page(status=500)
    assert refused(fetcher, site.at("/")).startswith("was not asked, as its server's robots.txt answers 500 Internal")
    agents = b"".join(b"User-agent: a%d\n" % number for number in range(15_000))
    site.pages["/robots.txt"] = Page(agents + b"".join(b"Allow: /%d\n" % number for number in range(15_000)))
    assert refused(fetcher, site.at("/")).startswith("was not asked, as its server's robots.txt ")
    assert site.paths() == []
    site.pages["/robots.txt"] = Page(b"User-agent: *\nAllow: /\n")
    assert fetcher.get(site.at("/"))


def test_only_so_much_of_robots_is_read(site: Site, fetcher: Fetcher) -> None:
    """Half a megabyte, packed or not; the rules in it count."""
    rules = b"User-agent: *\nDisallow: /closed\n" + b"# and so on\n" * 100_000
    for page in (Page(rules), Page(gzip.compress(rules, 1), headers={"Content-Encoding": "gzip"})):
        with Fetcher("127.0.0.1") as another:
            site.pages["/robots.txt"], site.pages["/"] = page, Page(b"News.")
            assert "robots.txt" in refused(another, site.at("/closed"))
            assert another.get(site.at("/"))


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_wants_a_pause_says_until_when(site: Site, fetcher: Fetcher, status: int) -> None:
    """In seconds or as a date; at most a day."""
    now = datetime.now(UTC)
    asked = {"120": timedelta(minutes=2), format_datetime(now + timedelta(hours=2), usegmt=True): timedelta(hours=2)}
    asked |= {"99999999999": timedelta(days=1), "Wed, 02 Apr 2931 08:00:00 GMT": timedelta(days=1)}
    for value, pause in asked.items():
        site.pages["/"] = Page(status=status, headers={"Retry-After": value})
        with pytest.raises(PauseError, match="asks to be left alone until 20.* UTC; ") as raised:
            fetcher.get(site.at("/"))
        assert abs(raised.value.until - now - pause) < timedelta(seconds=30)


def test_a_server_that_does_not_say_for_how_long(site: Site, fetcher: Fetcher) -> None:
    """Too many requests: ten minutes. Out of order: it may be asked again."""
    site.pages["/"] = Page(status=429, headers={"Retry-After": "soon"})
    with pytest.raises(PauseError) as raised:
        fetcher.get(site.at("/"))
    assert timedelta(minutes=9) < raised.value.until - datetime.now(UTC) < timedelta(minutes=11)
    site.pages["/"] = Page(status=503)
    assert refused(fetcher, site.at("/")) == "answers 503 Service Unavailable; try again later"
    site.pages["/"], site.pages["/robots.txt"] = Page(b"News."), Page(status=429)
    with Fetcher("127.0.0.1") as another, pytest.raises(PauseError):
        another.get(site.at("/"))
    assert site.paths() == ["/", "/"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 500, 599, 204, 206, 300])
def test_an_answer_without_content_is_told(site: Site, fetcher: Fetcher, status: int) -> None:
    """By its status; one that is gone may be taken out."""
    site.pages["/"] = Page(status=status)
    reason = refused(fetcher, site.at("/"))
    assert reason.startswith(f"answers {status}")
    assert (f"qa remove {site.at('/')}" in reason) == (status in (404, 410))


Write = Callable[[bytes], object]


def endless(write: Write) -> None:
    """More and more bytes."""
    while True:
        write(b"x" * 1_000_000)


def dripping(write: Write) -> None:
    """A byte now and then, for ever."""
    while True:
        write(b"x")
        time.sleep(0.05)


def cut_short(write: Write) -> None:
    """Less than was announced."""
    write(b"a" * 10)


def bomb(write: Write) -> None:
    """A gigabyte of zeros in a megabyte."""
    packer = zlib.compressobj(9, wbits=31)
    for _ in range(1_000):
        write(packer.compress(bytes(1_000_000)))
    write(packer.flush())


GZIP = {"Content-Encoding": "gzip"}
HOSTILE = {
    "endless": (Page(endless), "is larger than 20 MB"),
    "announced": (Page(cut_short, headers={"Content-Length": "10000000000"}), "cannot be fetched ("),
    "bomb": (Page(bomb, headers=GZIP), "is larger than 20 MB"),
    "a large body": (Page(bytes(LARGEST + 1)), "is larger than 20 MB"),
    "packed and cut": (Page(gzip.compress(b"News." * 99)[:-9], headers=GZIP), "comes packed and damaged"),
    "packed twice over": (Page(gzip.compress(b"News.") + b"more", headers=GZIP), "comes packed and damaged"),
    "not packed": (Page(b"News." * 99, headers=GZIP), "cannot be fetched ("),
    "packed otherwise": (Page(b"News.", headers={"Content-Encoding": "br"}), "comes packed as br, which was not asked for"),
    "packed in layers": (Page(b"", headers={"Content-Encoding": "gzip, gzip"}), "comes packed as gzip, gzip"),
    "large headers": (Page(b"", headers={"X": "y" * 200_000}), "cannot be fetched ("),
    "bad chunks": (Page(lambda write: write(b"zz\r\n"), headers={"Transfer-Encoding": "chunked"}), "cannot be fetched ("),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_answer_goes_beyond_the_limits(site: Site, fetcher: Fetcher, name: str) -> None:
    """Of size, unpacked or not; what is broken is told."""
    site.pages["/"], reason = HOSTILE[name]
    assert refused(fetcher, site.at("/")).startswith(reason)


def test_no_answer_takes_longer_than_its_time(site: Site, hasty: Fetcher) -> None:
    """However slowly it drips in."""
    site.pages["/"] = Page(dripping)
    began = time.monotonic()
    assert refused(hasty, site.at("/")).startswith("did not answer in time (1 seconds at most)")
    assert time.monotonic() - began < 10


def test_slow_headers_and_what_is_no_http_end_too(hasty: Fetcher) -> None:
    """Before any body."""
    for said in (b"HTTP/1.1 200 OK\r\nX: y", b"SSH-2.0-x\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b""):
        with socket.create_server(("127.0.0.1", 0)) as server:

            def drip(server: socket.socket = server, said: bytes = said) -> None:
                connection, _ = server.accept()
                with connection:
                    connection.sendall(said)
                    try:
                        while said:
                            connection.sendall(said[-1:] if said[-1:] == b"y" else said)
                            time.sleep(0.05)
                    except OSError:
                        pass

            thread = threading.Thread(target=drip)
            thread.start()
            began = time.monotonic()
            assert refused(hasty, f"http://127.0.0.1:{server.getsockname()[1]}/")
            assert time.monotonic() - began < 10
            thread.join()


def test_packed_content_is_unpacked(site: Site, fetcher: Fetcher) -> None:
    """As gzip, which is asked for."""
    site.pages["/"] = Page(gzip.compress(b"News." * 9_999), headers=GZIP)
    fetched = fetcher.get(site.at("/"))
    assert fetched is not None
    assert fetched.data == b"News." * 9_999


def test_a_server_that_is_not_there(fetcher: Fetcher) -> None:
    """Nobody listens."""
    with serving() as gone:
        address = gone.at("/")
    assert refused(fetcher, address).startswith("cannot be fetched (")
