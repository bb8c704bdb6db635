"""A library and what is done with it beside asking: articles go in and out, are listed, backed up, and embedded anew."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from qa.errors import InputError, LibraryError, QAError
from qa.fetching.address import checked_address, is_address
from qa.library.addresses import Visit, ask_all, known_addresses
from qa.library.backup import backup
from qa.library.database import exists, open_to_write
from qa.library.diff import diff
from qa.library.embedded import embedder_mismatch, recorded_embedder
from qa.library.listing import ORDERS, Order, Selection
from qa.library.lock import writing
from qa.library.reembedding import reembed
from qa.library.repair import repair
from qa.library.restore import finish_restore, restore
from qa.library.store import Library
from qa.library.sync import remove, sync
from qa.library.uploads import store_upload
from qa.library.verify import verify
from qa.library.watching import watch
from qa.progress import tell_nobody
from qa.retrieval.embedder import DEFAULT
from qa.retrieval.languages import known_languages
from qa.retrieval.query import checked_date, checked_range, search_terms
from qa.settings import Settings
from qa.types import (
    Article,
    Backup,
    Diff,
    Embedder,
    ListedArticle,
    Listing,
    Progress,
    Reembedding,
    Repair,
    Statistics,
    SyncReport,
    VerifyReport,
    Version,
)

if TYPE_CHECKING:
    from qa.fetching.client import Fetcher

Made = TypeVar("Made")


class KeptLibrary:
    """A library with the embedder that its vectors are made with, which a function given here makes when first needed."""

    def __init__(self, folder: Path, settings: Settings, embedder: Callable[[], Embedder]) -> None:
        """Name a library's folder; nothing is opened or loaded yet."""
        self.library = Library(folder)
        self.settings = settings
        self._make_embedder = embedder
        self._making = threading.Lock()
        self._made: dict[Callable[[], Any], Any] = {}

    def index(
        self, *paths: Path | str, allow_empty: bool = False, progress: Progress | None = None, full: bool = False
    ) -> SyncReport:
        """Bring the library up to date with files, folders and addresses; with none, with every source it knows.

        ``full`` reads files, too, that have the size, the time of change and the inode they had when they were last read.
        This and ``diff`` are where anything is fetched. Raises InputError for paths that are missing and for what is no
        address; one that cannot be fetched is a failure of the report.
        """
        return self._index(_places(paths), allow_empty, progress, full)

    def watch(
        self,
        *paths: Path | str,
        told: Callable[[SyncReport | QAError], None],
        stop: threading.Event | None = None,
        allow_empty: bool = False,
        progress: Progress | None = None,
        full: bool = False,
        files: bool = True,
        every: float | None = None,
    ) -> None:
        """``index`` now and whenever these files and folders change, until ``stop`` is set; with no path, all known ones.

        ``every`` so many seconds it is done anyway, and addresses are asked again; only then where ``files`` is False.
        ``told`` gets the report of every round, or its error, after which the watching goes on. Raises what the first
        round raises.
        """
        places = _places(paths)

        def round_of(ask: bool) -> SyncReport:
            return self._index(places, allow_empty, progress, full, ask)

        told(round_of(True))
        with self.library.snapshot(vectors=False) as snapshot:
            roots = [place.resolve() for place in places if isinstance(place, Path)] if places else snapshot.roots()
        if not roots and every is None:
            raise InputError("there is no file or folder to watch; to ask addresses again and again: --every 10m")
        library = self.library.folder.resolve()
        watch(round_of, roots if files else (), library, told, stop or threading.Event(), every)

    def diff(
        self, *paths: Path | str, allow_empty: bool = False, progress: Progress | None = None, full: bool = False
    ) -> Diff:
        """What ``index`` would do; nothing is written or embedded."""
        places = _places(paths)
        return diff(self.library.folder, places, allow_empty, progress, full, self._visits(places, progress))

    def backup(self, file: Path | str, replace: bool = False, progress: Progress | None = None) -> Backup:
        """Write the library into one file, read back before it is there; questions go on meanwhile."""
        return backup(self.library.folder, Path(file), replace, progress)

    def restore(self, file: Path | str, replace: bool = False, progress: Progress | None = None) -> Backup:
        """Make this library that of a backup; one that is there is replaced only where ``replace`` says so."""
        return restore(self.library.folder, Path(file), replace, progress)

    def verify(self, fast: bool = False, progress: Progress | None = None) -> VerifyReport:
        """Everything that is wrong with the library; ``fast`` reads no text and compares no vector.

        Raises LibraryError where there is no library, or SQLite cannot read it.
        """
        return verify(self.library.folder, fast, progress)

    def repair(self, reembed: bool = False, progress: Progress | None = None) -> Repair:
        """Rebuild from the stored articles what ``verify`` finds wrong; ``reembed`` embeds every passage anew, too.

        What a run that was cut short has embedded is not embedded again. A database that cannot be read is set aside, and
        its articles are indexed again from their files. Raises LibraryError where the library is another embedder's.
        """
        return repair(self.library.folder, lambda: self.embedder, self.settings, reembed, progress)

    def reembed(self, embedder: Callable[[], Embedder], progress: Progress | None = None) -> Reembedding:
        """Embed every passage anew with another embedder, with which the library is used afterwards; questions go on meanwhile.

        What a run that was cut short has embedded is not embedded again.
        """
        return reembed(self.library.folder, embedder, progress)

    def create(self) -> None:
        """Make the library where there is none, so that a page can open on it; an existing one is left as it is."""
        if not exists(self.library.folder):
            with writing(self.library.folder):
                open_to_write(self.library.folder).close()

    def upload(self, name: str, data: bytes) -> Path:
        """Store a file in the library's own source, ``uploads``; ``index`` it afterwards. Raises InputError."""
        finish_restore(self.library.folder)  # which would put the restored files in the place of this one
        return store_upload(self.library.uploads, name, data)

    def remove(self, *article_ids: str, purge: bool = False, progress: Progress | None = None) -> tuple[str, ...]:
        """Take articles out and keep them out; an uploaded file is deleted too, the user's own files never.

        The address of a source stands for all that came from it, and is asked no more.
        ``purge`` rewrites the library's files, so that nothing of them, or of any removed before, is left on the disk.
        """
        return remove(self.library.folder, article_ids, purge, progress)

    def older_than(self, day: str) -> tuple[tuple[str, ...], int]:
        """Ids of the articles dated before an ISO date, oldest first, and how many articles have no date."""
        with self.library.snapshot(vectors=False) as snapshot:
            return snapshot.older_than(str(checked_date(day)))

    def articles(self) -> tuple[ListedArticle, ...]:
        """What is indexed, newest first."""
        return self.listing().articles

    def listing(
        self,
        since: str | None = None,
        until: str | None = None,
        source: str | None = None,
        match: str | None = None,
        sort: Order = "date",
        reverse: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> Listing:
        """A page of what is indexed: dated in a range, of a source, with all words of ``match``; undated ones are last.

        Raises InputError for a bad date, a range that ends before it begins, a ``match`` without words, an unknown order.
        """
        if sort not in ORDERS:
            raise InputError(f"nothing is sorted by {sort!r}; give one of {', '.join(ORDERS)}")
        first, last = checked_range(since, until)
        terms = search_terms(match) if match is not None else []
        if match is not None and not terms:
            raise InputError("there is no word to match; give words that an article has in its headline or text")
        selection = Selection(first, last, source, terms, sort, reverse, limit, offset)
        with self.library.snapshot(vectors=False) as snapshot:
            return snapshot.listing(selection)

    def article(self, article_id: str) -> Article:
        """One article as it is stored. Raises InputError for an unknown id."""
        with self.library.snapshot(vectors=False) as snapshot:
            return snapshot.article(article_id)[0]

    def history(self, article_id: str) -> tuple[Version, ...]:
        """What happened to an article, the earliest first. Raises InputError for an id that no article ever had."""
        with self.library.snapshot(vectors=False) as snapshot:
            return snapshot.history(article_id)

    def statistics(self) -> Statistics:
        """What is indexed, in numbers."""
        with self.library.snapshot(vectors=False) as snapshot:
            return snapshot.statistics(self.library.folder)

    @property
    def uploads(self) -> Path:
        """The folder of what the web page stored."""
        return self.library.uploads

    @property
    def embedder(self) -> Embedder:
        """The embedder, made when first needed, and made again where the library has another one by now."""
        return self._once(self._make_embedder)

    def embedder_of(self, fingerprint: str | None) -> Embedder:
        """The embedder whose vectors a library holds; any will do for None.

        Where it is not the one in memory, the one that is set is made anew: another process may have embedded the library
        anew since. Raises LibraryError where that is not it either.
        """
        embedder = self.embedder
        if fingerprint in (None, embedder.fingerprint):
            return embedder
        with self._making:
            embedder = self._made[self._make_embedder]
            if embedder.fingerprint != fingerprint:  # no other conversation has made it meanwhile
                embedder = self._make_embedder()
            if embedder.fingerprint != fingerprint:
                raise LibraryError(embedder_mismatch(self.library.folder, str(fingerprint), embedder))
            self._made[self._make_embedder] = embedder
        return embedder

    @property
    def languages(self) -> frozenset[str] | None:
        """ISO 639 codes of the languages that the embedder knows; None where they are not limited, or not known."""
        settings = self.settings
        auto = settings.embedder == Settings().embedder
        name = (recorded_embedder(self.library.folder)[1] or DEFAULT) if auto else settings.embedder
        return known_languages(name, settings.embedder_languages)

    def _index(
        self,
        places: Sequence[Path | str],
        allow_empty: bool,
        progress: Progress | None,
        full: bool,
        ask: bool = True,
    ) -> SyncReport:
        """Index; only where ``ask`` says so are addresses asked, before the library is locked."""
        folder = self.library.folder
        if ask and self._addresses(places) and exists(folder):
            with writing(folder):  # where another run is at work, that is said before anything is fetched
                pass
        visits = self._visits(places, progress) if ask else {}
        return sync(folder, places, self._embedder_now, self.settings, allow_empty, progress, full, visits)

    def _visits(self, places: Sequence[Path | str], progress: Progress | None) -> dict[str, Visit]:
        """What comes from the addresses among places, or, where there are no places, from all that the library knows."""
        folder, addresses = self.library.folder, self._addresses(places)
        tell = progress or tell_nobody
        return ask_all(folder, addresses, lambda: self._once(self._make_fetcher), tell) if addresses else {}

    def _addresses(self, places: Sequence[Path | str]) -> Sequence[str]:
        return [place for place in places if isinstance(place, str)] if places else known_addresses(self.library.folder)

    def _make_fetcher(self) -> "Fetcher":
        from qa.fetching.client import Fetcher  # it and what it needs are loaded by whoever has addresses

        return Fetcher(self.settings.private_hosts)

    def _once(self, make: Callable[[], Made]) -> Made:
        """What ``make`` returns, made once even where two conversations begin at the same time."""
        with self._making:
            if make not in self._made:
                self._made[make] = make()
            made: Made = self._made[make]
            return made

    def _embedder_now(self) -> Embedder:
        """The embedder to index with; whether another one's vectors are in its way, indexing finds out."""
        fingerprint, _ = recorded_embedder(self.library.folder)
        with suppress(LibraryError):
            return self.embedder_of(fingerprint)
        return self.embedder


def _places(paths: Sequence[Path | str]) -> list[Path | str]:
    """Paths as paths, and addresses in their one form. Raises InputError for an address that is not asked."""
    return [checked_address(str(path)) if is_address(path) else Path(path) for path in paths]
