"""What was fetched from an address becomes articles: the entries of a feed, or the one article of a page."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from qa.articles import ArticleReader, Candidate, Collection, Noted, Skipped
from qa.articles.candidate import article_suffix
from qa.errors import InputError
from qa.types import Article, Failure

# As which kind of file a content is read, by its media type.
SUFFIXES = {
    "text/html": ".html", "application/xhtml+xml": ".html", "application/pdf": ".pdf", "text/markdown": ".md",
    "text/plain": ".txt", "application/rss+xml": ".rss", "application/atom+xml": ".atom", "application/rdf+xml": ".rss",
    "application/xml": ".xml", "text/xml": ".xml", "application/json": ".json", "application/feed+json": ".json",
}  # fmt: skip
FEEDS = (".rss", ".atom", ".xml", ".json")
UNSAID = ("", "application/octet-stream", "binary/octet-stream")

_BEFORE_ROOT = rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,500}\?>\s*|<!--[^>]{0,500}-->\s*|<\?[^>]{0,500}\?>\s*){0,9}"
_FEED = re.compile(_BEFORE_ROOT + rb"<(?:rss|feed|rdf:RDF|RDF)[\s>]", re.IGNORECASE)
_PAGE = re.compile(_BEFORE_ROOT + rb"<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
# Encodings of one meaning that a server may name; others are found out from the bytes.
_ENCODINGS = re.compile(r"iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|shift_jis|euc-(?:jp|kr)|gb(?:k|2312|18030)|big5")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came from an address: ``address`` is the one after redirects, ``etag`` and ``modified`` what to ask with next time."""

    address: str
    data: bytes
    media_type: str = ""
    charset: str = ""
    etag: str | None = None
    modified: str | None = None


def articles_at(
    source: str, fetched: Fetched, reader: ArticleReader
) -> Iterator[Candidate | Skipped | Noted | Failure]:
    """Yield what the content of a source's address holds; the id of a page is the source's address."""
    try:
        suffix = _suffix(fetched)
        data = _in_utf8(fetched) if suffix in (".html", ".txt", ".md") else fetched.data
        if suffix in FEEDS:
            yield from reader.entries(Collection(source, data, suffix, fetched.address))
        else:
            article, notes = reader.read_noting(Candidate(source, None, "", data, suffix=suffix))
            for note in notes:
                yield Noted(source, note)
            yield _page(source, article, fetched.address)
    except InputError as error:
        yield Failure(source, str(error))


def _page(source: str, article: Article, address: str) -> Candidate:
    """A page as a candidate whose hash is that of what is read in it: much else differs with each visit."""
    said = asdict(article)
    del said["article_id"], said["language"]
    # A page may name any address as its own; only one on its own host is believed.
    said["url"] = article.url if _host(article.url or "") == _host(address) else address
    said["source"] = article.source or _host(address)
    data = json.dumps(said, sort_keys=True).encode()
    return Candidate(source, None, sha256(data).hexdigest(), data, suffix=".json")


def _suffix(fetched: Fetched) -> str:
    """The suffix of files of this kind: by what it begins with, else what the server says, else the address."""
    if _FEED.match(fetched.data):
        return ".rss"
    if _PAGE.match(fetched.data) and fetched.media_type not in UNSAID[1:]:
        return ".html"
    suffix = SUFFIXES.get(fetched.media_type)
    if fetched.media_type in UNSAID:
        suffix = article_suffix(urlsplit(fetched.address).path)
    if suffix not in SUFFIXES.values():
        shown = fetched.media_type or "something that its server does not name"
        raise InputError(f"is {shown}, which is no feed, page or text; give the address of one")
    return str(suffix)


def _in_utf8(fetched: Fetched) -> bytes:
    """The bytes in UTF-8, where the server names another encoding and they are in it."""
    if _ENCODINGS.fullmatch(fetched.charset):
        try:
            return fetched.data.decode(fetched.charset).encode()
        except (LookupError, UnicodeDecodeError):
            pass
    return fetched.data


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""
