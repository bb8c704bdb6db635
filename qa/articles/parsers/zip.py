"""Zip files, of articles or of another format's parts: opened in memory only, and refused where they would fill it."""

import io
import stat
import struct
import zipfile
import zlib
from hashlib import sha256
from typing import Any
from zipfile import ZipFile, ZipInfo

from . import RefusedError, Reply

MOST_ENTRIES = 10_000
EXPANDED_BYTES = 400_000_000
SMALL_BYTES = 64_000_000  # an expansion that harms nobody, whatever its ratio
EXPANSION = 200  # text in markup packs to a tenth, at the very best to a hundredth
MEMBER_BYTES = 50_000_000  # as any file that is read
PIECE_BYTES = 1 << 20

_ENCRYPTED = 0x1
_NAMED_IN_UTF_8 = 0x800
_NAME_LENGTHS = struct.Struct("<26xHH")  # of a member's own head: of its name and of what else stands before its data
_UNPACK = "unpack it into a folder"


def opened(data: bytes, kind: str, advice: str = "save it as text") -> ZipFile:
    """Return the archive; nothing of it is ever written to the disk, so that its names lead nowhere.

    What an entry says of its size is what can be read of it at most: zipfile stops there.
    """
    try:
        archive = ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise RefusedError(f"is not {kind}, or is damaged; replace it or remove it") from error
    if len(archive.infolist()) > MOST_ENTRIES:
        raise RefusedError(f"holds more than {MOST_ENTRIES:,} files; split it or {advice}")
    limit = min(EXPANDED_BYTES, max(SMALL_BYTES, EXPANSION * len(data)))
    if sum(entry.file_size for entry in archive.infolist()) > limit:
        raise RefusedError(f"expands to more than {limit // 1_000_000} MB; {advice}")
    return archive


def parse(data: bytes) -> Reply:
    """Return the files in an archive: ``name``, ``hash`` of the content, ``start`` and ``end`` of its bytes in the archive.

    ``inflated`` is how many bytes of content these are, None where they are the content itself.
    """
    with opened(data, "a zip archive", _UNPACK) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if not members:
            raise RefusedError("holds no files; remove it")
        if all(member.flag_bits & _ENCRYPTED for member in members):
            raise RefusedError("is encrypted; pack it without a password")
        last = {member.filename: member for member in members}
        return {
            "entries": [
                {"place": number, "name": _name(member), **_content(archive, data, member, last[member.filename])}
                for number, member in enumerate(members, start=1)
            ]
        }


def _content(archive: ZipFile, data: bytes, member: ZipInfo, last: ZipInfo) -> dict[str, Any]:
    """Where a member's bytes lie and what they hash to, or why they are not read."""
    if refused := _refusal(member, last):
        return {"refused": refused}
    digest = sha256()
    try:
        with archive.open(member) as content:
            while piece := content.read(PIECE_BYTES):
                digest.update(piece)
        names, others = _NAME_LENGTHS.unpack_from(data, member.header_offset)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error):
        return {"refused": "is damaged in the archive; pack it again"}
    start = member.header_offset + _NAME_LENGTHS.size + names + others
    return {
        "hash": digest.hexdigest(),
        "start": start,
        "end": start + member.compress_size,
        "inflated": member.file_size if member.compress_type == zipfile.ZIP_DEFLATED else None,
    }


def _refusal(member: ZipInfo, last: ZipInfo) -> str | None:
    """Why a member is not read, None where it is."""
    if member is not last:
        return "is packed twice, and what stands further down counts; pack it once"
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted; pack it without a password"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link, and links are not followed; pack what it points to"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is packed in a way that is not read; {_UNPACK}, or pack it as usual"
    if member.file_size > MEMBER_BYTES:
        return f"is larger than {MEMBER_BYTES // 1_000_000} MB; split it"
    return None


def _name(member: ZipInfo) -> str:
    """A member's path; many programs write it in UTF-8 and do not say so, some with the separators of Windows."""
    name = member.filename
    if not member.flag_bits & _NAMED_IN_UTF_8:
        try:
            name = name.encode("cp437").decode()
        except UnicodeError:
            pass
    return name.replace("\\", "/")
