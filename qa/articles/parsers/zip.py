"""Zip files inside which other formats lie: opened in memory only, and refused where they would fill it."""

import io
import zipfile

from . import RefusedError

MOST_ENTRIES = 10_000
EXPANDED_BYTES = 400_000_000
SMALL_BYTES = 64_000_000  # an expansion that harms nobody, whatever its ratio
EXPANSION = 200  # text in markup packs to a tenth, at the very best to a hundredth


def opened(data: bytes, kind: str) -> zipfile.ZipFile:
    """Return the archive; nothing of it is ever written to the disk, so that its names lead nowhere.

    What an entry says of its size is what can be read of it at most: zipfile stops there.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise RefusedError(f"is not {kind}, or is damaged; replace it or remove it") from error
    if len(archive.infolist()) > MOST_ENTRIES:
        raise RefusedError(f"holds more than {MOST_ENTRIES:,} files; split it or save it as text")
    limit = min(EXPANDED_BYTES, max(SMALL_BYTES, EXPANSION * len(data)))
    if sum(entry.file_size for entry in archive.infolist()) > limit:
        raise RefusedError(f"expands to more than {limit // 1_000_000} MB; save it as text")
    return archive
