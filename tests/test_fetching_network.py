"""What is reached, and what is not: addresses that lead to this machine or its network, by whatever way."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from qa.errors import InputError
from qa.fetching.address import checked_address
from qa.fetching.client import Fetcher
from qa.fetching.network import is_public, system_resolve
from tests.site import Page, serving

# Names as an attacker's own name server may answer for them.
NAMES = {
    "private-a.example": ["10.0.0.7"], "private-b.example": ["192.168.1.1"], "private-c.example": ["172.16.3.4"],
    "metadata.example": ["169.254.169.254"], "loop.example": ["127.0.0.1"], "loop-6.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"], "mixed.example": ["93.184.216.34", "127.0.0.1"], "zero.example": ["0.0.0.0"],
    "unique-local.example": ["fd00::1"], "link-local.example": ["fe80::1%lo"], "six-to-four.example": ["2002:7f00:1::"],
    "translated.example": ["64:ff9b::7f00:1"], "shared.example": ["100.64.0.1"], "broadcast.example": ["255.255.255.255"],
    "multicast.example": ["224.0.0.1"], "reserved.example": ["240.0.0.1"], "benchmark.example": ["198.18.0.1"],
    "teredo.example": ["2001:0:7f00:1::"], "site-local.example": ["fec0::1"], "compatible.example": ["::7f00:1"],
    "last-is-private.example": ["2600::1", "93.184.216.34", "10.1.2.3"], "none.example": [],
}  # fmt: skip
# Addresses of this machine as they may be written; {p} is the port of a listener on it.
WRITTEN = [
    "http://127.0.0.1:{p}/", "http://127.0.0.2:{p}/", "http://127.1:{p}/", "http://localhost:{p}/", "http://LOCALHOST:{p}/",
    "http://localhost.:{p}/", "http://2130706433:{p}/", "http://0x7f000001:{p}/", "http://0x7f.1:{p}/",
    "http://017700000001:{p}/", "http://0177.0.0.1:{p}/", "http://0177.0.0.01:{p}/", "http://0.0.0.0:{p}/", "http://0:{p}/",
    "http://[::1]:{p}/", "http://[::]:{p}/", "http://[::ffff:127.0.0.1]:{p}/", "http://[::ffff:7f00:1]:{p}/",
    "http://[0:0:0:0:0:0:0:1]:{p}/", "http://[64:ff9b::127.0.0.1]:{p}/", "http://[2002:7f00:1::]:{p}/",
    "http://user@127.0.0.1:{p}/", "http://post.example@127.0.0.1:{p}/", "http://127.0.0.1:{p}@post.example/",
    "http://①②⑦.0.0.1:{p}/", "http://127。0。0。1:{p}/", "http://127.0.0.1:{p}#@post.example/",
    "http://127.0.0.1:{p}\\@post.example/", "https://127.0.0.1:{p}/", "file:///etc/hostname", "gopher://127.0.0.1:{p}/_x",
    "ftp://127.0.0.1:{p}/", "dict://127.0.0.1:{p}/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1:{p}/",
    "http://192.168.0.1:{p}/", "http://[fd00::1]:{p}/", "http://[fe80::1]:{p}/",
]  # fmt: skip


def resolve(host: str, port: int) -> list[str]:
    """The attacker's names, and what the system makes of others."""
    return NAMES[host] if host in NAMES else system_resolve(host, port)


@contextmanager
def listener() -> Iterator[tuple[int, list[str]]]:
    """A port of this machine, over IPv4 and IPv6, and who has connected to it."""
    connected: list[str] = []
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    server = socket.create_server(("", 0), family=family, dualstack_ipv6=both, backlog=100)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, peer = server.accept()
                connected.append(peer[0])
                connection.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], connected
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def test_none_of_61_addresses_reaches_what_is_not_public() -> None:
    """Written as one may, or as names an attacker has; all end as one clause."""
    with listener() as (port, connected), Fetcher(resolve=resolve, seconds=5) as fetcher:
        addresses = [text.format(p=port) for text in WRITTEN] + [f"http://{name}:{port}/" for name in NAMES]
        assert len(addresses) == 61
        for text in addresses:
            with pytest.raises(InputError, match=r"^[^\n]*; [^\n]*$|, give"):
                fetcher.get(checked_address(text))
        assert connected == []


