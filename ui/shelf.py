"""What happens on the Articles tab: files taken in, everything read again, an article removed; no widgets."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from qa.errors import QAError
from qa.types import Failure, ListedArticle, SyncReport
from ui.desk import Desk
from ui.listing import articles_html, line_html, progress_html, report_html
from ui.pace import Pace, Seldom
from ui.relay import relay
from ui.render import welcome_html
from ui.talk import UNEXPECTED

LOG = logging.getLogger(__name__)
Step = tuple[str, int, int]


class Shelf:
    """The articles of a library as the page shows and changes them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def welcome(self) -> str:
        """Return what stands in an empty conversation."""
        articles, fault = self._articles()
        return welcome_html(len(articles), fault)

    def listing(self, words: str) -> str:
        """Return the table of articles that match."""
        articles, fault = self._articles()
        return articles_html(articles, words, fault)

    def _articles(self) -> tuple[tuple[ListedArticle, ...], str]:
        """What is indexed, or why nobody can tell."""
        try:
            return self._desk.articles(), ""
        except QAError as error:
            LOG.warning("The list of articles cannot be read", exc_info=True)
            return (), str(error)

    def add(self, files: Sequence[str]) -> Iterator[str]:
        """Store uploaded files, index them, and yield progress and then the report; the temporary files are deleted."""
        stored = [self._store(Path(file)) for file in dict.fromkeys(files)]  # equal files of one name come as one
        refused = [failure for failure in stored if isinstance(failure, Failure)]
        if len(refused) == len(stored):
            yield report_html(SyncReport(), refused)
            return
        kept = frozenset(path.name for path in stored if isinstance(path, Path))
        yield from self._index((self._desk.uploads,), refused, kept)

    def reindex(self) -> Iterator[str]:
        """Read every known source again, and yield progress and then the report."""
        yield from self._index((), ())

    def remove(self, article_id: str) -> str:
        """Remove one article, and return a line that says so."""
        try:
            removed = self._desk.remove(article_id)
        except QAError as error:
            return line_html(str(error), bad=True)
        except Exception:
            LOG.exception("An article could not be removed")
            return line_html(UNEXPECTED, bad=True)
        return line_html(f"{', '.join(removed)} is no longer in the library.")

    def _store(self, file: Path) -> Path | Failure:
        try:
            return self._desk.upload(file.name, file.read_bytes())
        except QAError as error:
            return Failure(file.name, str(error))
        except OSError as error:
            LOG.warning("An upload cannot be read", exc_info=True)
            return Failure(file.name, f"cannot be read ({error.strerror}); upload it again")
        finally:
            file.unlink(missing_ok=True)

    def _index(
        self, paths: tuple[Path, ...], refused: Sequence[Failure], uploaded: frozenset[str] = frozenset()
    ) -> Iterator[str]:
        def call(emit: Callable[[Step | SyncReport], None]) -> None:
            # A sync that has begun is finished even when the page is left: half a source helps nobody.
            emit(self._desk.index(*paths, progress=Seldom(emit)))

        yield progress_html("reading", 0, 0)
        pace = Pace()
        try:
            for item in relay(call, threading.Event()):
                if isinstance(item, SyncReport):
                    self._discard_failed(item, uploaded)
                    yield report_html(item, refused)
                else:
                    yield progress_html(*item, pace.said(*item))
        except QAError as error:
            stored = " What was uploaded is stored; read all sources again to index it." if uploaded else ""
            yield line_html(f"{error}{stored}", bad=True, failures=refused)
        except Exception:
            LOG.exception("Indexing failed")
            yield line_html(UNEXPECTED, bad=True, failures=refused)

    def _discard_failed(self, report: SyncReport, uploaded: frozenset[str]) -> None:
        """Delete uploads without any article: nobody could see them, and each reindexing would report them.

        A file of lines stays, since one bad line says nothing of the others.
        """
        articles, fault = self._articles()
        if fault:
            return  # nobody can tell which of them are articles
        held = {article.path or article.article_id for article in articles}
        for failure in report.failures:
            if failure.path in uploaded and failure.path not in held and not failure.path.endswith((".jsonl", ".gz")):
                (self._desk.uploads / failure.path).unlink(missing_ok=True)
