"""Candidates become articles."""

import io
import json
from collections.abc import Iterator
from types import TracebackType

from qa.articles.archives import inflated, members
from qa.articles.candidate import LINE_SUFFIXES, UNKNOWN_KIND, Candidate, Collection, Noted, Skipped, suffix_of
from qa.articles.draft import Draft, finish
from qa.articles.encoding import decode
from qa.articles.json_lines import read_line, scan_lines
from qa.articles.markdown import read_markdown
from qa.articles.parsing import MEMORY_BYTES, SECONDS, Parsing
from qa.articles.plain_text import read_plain_text
from qa.articles.several import collected
from qa.errors import InputError
from qa.types import Article, Failure

# The parsers, files of parsers/, by suffix.
PARSED = {".html": "html", ".htm": "html", ".pdf": "pdf", ".docx": "docx", ".eml": "eml", ".epub": "epub"}
TAKEN_APART = {
    ".mbox": "mbox", ".csv": "csv", ".json": "json", ".rss": "feed", ".atom": "feed", ".xml": "feed", ".zip": "zip",
    ".warc": "warc", ".warc.gz": "warc",
}  # fmt: skip
CUT_OUT = {".mbox": "eml", ".warc": "capture", ".warc.gz": "capture"}  # entries that are files of their own
TEXT_FORMATS = ("csv", "json")  # whose encoding the file itself does not say


class ArticleReader:
    """Reads every kind of article; a context manager, since most kinds are parsed in a process of its own.

    That process starts with the first file that needs it. Not for use by several threads at once.
    """

    def __init__(self, seconds: float = SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self._parsing = Parsing(seconds, memory_bytes)

    def __enter__(self) -> "ArticleReader":
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def entries(self, collection: Collection) -> Iterator[Candidate | Skipped | Noted | Failure]:
        """Yield a candidate for each article in a file of several, a failure for each other entry or the whole file.

        What is skipped are files of other kinds in an archive; what is noted holds for the whole file.
        """
        suffix = suffix_of(collection)
        if suffix in LINE_SUFFIXES:
            yield from scan_lines(io.BytesIO(collection.data), collection.path, compressed=False)
            return
        kind = TAKEN_APART[suffix]
        try:
            decoded = decode(collection.data) if kind in TEXT_FORMATS else None
            found = self._parsing.parse(kind, decoded.text.encode() if decoded else collection.data)
        except InputError as error:
            yield Failure(collection.path, str(error))
            return
        for note in (*(decoded.notes if decoded else ()), *found.get("notes", ())):
            yield Noted(collection.path, note)
        if kind != "zip":
            yield from collected(collection, found["entries"])
            return
        for member in members(collection, found["entries"]):
            if isinstance(member, Collection):
                yield from self.entries(member)
            else:
                yield member

    def read(self, candidate: Candidate) -> Article:
        """Return the article in a candidate, its text cleaned; ``article_id`` is the given id, else the path.

        Raises InputError with the reason, a clause about the file ("is empty; ..."), when it cannot become one.
        """
        return self.read_noting(candidate)[0]

    def read_noting(self, candidate: Candidate) -> tuple[Article, tuple[str, ...]]:
        """Return the article as ``read`` does, and clauses that say what of it was lost or guessed, in constant words."""
        return finish(candidate, self._draft(candidate))

    def close(self) -> None:
        """End the process; reading another file that needs it starts a new one."""
        self._parsing.close()

    def _draft(self, candidate: Candidate) -> Draft:
        suffix, data = suffix_of(candidate), candidate.data
        if candidate.inflated is not None:
            data = inflated(data, candidate.inflated)
        if kind := PARSED.get(suffix) or CUT_OUT.get(suffix):
            return Draft(**self._parsing.parse(kind, data))
        match suffix:
            case ".txt":
                return read_plain_text(data)
            case ".md":
                return read_markdown(data)
        if suffix in LINE_SUFFIXES:
            return read_line(data)
        if suffix in TAKEN_APART:
            return self._entry(data)
        raise InputError(UNKNOWN_KIND)

    def _entry(self, data: bytes) -> Draft:
        """An entry of a collection, as qa/articles/several.py writes it."""
        said = json.loads(data)
        markup = said.pop("html", None)
        if "text" not in said:
            said |= self._parsing.parse("fragment", markup.encode("utf-8", "replace"))
        return Draft(**said)
