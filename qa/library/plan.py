"""What a sync would change: sources are read and held against the rows, nothing is written."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import apsw

from qa.articles import ArticleReader, Candidate, Collection, Noted, RepeatedId, Skipped, Unread, scan_source
from qa.articles.language import language_of
from qa.articles.looks import Looks
from qa.errors import InputError
from qa.fetching.contents import articles_at
from qa.library.addresses import Visit
from qa.library.files import (
    FileKey,
    FileState,
    articles_of_file,
    articles_of_files,
    files_of,
    known_files,
    removed_articles,
)
from qa.library.notes import Notes
from qa.library.sources import Source, WebSource, refuse_emptied
from qa.library.spool import Spool
from qa.types import Article, Failure

_REMOVED = "was removed with qa remove, and stays out until it changes"
_SKIPPED_BEFORE = "is as it was, and what was skipped in it is skipped again"

NOT_ASKED: Mapping[str, Visit] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Addition:
    """An article to be written: a new one, or the new version of ``row_id``. Its text, and the file's, are not in memory."""

    source: Source | WebSource
    candidate: Candidate  # without its data
    row_id: int | None
    spool: Spool
    place: int

    @property
    def article_id(self) -> str:
        """The article's id as its source has it, which may not be the one it gets in the library."""
        return self.candidate.given_id or self.candidate.path

    @property
    def article(self) -> Article:
        """The article, read anew each time."""
        values = self.spool.get(self.place)
        return Article(**{**values, "pages": tuple(values["pages"])})


@dataclass(slots=True)
class Plan:
    """The changes found so far; filled while the sources are read, whose texts go into the spool."""

    spool: Spool = field(default_factory=Spool)
    additions: list[Addition] = field(default_factory=list)
    removed: set[int] = field(default_factory=set)  # row ids
    failures: list[Failure] = field(default_factory=list)
    files: dict[FileKey, FileState | None] = field(default_factory=dict)  # what to note of files; None: nothing
    unchanged: int = 0
    skipped: int = 0
    skips: Notes = field(default_factory=Notes)  # what ``skipped`` counts
    notes: Notes = field(default_factory=Notes)
    visits: dict[int, Visit] = field(default_factory=dict)  # to be recorded, by source
    incomplete: set[int] = field(default_factory=set)  # sources not all of whose content became articles
    forgotten: set[int] = field(default_factory=set)  # sources that are not asked any more

    def skip(self, path: str, reason: str, count: int = 1) -> None:
        """Count what does not become an article, though nothing is wrong with it."""
        self.skipped += count
        self.skips.add(path, reason, count)

    def add(self, source: Source | WebSource, candidate: Candidate, article: Article, row_id: int | None) -> None:
        """Plan to write an article, with its language."""
        place = self.spool.put(asdict(replace(article, language=language_of(article.text))))
        self.additions.append(Addition(source, replace(candidate, data=b""), row_id, self.spool, place))


def make_plan(
    connection: apsw.Connection,
    sources: list[Source | WebSource],
    library: Path,
    allow_empty: bool,
    seen: Callable[[int], None],
    full: bool = False,
    spool: Spool | None = None,
    visits: Mapping[str, Visit] = NOT_ASKED,
) -> Plan:
    """Read the sources and compare; ``seen`` is called with the number of things looked at.

    A file that looks as it did when it was last read is not read again, unless ``full``. ``spool`` keeps the articles to be
    written, and is to be open as long as the plan is used; None for one in memory. ``visits`` are what came from addresses;
    one that was not asked stays as it is. Raises InputError where a source that held articles is gone, unless
    ``allow_empty``.
    """
    plan = Plan(spool or Spool())
    looked_at = 0
    with ArticleReader() as reader:
        for source in sources:
            comparison = _Comparison(connection, plan, source, reader, full)
            for found in _found(source, library, reader, comparison.looks, visits):
                looked_at += len(found.paths) if isinstance(found, Unread) else 1
                seen(looked_at)
                comparison.take(found)
            if isinstance(source, WebSource):
                comparison.finish_visit(source, visits.get(source.root))
            else:
                comparison.finish(source, allow_empty)
    _refuse_taken_ids(connection, plan)
    return plan


