"""What the command line prints: answers, hits and reports as JSON and as lines for a person, and the progress of long work."""

import json
import re
import sys
from dataclasses import asdict, fields
from typing import Any

from qa.language.names import language_name
from qa.progress import STAGES
from qa.retrieval.languages import is_unknown
from qa.types import Answer, Change, Check, Citation, Hit, ListedArticle, Note, Statistics, SyncReport

_HIT_FIELDS = ("article_id", "title", "date", "text", "start", "end", "score")
_SHOWN_PATHS = 3


def report_line(report: SyncReport) -> str:
    """One line that says what indexing did."""
    counts = ", ".join(f"{getattr(report, f.name)} {f.name}" for f in fields(SyncReport)[:6])
    noted = sum(note.count for note in report.notes)
    return f"{counts}{f', {noted} noted' if noted else ''} in {report.seconds:.1f} s"


def note_line(kind: str, note: Note) -> str:
    """One line about a note, of the ``kind`` "noted" or "skipped": how often, the first places, and the clause."""
    more = note.count - len(note.paths[:_SHOWN_PATHS])
    places = ", ".join(note.paths[:_SHOWN_PATHS]) + (f" and {more} more" if more > 0 else "")
    return f"{note.count} {kind}: {places}: {note.reason}"


def change_line(change: Change) -> str:
    """One line of what indexing would do."""
    was = f" (was {change.was})" if change.change == "renamed" else ""
    return f"{change.change:7}  {change.article_id}{was}"


def listed_line(article: ListedArticle, known: frozenset[str] | None) -> str:
    """One line of the list of articles; ``known`` are the languages that the embedder knows, None where it knows all."""
    foreign = f"  ({language_name(str(article.language))})" if is_unknown(article.language, known) else ""
    return (
        f"{article.date or 'undated   '}  {article.passages:3} passages  {article.article_id}  {article.title}{foreign}"
    )


def statistics_lines(found: Statistics) -> list[str]:
    """A library in numbers, for a person."""
    dated = f", dated {found.first} to {found.last}" if found.first else ""
    use = found.bytes
    lines = [
        f"{found.articles:,} articles{dated}, {found.undated:,} undated",
        f"{found.passages:,} passages, {found.words:,} words",
        f"{found.near_copy_groups:,} groups of near copies, {found.near_copies:,} articles in them",
        f"{use.total / 1e6:,.1f} MB on the disk: database {use.database / 1e6:,.1f}, index {use.index / 1e6:,.1f}, "
        f"uploads {use.uploads / 1e6:,.1f}",
    ]
    for kind, counts in (("source", found.sources), ("folder", found.folders), ("month", found.months)):
        lines += ["", f"By {kind}:", *(f"{count.articles:9,}  {count.name or '(none)'}" for count in counts)]
    return lines


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer as the JSON that ``qa ask --json`` prints."""
    values = asdict(answer)
    values["passages"] = [hit_json(hit) for hit in answer.passages]
    return values


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit as JSON has it."""
    return {name: getattr(hit, name) for name in _HIT_FIELDS}


def source_lines(answer: Answer) -> list[str]:
    """The note and the sources below an answer."""
    notes = [answer.reason] if answer.reason else []
    return notes + [
        f"[{c.number}] {c.title} ({c.date or 'undated'}) {_place(c)}: “{' '.join(c.quote.split())}”"
        for c in answer.citations
    ]


def _place(citation: Citation) -> str:
    """The article's id, with the page where it has pages."""
    return citation.article_id + (f", page {citation.page}" if citation.page else "")


def check_line(check: Check) -> str:
    """One line of the report of ``qa doctor``."""
    return f"{'ok ' if check.ok else 'BAD'} {check.name}: {check.value}" + (f"; {check.fix}" if check.fix else "")


def json_text(document: dict[str, Any]) -> str:
    """JSON as it reads best, or escaped where stdout cannot hold it: half a surrogate pair, another encoding."""
    # Some readers of JSON lines take these for the end of one.
    text = re.sub(
        "[\x85\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", json.dumps(document, ensure_ascii=False)
    )
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(document)
    return text


class ProgressLine:
    """What is being done, on one line of a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._bar: Any = None
        self._stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how far a stage is; ``total`` 0 means that nobody knows."""
        from tqdm import tqdm

        if stage != self._stage:
            self.close()
            self._stage = stage
            # What is done at the start was done by a run before: it must not count for the rate.
            self._bar = tqdm(
                desc=STAGES.get(stage, stage),
                initial=done,
                total=total or None,
                unit="",
                file=sys.stderr,
                disable=None,
                leave=False,
            )
        self._bar.total = total or None
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the line away."""
        if self._bar is not None:
            self._bar.close()
