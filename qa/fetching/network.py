"""Connections that reach public addresses only, and end when their time is over.

A name is looked up once for each connection, every address it has is checked, and the connection goes to the very
address that was checked: a name that means something else a moment later gains nothing.
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from qa.errors import InputError

CONNECT_SECONDS = 10.0

Resolve = Callable[[str, int], list[str]]
"""IP addresses of a host; raises OSError or UnicodeError where it has none."""

_UNICAST_6 = ipaddress.IPv6Network("2000::/3")
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # IPv4 as networks without it reach it
_PROTOCOLS_4 = ipaddress.IPv4Network("192.0.0.0/24")  # parts of which older versions of Python take for global


class Deadline:
    """A moment at which everything that is done for one address must be over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, most: float | None = None) -> float:
        """Seconds that are left, at most ``most``. Raises httpcore.ReadTimeout where none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time is over")
        return left if most is None else min(left, most)


class PublicNetwork(httpcore.NetworkBackend):
    """Opens connections; ``private_hosts`` (``host`` or ``host:port``) may have addresses that are not public."""

    def __init__(self, private_hosts: frozenset[str], resolve: Resolve, deadline: Deadline) -> None:
        self._private_hosts, self._resolve, self._deadline = private_hosts, resolve, deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of a host's addresses that answers. Raises InputError where one of them is not public."""
        found = self._looked_up(host, port)
        if self._private_hosts.isdisjoint((host, f"{host}:{port}")):
            for address in found:
                if not is_public(address):
                    raise InputError(
                        f"leads to {address}, which is not on the public internet; if that is meant, "
                        f"name {host} under private_hosts in the library's settings.toml"
                    )
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in found:
            try:
                seconds = self._deadline.left(CONNECT_SECONDS)
                return _Timed(
                    self._plain.connect_tcp(address, port, seconds, local_address, socket_options), self._deadline
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def _looked_up(self, host: str, port: int) -> list[str]:
        """The addresses of a host, in a thread of its own: the system's own look-up knows no limit of time."""
        answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                answers.put(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        threading.Thread(target=look_up, daemon=True).start()
        try:
            answer = answers.get(timeout=self._deadline.left())
        except queue.Empty as error:
            raise httpcore.ConnectTimeout("the name is not found in time") from error
        if isinstance(answer, Exception):
            raise InputError(f"names a host that is not known ({host}); check the address and the network") from answer
        return answer


class _Timed(httpcore.NetworkStream):
    """A connection on which no read or write lasts beyond the deadline, however slowly bytes drip in."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(
            self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout)), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def system_resolve(host: str, port: int) -> list[str]:
    """The addresses that this machine finds for a host, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also in the forms in which IPv6 carries IPv4."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is None:
            return found in _UNICAST_6 and found.is_global
        found = inner
    return found.is_global and not found.is_multicast and found not in _PROTOCOLS_4
