"""The commands about what the library holds: ``index``, ``list``, ``show`` and ``remove``."""

import argparse
from dataclasses import asdict

from qa.commands.common import DONE, PARTLY, desk_of, print_json, say
from qa.output import ProgressLine, report_line


def index_command(options: argparse.Namespace) -> int:
    """Bring the library up to date."""
    progress = ProgressLine()
    try:
        report = desk_of(options).index(*options.paths, allow_empty=options.allow_empty, progress=progress)
    finally:
        progress.close()
    if options.json:
        print_json(asdict(report))
    else:
        print(report_line(report))
    for failure in report.failures:
        say(f"{failure.path}: {failure.reason}")
    return PARTLY if report.failed else DONE


def list_command(options: argparse.Namespace) -> int:
    """List the articles."""
    names = ("since", "until", "source", "match", "sort", "reverse", "limit", "offset")
    found = desk_of(options).listing(**{name: getattr(options, name) for name in names})
    if options.json:
        print_json(asdict(found))
        return DONE
    for article in found.articles:
        print(f"{article.date or 'undated   '}  {article.passages:3} passages  {article.article_id}  {article.title}")
    shown = "" if len(found.articles) == found.total else f", {len(found.articles)} of them listed"
    print(f"{found.total} articles{shown}")
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


def remove_command(options: argparse.Namespace) -> int:
    """Take articles out."""
    removed = desk_of(options).remove(*options.ids)
    print_json({"removed": list(removed)}) if options.json else print(f"removed {', '.join(removed)}")
    return DONE
