"""Candidates become articles."""

from types import TracebackType

from qa.articles.candidate import UNKNOWN_KIND, Candidate, article_suffix
from qa.articles.draft import Draft, finish
from qa.articles.json_lines import read_line
from qa.articles.markdown import read_markdown
from qa.articles.plain_text import read_plain_text
from qa.articles.web_page import WebPageReader
from qa.errors import InputError
from qa.types import Article

HTML_SECONDS = 20.0
HTML_MEMORY_BYTES = 1_000_000_000


class ArticleReader:
    """Reads every kind of article; a context manager, since HTML is parsed in a process of its own.

    That process starts with the first HTML file. Not for use by several threads at once.
    """

    def __init__(self, html_seconds: float = HTML_SECONDS, html_memory_bytes: int = HTML_MEMORY_BYTES) -> None:
        self._web_pages = WebPageReader(html_seconds, html_memory_bytes)

    def __enter__(self) -> "ArticleReader":
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def read(self, candidate: Candidate) -> Article:
        """Return the article in a candidate, its text cleaned; ``article_id`` is the given id, else the path.

        Raises InputError with the reason, a clause about the file ("is empty; ..."), when it cannot become one.
        """
        return finish(candidate, self._draft(candidate))

    def close(self) -> None:
        """End the process; reading another HTML file starts a new one."""
        self._web_pages.close()

    def _draft(self, candidate: Candidate) -> Draft:
        if candidate.given_id is not None:
            return read_line(candidate.data)
        match article_suffix(candidate.path):
            case ".txt":
                return read_plain_text(candidate.data)
            case ".md":
                return read_markdown(candidate.data)
            case ".html" | ".htm":
                return self._web_pages.read(candidate.data)
        raise InputError(UNKNOWN_KIND)
