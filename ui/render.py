"""A turn of the conversation as safe HTML; the sources of an answer are in ui/sources.py."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from qa.types import Answer, Conflict, Nearest, Sentence
from ui.markup import count, day, escape, unreadable_html
from ui.sources import plain_text, sources_html
from ui.turns import Source, Turn

# It works on the last answer; ui/page.css hides it in those before.
WIDEN = (
    '<button type="button" class="widen" title="Search all dates instead" aria-label="Search all dates instead">'
    "×</button>"
)
CHECKED = "Each sentence was checked against the passage it cites."


def conversation_html(turns: Iterable[Turn]) -> str:
    """Return finished turns, oldest first."""
    return "".join(turn_html(turn) for turn in turns)


def turn_html(turn: Turn) -> str:
    """Return a question and its answer; the sources ride along in an attribute, for the panel to show."""
    return (
        f'<section class="turn" id="turn-{escape(turn.turn_id)}" data-sources="{escape(sources_html(turn))}">'
        f'<h3 class="asked" dir="auto"><span class="unseen">You asked: </span>{escape(turn.question)}</h3>'
        f'<div class="answer" data-state="{escape(turn.state)}"{" data-stopped" if turn.stopped else ""}>'
        f"{_body(turn)}</div></section>"
    )


def welcome_html(articles: int, fault: str = "") -> str:
    """Return what stands in an empty conversation; ``fault`` says why the library cannot be read."""
    if fault:
        return unreadable_html(fault)
    if articles == 0:
        return (
            '<div class="welcome empty"><h3>Your library is empty</h3>'
            "<p>Add articles on the <strong>Articles</strong> tab, or run "
            "<code>qa index FOLDER</code> and reload this page. "
            "Text, Markdown, HTML, PDF, Word, EPUB and e-mail files can be read, and files of several articles: mailboxes, "
            "tables (CSV), JSON and feeds.</p></div>"
        )
    return (
        '<div class="welcome"><h3>Ask your articles</h3>'
        f"<p>{count(articles, 'article')} on this machine. Every sentence of an answer is checked against a dated "
        "passage that you can open by its number. When the articles do not say, the answer says so.</p></div>"
    )


def notice_html(message: str) -> str:
    """Return a line beside the question box, or nothing."""
    return f'<p class="notice" role="alert">{escape(message)}</p>' if message else ""


def _body(turn: Turn) -> str:
    if turn.state == "error":
        shown = _text(turn.answer, turn.sources) if turn.answer else ""  # what has been shown is not taken back
        return f'{shown}<p class="label">Error</p><p class="line" role="alert">{escape(turn.message or "")}</p>'
    if turn.state == "refused" and turn.answer is not None:
        return _refusal(turn.answer) + _foot(turn, turn.answer)
    text = _text(turn.answer, turn.sources) if turn.answer else ""
    if turn.state == "busy":
        return text + f'<p class="status">{_doing(turn)}</p>'
    if turn.answer is None or not text:
        return '<p class="note">Stopped before there was an answer.</p>'
    return text + _foot(turn, turn.answer)


def _doing(turn: Turn) -> str:
    if turn.answer is None:
        return "Searching your articles"
    if turn.answer.sentences:
        return "Writing, and checking each sentence"
    articles = len({hit.article_id for hit in turn.answer.passages})
    return f"Reading {count(len(turn.answer.passages), 'passage')} of {count(articles, 'article')}"


def _text(answer: Answer, sources: Sequence[Source]) -> str:
    named = {source.citation.number: source for source in sources}
    parts = []
    first = answer.sentences[0].text.rstrip(".") if answer.sentences else None
    if answer.short_answer and first not in (None, answer.short_answer):
        parts.append(f'<p class="short" dir="auto">{escape(answer.short_answer)}</p>')
    for origin, run in groupby(answer.sentences, key=lambda sentence: sentence.origin):
        sentences = " ".join(_sentence(sentence, named) for sentence in run)
        if origin == "quoted":
            parts.append(
                '<p class="label">Quoted from the articles</p>'
                f'<blockquote class="quoted" dir="auto"><p>{sentences}</p></blockquote>'
            )
        else:
            # A few words are the headline of the sentence that follows them.
            kind = "written short" if first == answer.short_answer else "written"
            parts.append(f'<p class="{kind}" dir="auto" title="{CHECKED}">{sentences}</p>')
    return "".join(parts)


def _sentence(sentence: Sentence, named: dict[int, Source]) -> str:
    marks = "".join(_mark(number, named.get(number)) for number in sentence.citations)
    return f'<span class="sentence">{escape(sentence.text)}{marks}</span>'


def _mark(number: int, source: Source | None) -> str:
    about = f": {source.citation.title}, {day(source.citation.date)}" if source else ""
    label = escape(f"Source {number}{about}")
    named = f'aria-label="{label}" title="{label}"'
    return f'<button type="button" class="citation" data-number="{number}" {named}>[{number}]</button>'


def _refusal(answer: Answer) -> str:
    # The text of a refusal names the nearest articles, too: where the list does so, the reason says the rest.
    said = answer.reason if answer.reason and answer.nearest else answer.text or "The articles do not say."
    reason = f'<p class="reason" dir="auto">{escape(answer.reason)}</p>' if answer.reason not in (None, said) else ""
    return (
        f'<p class="label">Not in your articles</p><p class="line" dir="auto">{escape(said)}</p>{reason}'
        f"{_nearest(answer.nearest)}"
    )


def _nearest(nearest: Sequence[Nearest]) -> str:
    if not nearest:
        return ""
    lines = "".join(
        f'<li><span dir="auto">{escape(near.title)}</span> <time>{escape(day(near.date))}</time></li>'
        for near in nearest
    )
    return f'<p class="nearest-title">The nearest articles are</p><ul class="nearest">{lines}</ul>'


def _foot(turn: Turn, answer: Answer) -> str:
    notes = [f'<p class="note">{note}</p>' for note in _notes(turn, answer)]
    facts = [f'<span class="fact">{fact}</span>' for fact in _facts(answer)]
    copied = escape(plain_text(turn))
    facts.append(f'<button type="button" class="copy" data-copy="{copied}">Copy</button>')
    return f'{_conflicts(answer.conflicts)}{"".join(notes)}<p class="facts">{"".join(facts)}</p>'


def _notes(turn: Turn, answer: Answer) -> Iterable[str]:
    if turn.stopped:
        yield "Stopped: the answer may be incomplete."
    if answer.reason and not answer.abstained:
        yield escape(answer.reason)
    if answer.withheld and not answer.abstained:
        was = "was" if len(answer.withheld) == 1 else "were"
        yield f"{count(len(answer.withheld), 'sentence')} {was} withheld: no passage supports {_them(answer)}."


def _them(answer: Answer) -> str:
    return "it" if len(answer.withheld) == 1 else "them"


def _facts(answer: Answer) -> Iterable[str]:
    if answer.as_of and not answer.abstained:
        yield f"As of {escape(day(answer.as_of))}: the newest article cited"
    if answer.since or answer.until:
        first = f"from {day(answer.since)}" if answer.since else ""
        last = f"until {day(answer.until)}" if answer.until else ""
        yield f'<span class="chip">Searched {escape(" ".join(filter(None, (first, last))))}{WIDEN}</span>'
    if answer.timings.total_ms > 0:
        yield f"{answer.timings.total_ms / 1000:.1f} s"


def _conflicts(conflicts: Sequence[Conflict]) -> str:
    if not conflicts:
        return ""
    newest = sorted(conflicts, key=lambda conflict: conflict.date or "", reverse=True)
    lines = "".join(
        f'<li><span dir="auto">{escape(conflict.value)}</span> <time>{escape(day(conflict.date))}</time>'
        f"{_mark(conflict.citation, None)}</li>"
        for conflict in newest
    )
    return f'<div class="conflicts"><p class="label">The articles differ</p><ul>{lines}</ul></div>'
