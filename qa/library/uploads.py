"""Files the web page stores: a source like any other, inside the library."""

import gzip
import unicodedata
import zlib
from collections.abc import Collection
from pathlib import Path

from qa.articles import ARTICLE_SUFFIXES, clean_text
from qa.articles.candidate import UNKNOWN_KIND, article_suffix
from qa.articles.json_lines import lines_without
from qa.errors import InputError, LibraryError
from qa.library.database import mapped_errors
from qa.library.durable import make_folder, write_file

LARGEST = 20 * 1024 * 1024  # bytes of one file


def store_upload(folder: Path, name: str, data: bytes) -> Path:
    """Write a file under its own name, or under one with a number where another file has it; returns its path.

    The same content under the same name is stored once. Raises InputError for a kind that is not read or a size that
    is too large.
    """
    plain = unicodedata.normalize("NFC", clean_text(name)).replace("\\", "/").rpartition("/")[2].strip().lstrip(".")
    suffix = next((s for s in sorted(ARTICLE_SUFFIXES, key=len, reverse=True) if plain.lower().endswith(s)), None)
    if suffix is None or len(plain) == len(suffix):
        raise InputError(f"{plain or 'the file'} {UNKNOWN_KIND}")
    if len(data) > LARGEST:
        raise InputError(
            f"{plain} has {len(data) // 2**20} MB; an upload may have {LARGEST // 2**20}: index its folder instead"
        )
    # 255 bytes are the most a file name may have on common systems.
    stem = plain[: -len(suffix)].encode()[:180].decode(errors="ignore")
    with mapped_errors(folder):
        make_folder(folder)
        for number in range(1, 10_000):
            file = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
            if file.is_file() and file.read_bytes() == data:
                return file
            if not file.exists():
                break
        _write(file, data)
    return file


def file_holding(folder: Path, path: str) -> Path | None:
    """The uploaded file that an article's path names, or the archive into which it goes on; None where it is gone."""
    place = folder / path
    return next((file for file in (place, *place.parents) if file.is_file()), None)


def drop_lines(file: Path, given_ids: Collection[str]) -> None:
    """Write an uploaded file of lines again, without the lines of these articles.

    Raises LibraryError where it is damaged, and leaves it as it is.
    """
    compressed = article_suffix(file.name) == ".jsonl.gz"
    try:
        with open(file, "rb") as opened:
            data = b"".join(lines_without(opened, compressed, given_ids))
    except (InputError, EOFError, OSError, zlib.error) as error:
        raise LibraryError(
            f"{file} holds articles that were removed and cannot be rewritten ({error}); delete it, and index again"
        ) from error
    with mapped_errors(file.parent):
        _write(file, gzip.compress(data, mtime=0) if compressed else data)


def _write(file: Path, data: bytes) -> None:
    """Write a file that indexing does not see until it is whole."""
    part = file.with_name(f".{file.name}.part")
    try:
        write_file(file, part, data)
    finally:
        part.unlink(missing_ok=True)