def test_no_redirect_reaches_it_either() -> None:
    """From a server that may be asked to each of the same addresses."""
    with listener() as (port, connected), serving() as site, Fetcher(f"127.0.0.1:{site.port}", resolve, 5) as fetcher:
        for text in [text.format(p=port) for text in WRITTEN] + [f"http://{name}:{port}/" for name in NAMES]:
            site.pages["/away"] = Page(status=302, headers={"Location": text})
            with pytest.raises(InputError, match=r"^[^\n]*[;,] [^\n]*$"):
                fetcher.get(site.at("/away"))
        assert site.paths() == ["/away"] * 61
        assert connected == []


def test_a_plain_client_reaches_it() -> None:
    """So the addresses are the right ones to try, and the listener counts."""
    with listener() as (port, connected), httpx.Client(timeout=2, trust_env=False) as client:
        for text in WRITTEN[:20]:
            with suppress(httpx.HTTPError, httpx.InvalidURL):
                client.get(text.format(p=port))
        assert len(connected) >= 10


def test_a_name_that_changes_its_meaning_gains_nothing() -> None:
    """It is looked up once for each connection, and what was looked up is what is checked and connected to."""
    with serving() as site, listener() as (port, connected):
        asked: list[str] = []

        def changing(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"]  # the first answer of a name that may be private, the second of one that may not

        site.pages["/"] = Page(status=302, headers={"Location": f"http://rebound.example:{port}/"})
        with (
            Fetcher(f"friend.example:{site.port}", changing, 5) as fetcher,
            pytest.raises(
                InputError, match=r"leads to 127.0.0.1, which is not on the public internet; if that is meant"
            ),
        ):
            fetcher.get(site.at("/", "friend.example"))
        assert asked == ["friend.example", "friend.example", "rebound.example"]
        assert connected == []


def test_only_the_named_host_and_port_may_be_private() -> None:
    """Neither another port of it nor another name of this machine."""
    with serving() as site, serving() as other:
        site.pages["/"] = other.pages["/"] = Page(b"A ferry sank.", headers={"Content-Type": "text/plain"})
        with Fetcher(f"127.0.0.1:{site.port}") as fetcher:
            fetched = fetcher.get(site.at("/"))
            assert fetched is not None
            assert fetched.data == b"A ferry sank."
            for address in (other.at("/"), site.at("/", "localhost")):
                with pytest.raises(InputError, match="is not on the public internet"):
                    fetcher.get(address)
        assert other.asked == []
        assert [path for path, _ in site.asked] == ["/robots.txt", "/"]


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2600::1", "2a00:1450::5", "64:ff9b::101:101", "::ffff:1.1.1.1"]
)
def test_public_addresses_are_public(address: str) -> None:
    """Also where IPv6 carries IPv4."""
    assert is_public(address)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="a certificate is made with openssl")
def test_a_certificate_must_be_that_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the connection goes to an IP address that was looked up before."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    made += ["-subj", "/CN=friend.example", "-addext", "subjectAltName=DNS:friend.example"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(context=context) as site:
        site.pages["/"] = Page(b"A ferry sank.")
        friend, other = (f"https://{name}.example:{site.port}/" for name in ("friend", "other"))
        hosts = "friend.example other.example"
        with Fetcher(hosts, lambda host, port: ["127.0.0.1"]) as fetcher:
            with pytest.raises(InputError, match=r"cannot be fetched \(.*CERTIFICATE_VERIFY_FAILED"):
                fetcher.get(friend)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with Fetcher(hosts, lambda host, port: ["127.0.0.1"]) as fetcher:
            assert fetcher.get(friend) is not None
            with pytest.raises(InputError, match=r"cannot be fetched \(.*CERTIFICATE_VERIFY_FAILED.*other.example"):
                fetcher.get(other)


def test_a_host_that_nobody_knows_and_a_name_server_that_sleeps() -> None:
    """One says so, the other ends with the time."""
    woken = threading.Event()

    def sleeping(host: str, port: int) -> list[str]:
        woken.wait(30)
        return []

    with (
        Fetcher(resolve=system_resolve, seconds=5) as fetcher,
        pytest.raises(InputError, match="host that is not known"),
    ):
        fetcher.get(f"http://{'a' * 70}.example/")
    with Fetcher(resolve=sleeping, seconds=0.3) as fetcher, pytest.raises(InputError, match="did not answer in time"):
        fetcher.get("http://post.example/")
    woken.set()
