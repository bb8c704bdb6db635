"""What a source holds before any of it is parsed."""

from dataclasses import dataclass
from hashlib import sha256

from qa.types import Failure

LINE_SUFFIXES = (".jsonl", ".jsonl.gz")
ARCHIVE_SUFFIXES = (".zip", ".warc", ".warc.gz")
COLLECTION_SUFFIXES = (".mbox", ".csv", ".json", ".rss", ".atom", ".xml", *ARCHIVE_SUFFIXES)
SEVERAL_SUFFIXES = (*LINE_SUFFIXES, *COLLECTION_SUFFIXES)  # of files that hold several articles
ARTICLE_SUFFIXES = (".txt", ".md", ".html", ".htm", ".pdf", ".docx", ".eml", ".epub", *SEVERAL_SUFFIXES)
UNKNOWN_KIND = (
    f"is not a kind of article Newsdesk reads; give {', '.join(ARTICLE_SUFFIXES[:-1])} or {ARTICLE_SUFFIXES[-1]}"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something in a source that should become one article.

    ``path`` is relative to the source's root and '/'-separated (for a source that is one file: its name).
    ``given_id`` is the id of one of several articles in a file, None where the path is the id. ``data`` holds the
    bytes of the file, of the stripped line or of the entry, ``content_hash`` their SHA-256 in hexadecimal. ``inflated``
    is how many bytes they are when inflated, where they are as deflated in an archive: then the hash is of those.
    What was fetched has its source's address as ``path``, and the suffix of files that are read like it as ``suffix``.
    """

    path: str
    given_id: str | None
    content_hash: str
    data: bytes
    inflated: int | None = None
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """A file that holds several articles and has yet to be taken apart; ``path`` and ``suffix`` as those of a candidate.

    ``address`` is where it was fetched from, "" for a file.
    """

    path: str
    data: bytes
    suffix: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a source that is not meant to become an article, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Something of a file that became articles which was lost or guessed: a clause about the file, in constant words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Files of a folder of which nothing was read, as they look as they did before: what they hold is known."""

    paths: frozenset[str]


@dataclass(frozen=True, slots=True)
class RepeatedId(Failure):
    """An article whose id stands again further down in its file: listed as failed, though nothing is unknown about it."""


def article_suffix(name: str) -> str | None:
    """Return the one of ARTICLE_SUFFIXES that a file name ends in, whatever its case; None for other files."""
    lowered = name.lower()
    return next((suffix for suffix in ARTICLE_SUFFIXES if lowered.endswith(suffix)), None)


def suffix_of(item: Candidate | Collection) -> str:
    """Return the suffix by which something is read, "" where it is no kind of article."""
    return item.suffix or article_suffix(item.path) or ""


def candidate_from(path: str, data: bytes, given_id: str | None = None, suffix: str = "") -> Candidate:
    """Return a candidate with the hash of its bytes."""
    return Candidate(path, given_id, sha256(data).hexdigest(), data, suffix=suffix)
