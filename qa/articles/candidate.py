"""What a source holds before any of it is parsed."""

from dataclasses import dataclass
from hashlib import sha256

from qa.types import Failure

LINE_SUFFIXES = (".jsonl", ".jsonl.gz")
ARTICLE_SUFFIXES = (".txt", ".md", ".html", ".htm", *LINE_SUFFIXES)
UNKNOWN_KIND = "is not a kind of article Newsdesk reads; give .txt, .md, .html, .jsonl or .jsonl.gz"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something in a source that should become one article.

    ``path`` is relative to the source's root and '/'-separated (for a source that is one file: its name).
    ``given_id`` is the id that a JSON line gives itself, None where the path is the id. ``data`` holds the bytes of
    the file or of the stripped line, ``content_hash`` their SHA-256 in hexadecimal.
    """

    path: str
    given_id: str | None
    content_hash: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a source that is not meant to become an article, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class RepeatedId(Failure):
    """A line whose id stands again further down in its file: listed as failed, though nothing is unknown about it."""


def article_suffix(name: str) -> str | None:
    """Return the one of ARTICLE_SUFFIXES that a file name ends in, whatever its case; None for other files."""
    lowered = name.lower()
    return next((suffix for suffix in ARTICLE_SUFFIXES if lowered.endswith(suffix)), None)


def candidate_from(path: str, data: bytes, given_id: str | None = None) -> Candidate:
    """Return a candidate with the hash of its bytes."""
    return Candidate(path, given_id, sha256(data).hexdigest(), data)