def _found(
    source: Source | WebSource, library: Path, reader: ArticleReader, looks: Looks, visits: Mapping[str, Visit]
) -> Iterator[Candidate | Unread | Skipped | Noted | Failure]:
    if isinstance(source, WebSource):
        visit = visits.get(source.root)
        if visit is not None and visit.fetched is not None:
            yield from articles_at(source.root, visit.fetched, reader)
        return
    if not (source.root / source.under).exists():
        return  # whether that is meant is decided by refuse_emptied
    for found in scan_source(source.root, library, source.under, looks):
        if isinstance(found, Collection):
            yield from reader.entries(found)
        else:
            yield found


class _Comparison:
    """One source held against what the library has of it, thing by thing; what is found goes into the plan."""

    def __init__(
        self, connection: apsw.Connection, plan: Plan, source: Source | WebSource, reader: ArticleReader, full: bool
    ) -> None:
        self._connection, self._plan, self._source, self._reader = connection, plan, source, reader
        self._articles = articles_of_files(connection, source)
        self._members = defaultdict[str, list[str]](list)  # of zip archives: the paths of their articles
        for path in self._articles:
            for archive in files_of(path)[1:]:
                self._members[archive].append(path)
        self._known_looks, self._known_kept_out = known_files(connection, source)
        self.looks = Looks({} if full else self._known_looks)
        self._removed = removed_articles(connection, source)
        self._held: dict[str, dict[str, tuple[int, str]]] = {}  # of files that were read or are gone
        self._unread, self._present = set[str](), defaultdict[str, set[str]](set)
        self._kept_out, self._failed = Counter[str](), set[str]()
        self._failed_before = len(plan.failures)
        # What a failure may hide stays: a file, or all that is in a folder.
        self._hidden_files, self._hidden_folders = set[str](), set[str]()

    def take(self, found: Candidate | Unread | Skipped | Noted | Failure) -> None:
        """Sort one thing that the source holds into the plan."""
        if isinstance(found, Unread):
            archived = (path for file in found.paths for path in self._members.get(file, ()))
            paths = (*found.paths, *archived)
            self._unread.update(paths)
            self._plan.unchanged += sum(self._articles.get(path, 0) for path in paths)
            for path in sorted(found.paths & self._known_kept_out.keys()):
                self._plan.skip(path, _SKIPPED_BEFORE, self._known_kept_out[path])
        elif isinstance(found, Noted):
            self._plan.notes.add(found.path, found.reason)
        elif isinstance(found, Skipped):
            self._plan.skip(found.path, found.reason)
            self._kept_out.update(files_of(found.path)[1:])
        elif isinstance(found, Failure):
            self._fail(found)
        else:
            self._present[found.path].add(found.given_id or "")
            self._compare(found)

    def finish(self, source: Source, allow_empty: bool) -> None:
        """Plan to remove what is there no longer, and what to remember of the files."""
        gone = [
            (path, row_id)
            for path in self._articles.keys() - self._unread
            for given, (row_id, _) in self._held_of(path).items()
            if given not in self._present.get(path, ()) and not self._hidden(path)
        ]
        if not allow_empty:
            held = sum(self._articles.values())
            refuse_emptied(source, held, empty=len(gone) == held and not self._anything())
        self._plan.removed.update(row_id for _, row_id in gone)
        for path in (self._known_looks.keys() | self.looks.found.keys()) - self._unread:
            look = None if path in self._failed else self.looks.found.get(path)
            state = FileState(look, self._kept_out[path]) if look else None
            if state != self._known(path):
                self._plan.files[self._source.source_id, path] = state

    def finish_visit(self, source: WebSource, visit: Visit | None) -> None:
        """Plan what to remember of an address, None where it was not asked; what a feed no longer lists stays."""
        held = self._held_of(source.root)
        if visit is not None and visit.failure is not None:
            kept = "; what it brought before is kept" if held else ""
            self._plan.failures.append(Failure(source.root, f"{visit.failure}{kept}"))
            self._plan.visits[source.source_id] = visit
            return
        present = self._present.get(source.root, set())
        self._plan.unchanged += len(held.keys() - present)
        if any(not isinstance(failure, RepeatedId) for failure in self._plan.failures[self._failed_before :]):
            self._plan.incomplete.add(source.source_id)
        if visit is not None and present:
            self._plan.visits[source.source_id] = visit

    def _anything(self) -> bool:
        """Whether the source has an article, be it one that is kept out."""
        return bool(self._present) or not self._unread.isdisjoint(self._known_kept_out)

    def _known(self, path: str) -> FileState | None:
        look = self._known_looks.get(path)
        return FileState(look, self._known_kept_out.get(path, 0)) if look else None

    def _held_of(self, path: str) -> dict[str, tuple[int, str]]:
        if path not in self._held:
            there = path in self._articles
            self._held[path] = articles_of_file(self._connection, self._source, path) if there else {}
        return self._held[path]

    def _compare(self, candidate: Candidate) -> None:
        """Sort one candidate into the plan: unchanged, kept out, unreadable, or to be written."""
        plan, given = self._plan, candidate.given_id or ""
        row_id, content_hash = self._held_of(candidate.path).get(given, (None, None))
        if content_hash == candidate.content_hash:
            plan.unchanged += 1
            return
        if self._was_removed(candidate):
            plan.skip(_place(candidate), _REMOVED)
            self._kept_out.update(files_of(candidate.path))
            return
        try:
            article, notes = self._reader.read_noting(candidate)
        except InputError as error:
            kept = "; the version indexed before is kept" if row_id is not None else ""
            plan.failures.append(Failure(_place(candidate), f"{error}{kept}"))
            self._failed.update(files_of(candidate.path))
        else:
            plan.add(self._source, candidate, article, row_id)
            for note in notes:
                plan.notes.add(_place(candidate), note)

    def _was_removed(self, candidate: Candidate) -> bool:
        """Whether an article was taken out with this content, here or where its file has gone since: a file was renamed."""
        paths = self._removed.get((candidate.given_id or "", candidate.content_hash), ())
        return any(path == candidate.path or not self._is_there(files_of(path)[-1]) for path in paths)

    def _is_there(self, path: str) -> bool:
        return isinstance(self._source, WebSource) or (self._source.root / path).exists()

    def _fail(self, failure: Failure) -> None:
        self._plan.failures.append(failure)
        file, _, line = failure.path.rpartition(":")
        places = {failure.path, file} if line.isdecimal() else {failure.path}
        self._failed.update(file for place in places for file in files_of(place))
        if not isinstance(failure, RepeatedId):
            self._hidden_files |= places
            self._hidden_folders.add(failure.path)

    def _hidden(self, path: str) -> bool:
        """Whether an article held at ``path`` may still stand in what could not be read: then it stays."""
        folders = map(str, PurePosixPath(path).parents)  # the last is "."
        return path in self._hidden_files or not self._hidden_folders.isdisjoint(folders)


