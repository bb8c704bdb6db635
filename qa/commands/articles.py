"""The commands about what the library holds: ``index``, ``diff``, ``list``, ``show``, ``stats``, ``history`` and ``remove``."""

import argparse
import sys
from dataclasses import asdict, fields
from typing import Any

from qa.commands.common import DONE, PARTLY, desk_of, print_json, say
from qa.commands.watching import watch_command
from qa.errors import InputError
from qa.output import ProgressLine, change_line, listed_line, note_line, report_line, statistics_lines
from qa.retrieval.languages import is_unknown
from qa.types import ListedArticle, SyncReport


def index_command(options: argparse.Namespace) -> int:
    """Bring the library up to date: once, whenever files change, or again and again."""
    if options.watch or options.every is not None:
        return watch_command(desk_of(options), options)
    progress = ProgressLine()
    try:
        report = desk_of(options).index(
            *options.paths, allow_empty=options.allow_empty, progress=progress, full=options.full
        )
    finally:
        progress.close()
    print_json(asdict(report)) if options.json else print(report_line(report))
    return _failures_said(report)


def diff_command(options: argparse.Namespace) -> int:
    """Say what ``index`` would do."""
    progress = ProgressLine()
    try:
        found = desk_of(options).diff(
            *options.paths, allow_empty=options.allow_empty, progress=progress, full=options.full
        )
    finally:
        progress.close()
    if options.json:
        print_json({**asdict(found.report), "changes": [asdict(change) for change in found.changes]})
    else:
        for change in found.changes:
            print(change_line(change))
        print(f"would be: {report_line(found.report)}")
    return _failures_said(found.report)


def _failures_said(report: SyncReport) -> int:
    """Say what could not become an article, was skipped, lost or guessed; returns the exit status."""
    for kind, notes in (("skipped", report.skips), ("noted", report.notes)):
        for note in notes:
            say(note_line(kind, note))
    for failure in report.failures:
        say(f"{failure.path}: {failure.reason}")
    return PARTLY if report.failed else DONE


def list_command(options: argparse.Namespace) -> int:
    """List the articles."""
    names = ("since", "until", "source", "match", "sort", "reverse", "limit", "offset")
    desk = desk_of(options)
    found = desk.listing(**{name: getattr(options, name) for name in names})
    if options.json:
        columns = [field.name for field in fields(ListedArticle)]  # asdict takes longer than all else
        listed = [{name: getattr(article, name) for name in columns} for article in found.articles]
        print_json({"articles": listed, "total": found.total})
        return DONE
    known = desk.languages
    for article in found.articles:
        print(listed_line(article, known))
    shown = "" if len(found.articles) == found.total else f", {len(found.articles)} of them listed"
    print(f"{found.total} articles{shown}")
    if foreign := sum(is_unknown(article.language, known) for article in found.articles):
        print(
            f"{foreign} of these are in languages that the embedder does not know: searches find them by keyword only"
        )
    return DONE


def show_command(options: argparse.Namespace) -> int:
    """Show an article as it is stored."""
    desk = desk_of(options)
    with desk.library.snapshot(vectors=False) as snapshot:
        article, spans = snapshot.article(options.id)
    if options.json:
        print_json({**asdict(article), "passages": [asdict(span) for span in spans]})
    else:
        print(
            f"{article.title}\n{article.date or 'undated'}  {article.source or ''}  {article.url or ''}\n\n{article.text}"
        )
    return DONE


def stats_command(options: argparse.Namespace) -> int:
    """Say how much there is, from where and when."""
    found = desk_of(options).statistics()
    if options.plot is not None:
        from qa.library.timeline import draw_timeline

        draw_timeline(options.plot, found.months, found.undated)
    print_json(asdict(found)) if options.json else print("\n".join(statistics_lines(found)))
    return DONE


def history_command(options: argparse.Namespace) -> int:
    """Say what happened to an article."""
    found = desk_of(options).history(options.id)
    if options.json:
        print_json({"article_id": options.id, "versions": [asdict(version) for version in found]})
        return DONE
    for version in found:
        when = version.indexed_at or "before history was kept"
        print(f"{when:25}  {version.change:7}  {version.content_hash[:12]}  {version.title}")
    return DONE


def remove_command(options: argparse.Namespace) -> int:
    """Take articles out: those named, or those older than a day."""
    if (bool(options.ids) == (options.older_than is not None)) and not (options.purge and not options.ids):
        options.usage("give either IDs or --older-than DAY, or --purge alone")
    desk = desk_of(options)
    ids, undated = tuple(options.ids), 0
    if options.older_than is not None:
        ids, undated = desk.older_than(options.older_than)
        if ids and not options.yes and not _agreed(len(ids), options.older_than):
            ids = ()
    progress = ProgressLine()
    try:
        removed = desk.remove(*ids, purge=options.purge, progress=progress) if ids or options.purge else ()
    finally:
        progress.close()
    if options.json:
        document: dict[str, Any] = {"removed": list(removed)}
        if options.older_than is not None:
            document["undated"] = undated
        if options.purge:
            document["purged"] = True
        print_json(document)
        return DONE
    if options.older_than is not None:
        print(f"removed {len(removed)} articles; {undated} undated ones were kept")
    elif removed:
        print(f"removed {', '.join(removed)}")
    if options.purge:
        print("nothing that was removed is left on the disk")
    return DONE


def _agreed(count: int, day: str) -> bool:
    """Whether the person at the terminal agrees. Raises InputError where there is none."""
    if not sys.stdin.isatty():
        raise InputError(f"{count} articles are dated before {day}; give --yes to remove them")
    print(f"{count} articles are dated before {day}; remove them? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
