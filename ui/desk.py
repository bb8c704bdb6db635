"""What the page asks of the core; nothing else of it is used here."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from qa.types import Answer, Article, ListedArticle, Message, Progress, SyncReport


class Desk(Protocol):
    """One library with its models."""

    @property
    def uploads(self) -> Path:
        """The folder that keeps uploaded articles, a source like any other."""

    def stream(
        self,
        question: str,
        history: Sequence[Message] = (),
        since: str | None = None,
        until: str | None = None,
        today: str | None = None,
        wanted: Callable[[], bool] = lambda: True,
        *,
        any_date: bool = False,
    ) -> Iterator[Answer]:
        """Yield growing answers; the last is complete. Closing the iterator stops the model, as ``wanted`` does."""

    def articles(self) -> tuple[ListedArticle, ...]:
        """Return every article of the library."""

    def article(self, article_id: str) -> Article:
        """Return one article; raises InputError when it is unknown."""

    def index(self, *paths: Path, allow_empty: bool = False, progress: Progress | None = None) -> SyncReport:
        """Mirror the paths, or every known source when there are none."""

    def upload(self, name: str, data: bytes) -> Path:
        """Store a file among the uploads without indexing it; raises InputError when it cannot be taken."""

    def remove(self, *article_ids: str) -> tuple[str, ...]:
        """Remove articles from the library; a file is deleted only where the page stored it."""
