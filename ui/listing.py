"""The list of articles, the progress of indexing and its report as safe HTML."""

from collections.abc import Sequence

from qa.progress import STAGES
from qa.types import Failure, ListedArticle, SyncReport
from ui.markup import count, day, escape, foreign, link, unreadable_html

SHOWN_ROWS = 200  # more would make the page slow; the filter narrows them
SHOWN_FAILURES = 50


def matching(articles: Sequence[ListedArticle], words: str) -> tuple[ListedArticle, ...]:
    """Return the articles whose title, date, source or id contains every word, newest first."""
    wanted = words.casefold().split()
    found = [article for article in articles if all(word in _searched(article) for word in wanted)]
    return tuple(sorted(found, key=lambda article: (article.date or "", article.article_id), reverse=True))


def articles_html(articles: Sequence[ListedArticle], words: str = "", fault: str = "") -> str:
    """Return the table of the articles that match, and how many there are, or the ``fault`` that hides them."""
    if fault:
        return unreadable_html(fault)
    if not articles:
        return (
            '<div class="welcome empty"><h3>No articles yet</h3><p>Add files above, or run '
            "<code>qa index FOLDER</code> and open this tab again.</p></div>"
        )
    found = matching(articles, words)
    rows = "".join(_row(article) for article in found[:SHOWN_ROWS])
    return (
        f'<p class="count" role="status">{_counted(len(found), len(articles), words)}</p>'
        '<div class="table"><table><thead><tr><th scope="col">Title</th><th scope="col">Date</th>'
        '<th scope="col">Source</th><th scope="col" class="number">Passages</th>'
        '<th scope="col"><span class="unseen">Delete</span></th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def progress_html(doing: str, done: int, total: int, pace: str = "") -> str:
    """Return a bar for a stage of long work; a total of 0 stands for one that is not known.

    ``pace`` is its rate and the time left in words.
    """
    bar = f'<progress max="{total}" value="{min(done, total)}"></progress>' if total > 0 else "<progress></progress>"
    of = f"{done:,} of {total:,}" if total > 0 else (f"{done:,}" if done else "")
    said = ", ".join(filter(None, (of, escape(pace))))
    doing = escape(STAGES.get(doing, doing).capitalize())
    return f'<div class="progress" role="status"><p>{doing} <span>{said}</span></p>{bar}</div>'


def report_html(report: SyncReport, refused: Sequence[Failure] = ()) -> str:
    """Return what indexing did, with the files that failed; ``refused`` were turned away before it."""
    failures = (*refused, *report.failures)
    failed = max(report.failed + len(refused), len(failures))
    numbers = (
        (report.added, "added"),
        (report.updated, "updated"),
        (report.removed, "removed"),
        (report.unchanged, "unchanged"),
        (report.skipped, "skipped"),
        (failed, "failed"),
        (sum(note.count for note in report.notes), "noted"),
    )
    said = ", ".join(f"{number:,} {word}" for number, word in numbers if number) or "nothing to do"
    seconds = f" in {report.seconds:.1f} s" if report.seconds else ""
    return f'<div class="report" role="status"><p>{said}{seconds}</p>{_failures(failures)}</div>'


def line_html(message: str, bad: bool = False, failures: Sequence[Failure] = ()) -> str:
    """Return one line about what was done or could not be, and the files that were turned away."""
    return (
        f'<div class="report{" bad" if bad else ""}" role="status"><p>{escape(message)}</p>{_failures(failures)}</div>'
    )


def _failures(failures: Sequence[Failure]) -> str:
    if not failures:
        return ""
    items = "".join(
        f'<li><strong dir="auto">{escape(failure.path)}</strong> {escape(failure.reason)}</li>'
        for failure in failures[:SHOWN_FAILURES]
    )
    more = len(failures) - SHOWN_FAILURES
    return f'<ul class="failures">{items}{f"<li>and {more:,} more</li>" if more > 0 else ""}</ul>'


def _row(article: ListedArticle) -> str:
    name = escape(article.article_id)
    title = escape(article.title or article.article_id)
    yours = "" if "://" in article.path else "; your file stays"
    fate = "Delete what was uploaded" if article.uploaded else f"Remove from the library{yours}"
    source = " · ".join(
        part for part in (escape(article.source or ""), escape(foreign(article.language)), link(article.url)) if part
    )
    return (
        f'<tr data-article-id="{name}"><td><span class="title" dir="auto">{title}</span>'
        f'<span class="id" dir="auto">{name}</span></td>'
        f'<td class="date"><time>{escape(day(article.date))}</time></td><td class="origin" dir="auto">{source}</td>'
        f'<td class="number">{article.passages:,}</td><td class="act">'
        f'<button type="button" class="delete" data-article-id="{name}" title="{fate}" '
        f'aria-label="Delete {title}: {fate}">Delete</button></td></tr>'
    )


def _counted(found: int, total: int, words: str) -> str:
    said = f"{found:,} of {count(total, 'article')}" if words.strip() else count(total, "article")
    return f"{said}; the newest {SHOWN_ROWS} are shown" if found > SHOWN_ROWS else said


def _searched(article: ListedArticle) -> str:
    parts = (article.title, article.date, day(article.date), article.source, article.url, article.article_id)
    return " ".join(part for part in parts if part).casefold()
