"""Zip archives of articles: a folder in one file, whose members have paths below its own."""

import re
import zlib
from collections.abc import Iterator
from typing import Any

from qa.articles.candidate import (
    ARCHIVE_SUFFIXES,
    COLLECTION_SUFFIXES,
    LINE_SUFFIXES,
    UNKNOWN_KIND,
    Candidate,
    Collection,
    Skipped,
    article_suffix,
)
from qa.articles.file_name import is_fit, printable
from qa.errors import InputError
from qa.types import Failure

_NESTED = "is an archive in an archive, which is not opened; unpack it"
_LEADS_OUT = "has a name that leads out of the archive; pack it anew"
_UNFIT = "has a name with control characters; rename it"
_DRIVE = re.compile("[A-Za-z]:")
_NOT_FILES = "__MACOSX"  # notes of macOS about the other members


def members(archive: Collection, entries: list[dict[str, Any]]) -> Iterator[Candidate | Collection | Skipped | Failure]:
    """Yield what a zip archive holds, as its parser found it; hidden files in it are left out.

    A member's path is that of the archive with its own behind it.
    """
    for entry in entries:
        parts = entry["name"].split("/")
        if not any(part.startswith(".") and part != ".." for part in parts) and parts[0] != _NOT_FILES:
            yield _member(archive, entry, f"{archive.path}/{entry['name']}", parts)


def inflated(data: bytes, size: int) -> bytes:
    """Return the ``size`` bytes of which a member's deflated ones were made; raises InputError where they are others."""
    try:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size)
    except zlib.error:
        content = b""
    if len(content) != size:
        raise InputError("is damaged in the archive; pack it again")
    return content


def _member(
    archive: Collection, entry: dict[str, Any], path: str, parts: list[str]
) -> Candidate | Collection | Skipped | Failure:
    suffix = article_suffix(path)
    if reason := _unfit_name(entry["name"], parts):
        return Failure(printable(path), reason)
    if suffix is None:
        return Skipped(path, UNKNOWN_KIND)
    if suffix in ARCHIVE_SUFFIXES or suffix == ".jsonl.gz":
        return Failure(path, _NESTED)
    if "refused" in entry:
        return Failure(path, entry["refused"])
    data, size = archive.data[entry["start"] : entry["end"]], entry["inflated"]
    if suffix not in (*COLLECTION_SUFFIXES, *LINE_SUFFIXES):
        return Candidate(path, None, entry["hash"], data, size)
    try:
        return Collection(path, data if size is None else inflated(data, size))
    except InputError as error:
        return Failure(path, str(error))


def _unfit_name(name: str, parts: list[str]) -> str | None:
    """Why a member's name cannot be the end of a path, None where it can."""
    if not is_fit(name):
        return _UNFIT
    leads_out = any(part in ("", "..") for part in parts) or _DRIVE.match(parts[0])
    return _LEADS_OUT if leads_out else None
