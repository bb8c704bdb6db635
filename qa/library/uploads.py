"""Files the web page stores: a source like any other, inside the library."""

import os
import unicodedata
from pathlib import Path

from qa.articles import ARTICLE_SUFFIXES, clean_text
from qa.articles.candidate import UNKNOWN_KIND
from qa.errors import InputError
from qa.library.database import mapped_errors

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
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(1, 10_000):
            file = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
            if file.is_file() and file.read_bytes() == data:
                return file
            if not file.exists():
                break
        # Hidden from indexing until it is whole.
        part = folder / f".{file.name}.part"
        try:
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
                opened.write(data)
            part.rename(file)
        finally:
            part.unlink(missing_ok=True)
    return file
