"""E-books: the chapters in their order, and what the book says about itself."""

import posixpath
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from . import RefusedError, Reply
from .html import text_of
from .zip import opened

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"

_CHAPTERS = ("application/xhtml+xml", "text/html")
_ENCODING = re.compile(rb"""<\?xml[^>]{0,99}encoding=["']([\w-]{1,30})""")
# Hidden fonts are allowed to be obscured so; a book that is protected names other algorithms.
_OF_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def parse(data: bytes) -> Reply:
    """Return the text of all chapters, an empty line between them, and title, date, publisher or author."""
    with opened(data, "an EPUB") as archive:
        package_path = _package_path(archive)
        package = _xml(archive, package_path)
        _refuse_protected(archive)
        text = "\n\n".join(filter(None, _chapters(archive, package, posixpath.dirname(package_path))))
    if not text:
        raise RefusedError("has no text, only pictures or nothing; remove it")
    return {
        "text": text,
        "title": _said(package, "title"),
        "date": _said(package, "date"),
        "source": _said(package, "publisher") or _said(package, "creator"),
        "url": _said(package, "source") or _said(package, "identifier"),
    }


def _package_path(archive: ZipFile) -> str:
    if CONTAINER not in archive.namelist():
        raise RefusedError("is not an EPUB, as it has no table of what it holds; replace it or remove it")
    path = _xml(archive, CONTAINER).find(".//{*}rootfile")
    full_path = None if path is None else path.get("full-path")
    if full_path not in archive.namelist():
        raise RefusedError("lacks the list of its chapters; replace it or remove it")
    return str(full_path)


def _refuse_protected(archive: ZipFile) -> None:
    if ENCRYPTION in archive.namelist():
        methods = _xml(archive, ENCRYPTION).iterfind(".//{*}EncryptionMethod")
        if any(method.get("Algorithm") not in _OF_FONTS for method in methods):
            raise RefusedError("is protected against copying; give a copy without protection, or remove it")


def _chapters(archive: ZipFile, package: Any, folder: str) -> Iterator[str]:
    """The texts of the chapters in reading order, without tables of contents."""
    names = set(archive.namelist())
    items = {item.get("id"): item for item in package.iterfind(".//{*}manifest/{*}item")}
    for reference in package.iterfind(".//{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _CHAPTERS or "nav" in (item.get("properties") or "").split():
            continue
        # A name that leads out of the archive, with ".." or in another way, is none of the names in it.
        name = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
        if name not in names:
            raise RefusedError("lacks a chapter that its list names; replace it or remove it")
        yield text_of(_decoded(archive.read(name)))


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    declared = _ENCODING.match(data.removeprefix(b"\xef\xbb\xbf"))
    try:
        return data.decode(declared[1].decode() if declared else "utf-8", "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def _xml(archive: ZipFile, name: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(archive.read(name), parser)


def _said(package: Any, name: str) -> str | None:
    """The first value of one of the Dublin Core elements."""
    value = package.findtext(f".//{{http://purl.org/dc/elements/1.1/}}{name}")
    return " ".join(value.split()) or None if value else None
