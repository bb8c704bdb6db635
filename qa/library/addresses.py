"""Addresses among the sources: they are asked before a library is locked, with what each said of itself the last time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from qa.errors import InputError, LibraryError
from qa.fetching.address import host_and_port, is_address
from qa.fetching.contents import Fetched
from qa.library.database import mapped_errors, open_to_read, rows
from qa.types import Progress

if TYPE_CHECKING:
    from qa.fetching.client import Fetcher


@dataclass(frozen=True, slots=True)
class Visit:
    """What asking an address came to: a content, or why there is none; neither where nothing is new.

    ``not_before`` is the UTC time, ISO 8601, before which its server does not want to be asked again.
    """

    fetched: Fetched | None = None
    failure: str | None = None
    not_before: str | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What was recorded when an address was asked the last time."""

    etag: str | None = None
    modified: str | None = None
    not_before: str | None = None


def known_addresses(folder: Path) -> list[str]:
    """The addresses among a library's sources; none where there is no library, or one that is to be brought up to date."""
    return [root for root, _ in _sources(folder)]


def ask_all(
    folder: Path, addresses: Sequence[str], fetcher: Callable[[], "Fetcher"], tell: Progress
) -> dict[str, Visit]:
    """Ask checked addresses, one after the other; what fails costs only itself.

    The library is only read. A server that asked for a pause is not asked before it is over, at any of its addresses.
    """
    known = dict(_sources(folder))
    pauses: dict[str, str] = {}
    for address, state in known.items():
        _pause(pauses, address, state.not_before)
    visits: dict[str, Visit] = {}
    with fetcher() as open_fetcher:
        for number, address in enumerate(dict.fromkeys(addresses)):
            tell("fetching", number, len(addresses))
            until = pauses.get(host_and_port(address)[0], "")
            if until > _now():
                failure = f"was not asked, as its server asks for a pause until {until}; it is asked again after that"
                visits[address] = Visit(failure=failure, not_before=until)
            else:
                visits[address] = _visit(open_fetcher, address, known.get(address, _Known()))
                _pause(pauses, address, visits[address].not_before)
    return visits


def record_visit(connection: apsw.Connection, source_id: int, visit: Visit, whole: bool) -> None:
    """Write down what to ask with the next time; ``whole``: all of the content has become articles, and need not come again."""
    if visit.fetched is not None:
        validators = (visit.fetched.etag, visit.fetched.modified) if whole else (None, None)
        connection.execute("INSERT OR REPLACE INTO visits VALUES (?, ?, ?, NULL)", (source_id, *validators))
    elif visit.not_before is not None:
        connection.execute(
            """INSERT INTO visits (source_id, not_before) VALUES (?, ?)
               ON CONFLICT (source_id) DO UPDATE SET not_before = excluded.not_before""",
            (source_id, visit.not_before),
        )


def _visit(fetcher: "Fetcher", address: str, known: _Known) -> Visit:
    from qa.fetching.client import PauseError

    try:
        return Visit(fetched=fetcher.get(address, known.etag, known.modified))
    except PauseError as error:
        return Visit(failure=str(error), not_before=_iso(error.until))
    except InputError as error:
        return Visit(failure=str(error))


def _sources(folder: Path) -> list[tuple[str, _Known]]:
    query = """SELECT root, etag, modified, not_before FROM sources LEFT JOIN visits USING (source_id)
               WHERE root LIKE '%://%' ORDER BY root"""
    with _read(folder) as connection:
        if connection is None or not rows(connection, "SELECT 1 FROM sqlite_schema WHERE name = 'visits'"):
            return []  # older than addresses
        return [(root, _Known(*state)) for root, *state in rows(connection, query) if is_address(root)]


@contextmanager
def _read(folder: Path) -> Iterator[apsw.Connection | None]:
    """A library to read from; None where there is none that can be read, which indexing will say, or mend."""
    try:
        connection = open_to_read(folder)
    except LibraryError:
        yield None
        return
    with closing(connection), mapped_errors(folder):
        yield connection


def _pause(pauses: dict[str, str], address: str, until: str | None) -> None:
    """Remember the longest pause that a server asked for at any of its addresses."""
    host = host_and_port(address)[0]
    pauses[host] = max(pauses.get(host, ""), until or "")


def _now() -> str:
    return _iso(datetime.now(UTC))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
