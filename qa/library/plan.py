"""What a sync would change: sources are read and held against the rows, nothing is written."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import MappingProxyType

import apsw

from qa.articles import ArticleReader, Candidate, Collection, RepeatedId, Skipped, scan_source
from qa.errors import InputError
from qa.fetching.contents import articles_at
from qa.library.addresses import Visit
from qa.library.sources import Source, WebSource, held, refuse_emptied
from qa.types import Article, Failure

NOT_ASKED: Mapping[str, Visit] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Addition:
    """An article to be written: a new one, or the new version of ``row_id``."""

    source: Source | WebSource
    candidate: Candidate
    article: Article
    row_id: int | None


@dataclass(slots=True)
class Plan:
    """The changes found so far; filled while the sources are read."""

    additions: list[Addition] = field(default_factory=list)
    removed: set[int] = field(default_factory=set)  # row ids
    failures: list[Failure] = field(default_factory=list)
    unchanged: int = 0
    skipped: int = 0
    visits: dict[int, Visit] = field(default_factory=dict)  # to be recorded, by source
    incomplete: set[int] = field(default_factory=set)  # sources not all of whose content became articles
    forgotten: set[int] = field(default_factory=set)  # sources that are not asked any more


def make_plan(
    connection: apsw.Connection,
    sources: list[Source | WebSource],
    library: Path,
    allow_empty: bool,
    seen: Callable[[int], None],
    visits: Mapping[str, Visit] = NOT_ASKED,
) -> Plan:
    """Read the sources and compare; ``seen`` is called with the number of articles looked at.

    ``visits`` are what came from addresses; one that was not asked stays as it is. Raises InputError where a source that
    held articles is gone, unless ``allow_empty``.
    """
    plan = Plan()
    looked_at = count(1)
    with ArticleReader() as reader:
        for source in sources:
            if isinstance(source, WebSource):
                _plan_visit(connection, plan, source, visits.get(source.root), reader, lambda: seen(next(looked_at)))
                continue
            rows = held(connection, source)
            present: set[tuple[str, str]] = set()
            for found in _found(source, library, reader):
                seen(next(looked_at))
                if isinstance(found, Skipped):
                    plan.skipped += 1
                elif isinstance(found, Failure):
                    plan.failures.append(found)
                    present.update(key for key in rows if _may_be_hidden(key[0], found))
                else:
                    present.add((found.path, found.given_id or ""))
                    _compare(connection, plan, source, found, rows, reader)
            if not allow_empty:
                refuse_emptied(source, len(rows), len(present))
            plan.removed.update(row_id for key, (row_id, _) in rows.items() if key not in present)
    _refuse_taken_ids(connection, plan)
    return plan


def _plan_visit(
    connection: apsw.Connection,
    plan: Plan,
    source: WebSource,
    visit: Visit | None,
    reader: ArticleReader,
    seen: Callable[[], None],
) -> None:
    """Compare what came from an address; what a feed no longer lists stays, as unchanged."""
    rows, present = held(connection, source), set[tuple[str, str]]()
    if visit is not None and visit.failure is not None:
        kept = "; what it brought before is kept" if rows else ""
        plan.failures.append(Failure(source.root, f"{visit.failure}{kept}"))
        plan.visits[source.source_id] = visit
        return
    failed = len(plan.failures)
    for found in articles_at(source.root, visit.fetched, reader) if visit and visit.fetched else ():
        seen()
        if isinstance(found, Failure):
            plan.failures.append(found)
        else:
            present.add((found.path, found.given_id or ""))
            _compare(connection, plan, source, found, rows, reader)
    plan.unchanged += len(rows.keys() - present)
    if any(not isinstance(failure, RepeatedId) for failure in plan.failures[failed:]):
        plan.incomplete.add(source.source_id)
    if visit is not None and present:
        plan.visits[source.source_id] = visit


def _found(source: Source, library: Path, reader: ArticleReader) -> Iterator[Candidate | Skipped | Failure]:
    if not (source.root / source.under).exists():
        return  # whether that is meant is decided by refuse_emptied
    for found in scan_source(source.root, library, source.under):
        if isinstance(found, Collection):
            yield from reader.entries(found)
        else:
            yield found


def _may_be_hidden(path: str, failure: Failure) -> bool:
    """Whether an article held at ``path`` may still stand in what could not be read: then it stays."""
    if isinstance(failure, RepeatedId):
        return False
    file, _, line = failure.path.rpartition(":")
    return failure.path in (".", path) or path.startswith(f"{failure.path}/") or (path == file and line.isdecimal())


def _compare(
    connection: apsw.Connection,
    plan: Plan,
    source: Source | WebSource,
    candidate: Candidate,
    rows: dict[tuple[str, str], tuple[int, str]],
    reader: ArticleReader,
) -> None:
    """Sort one candidate into the plan: unchanged, kept out, unreadable, or to be written."""
    key = (candidate.path, candidate.given_id or "")
    row_id, content_hash = rows.get(key, (None, None))
    if content_hash == candidate.content_hash:
        plan.unchanged += 1
        return
    kept_out = connection.execute(
        "SELECT content_hash FROM kept_out WHERE (source_id, path, given_id) = (?, ?, ?)", (source.source_id, *key)
    ).fetchone()
    if kept_out and kept_out[0] == candidate.content_hash:
        plan.skipped += 1
        return
    try:
        article = reader.read(candidate)
    except InputError as error:
        kept = "; the version indexed before is kept" if row_id is not None else ""
        plan.failures.append(Failure(_place(candidate), f"{error}{kept}"))
    else:
        plan.additions.append(Addition(source, candidate, article, row_id))


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
            plan.incomplete.add(addition.source.source_id)
        else:
            accepted.append(addition)
            given_now.setdefault(addition.article.article_id, []).append(addition)
    plan.additions = accepted


def _refusal(
    connection: apsw.Connection, plan: Plan, new: Addition, given_now: dict[str, list[Addition]]
) -> str | None:
    """Why a new article cannot have its id, or None.

    An id belongs to the source that had it first. Two files may share a path in two folders, since the folder's name
    then goes in front of both ids, unless the folders share their name too.
    """
    article_id = new.article.article_id
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