def _place(candidate: Candidate) -> str:
    """Where an article stands: its file, and its id where the file holds several."""
    return candidate.path if candidate.given_id is None else f"{candidate.path} (id {candidate.given_id})"


def _refuse_taken_ids(connection: apsw.Connection, plan: Plan) -> None:
    """Take out of the plan every new article whose id belongs to another one, and list it as failed."""
    given_now: dict[str, list[Addition]] = {}
    accepted = []
    for addition in plan.additions:
        refusal = None if addition.row_id is not None else _refusal(connection, plan, addition, given_now)
        if refusal:
            plan.failures.append(Failure(_place(addition.candidate), refusal))
            for file in files_of(addition.candidate.path):  # the id may be free next time
                plan.files[addition.source.source_id, file] = None
            plan.incomplete.add(addition.source.source_id)
        else:
            accepted.append(addition)
            given_now.setdefault(addition.article_id, []).append(addition)
    plan.additions = accepted


def _refusal(
    connection: apsw.Connection, plan: Plan, new: Addition, given_now: dict[str, list[Addition]]
) -> str | None:
    """Why a new article cannot have its id, or None.

    An id belongs to the source that had it first. Two files may share a path in two folders, since the folder's name
    then goes in front of both ids, unless the folders share their name too.
    """
    article_id = new.article_id
    rows = connection.execute(
        """SELECT a.row_id, s.root, s.name, a.path, a.given_id IS NULL FROM articles a JOIN sources s USING (source_id)
           WHERE a.article_id = ?1 OR (a.path = ?1 AND a.given_id IS NULL)""",
        (article_id,),
    )
    others = [(row[1], row[2], row[3], bool(row[4])) for row in rows if row[0] not in plan.removed]
    for other in given_now.get(article_id, ()):
        others.append(
            (str(other.source.root), other.source.name, other.candidate.path, other.candidate.given_id is None)
        )
    for root, name, path, by_path in others:
        if new.candidate.given_id is not None or not by_path:
            return f"the id {article_id!r} already belongs to an article of {root} ({path}); give it another id"
        if name == new.source.name:
            return f"{root} has the same name and holds the same path; rename one of the two folders"
    return None
