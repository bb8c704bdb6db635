"""Files that hold several articles: which articles there are in one, each with an id that stays its own."""

import json
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin

from qa.articles.candidate import Candidate, Collection, RepeatedId, candidate_from, suffix_of
from qa.articles.cleaning import clean_text, web_address
from qa.types import Failure

ID_CHARACTERS = 1_000
BAD_RECORDS = 100_000  # a file of nothing else must not fill the memory with reasons
# What the numbers of a file's records count, for others "entry".
PLACES = {".mbox": "mail", ".csv": "line", ".warc": "record", ".warc.gz": "record"}

OWN_CONTENT = ("title", "date", "text", "html")  # what makes an entry without an id another one

Record = tuple[int, Candidate | Failure]

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)  # so that no line in a mail looks like the next one's first


def collected(collection: Collection, entries: list[dict[str, Any]]) -> Iterator[Candidate | Failure]:
    """Yield a candidate or a failure for each entry that the parser of the file found in it."""
    place = PLACES.get(suffix_of(collection), "entry")
    yield from last_of_each(lambda: _records(collection, entries), place)


def last_of_each(records: Callable[[], Iterator[Record]], place: str) -> Iterator[Candidate | Failure]:
    """Yield what stands in a file, but an id that stands several times only where it stands last.

    ``records`` reads the file, and is called twice; ``place`` is what its numbers count.
    """
    counts = {record.given_id: number for number, record in records() if isinstance(record, Candidate)}
    for number, record in records():
        last = counts.get(record.given_id, number) if isinstance(record, Candidate) else number
        if isinstance(record, Candidate) and last != number:
            reason = f"id {record.given_id} stands again on {place} {last}, which counts"
            yield RepeatedId(f"{record.path}:{number}", reason)
        else:
            yield record


def _records(collection: Collection, entries: list[dict[str, Any]]) -> Iterator[Record]:
    bad = 0
    for entry in entries:
        number = entry["place"]
        if "refused" not in entry:
            yield number, _candidate(collection, entry)
            continue
        yield number, Failure(f"{collection.path}:{number}", entry["refused"])
        bad += 1
        if bad > BAD_RECORDS:
            reason = f"has over {BAD_RECORDS:,} bad entries; what came before them counts, correct the file"
            yield 0, Failure(collection.path, reason)
            return


def _candidate(collection: Collection, entry: dict[str, Any]) -> Candidate:
    """An entry as a candidate: a mail or a capture as it stands in the file, everything else as a line of JSON."""
    if "hash" in entry:
        data = collection.data[entry["start"] : entry["end"]]
        given_id = _fit_id(entry["id"]) or entry["hash"]
        return Candidate(collection.path, given_id, entry["hash"], data)
    if "start" in entry:
        data = content = _QUOTED_FROM.sub(rb"\1", collection.data[entry["start"] : entry["end"]])
    else:
        if collection.address:
            entry = {**entry, "url": _absolute(collection.address, entry.get("url"))}
        said = {name: value for name, value in entry.items() if name not in ("place", "id") and value is not None}
        data = json.dumps(said, sort_keys=True).encode()
        content = json.dumps([said.get(name) for name in OWN_CONTENT]).encode()
    given_id = _fit_id(entry.get("id")) or _fit_id(web_address(entry.get("url"))) or sha256(content).hexdigest()
    if collection.address and not _URI.match(given_id):  # many feeds just number their entries
        given_id = f"{collection.path}#{given_id}"
    return candidate_from(collection.path, data, given_id, collection.suffix)


def _absolute(base: str, url: str | None) -> str | None:
    """A link as it counts where it was found."""
    try:
        return urljoin(base, url) if url else None
    except ValueError:  # brackets that hold no address of IPv6
        return url


def _fit_id(value: str | None) -> str | None:
    """An id on one line, None where there is none or it is too long to be one."""
    given_id = " ".join(clean_text(value or "").split())
    return given_id if 0 < len(given_id) <= ID_CHARACTERS else None
