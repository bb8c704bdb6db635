"""The passages behind an answer, as cards of safe HTML and as plain text to copy."""

from collections.abc import Sequence

from qa.types import Answer, Citation, Hit
from ui.markup import day, escape, foreign, link
from ui.turns import Source, Turn


def sources_html(turn: Turn) -> str:
    """Return the cards of a turn's citations, and below them the passages that were read and not cited."""
    about = f'<p class="about" dir="auto">{escape(turn.question)}</p>'
    cards = "".join(_card(source) for source in turn.sources)
    return about + (cards or _nothing(turn)) + _read(turn.answer)


def plain_text(turn: Turn) -> str:
    """Return the answer with its numbered sources, to be pasted elsewhere."""
    lines = [turn.question, "", turn.answer.text if turn.answer else ""]
    if turn.sources:
        lines += ["", "Sources"]
    for source in turn.sources:
        cited = source.citation
        place = ", ".join(filter(None, (cited.url or cited.article_id, _page(cited))))
        lines.append(f"[{cited.number}] {cited.title} ({day(cited.date)}), {place}")
        lines.append(f'    "{" ".join(cited.quote.split())}"')
    return "\n".join(lines)


def _card(source: Source) -> str:
    cited = source.citation
    number = escape(cited.number)
    return (
        f'<article class="source" data-article-id="{escape(cited.article_id)}" data-number="{number}" tabindex="-1">'
        f'<header><button type="button" class="back" data-number="{number}" '
        f'aria-label="Back to mark {number} in the answer">[{number}]</button>'
        f'<h4 dir="auto">{escape(cited.title)}</h4>'
        f"{_origin(cited.date, cited.source, cited.url, _page(cited), cited.language)}</header>"
        f'<p class="passage" dir="auto">{"" if source.starts else "… "}'
        f'<span class="around">{escape(source.before)}</span><mark>{escape(cited.quote)}</mark>'
        f'<span class="around">{escape(source.after)}</span>{"" if source.ends else " …"}</p></article>'
    )


def _page(citation: Citation) -> str:
    return f"page {citation.page}" if citation.page else ""


def _origin(date: str | None, source: str | None, url: str | None, page: str = "", language: str | None = None) -> str:
    about = (source or "", page, foreign(language))
    parts = (f"<time>{escape(day(date))}</time>", *map(escape, about), link(url))
    return f'<p class="origin" dir="auto">{" · ".join(part for part in parts if part)}</p>'


def _nothing(turn: Turn) -> str:
    if turn.state == "busy":
        return '<p class="hint">Sources appear with the answer.</p>'
    return '<p class="hint">No passage was cited.</p>'


def _read(answer: Answer | None) -> str:
    if answer is None:
        return ""
    rest = [hit for hit in answer.passages if not any(_within(citation, hit) for citation in answer.citations)]
    return _list(rest, "Also read" if answer.citations else "Read") if rest else ""


def _within(citation: Citation, hit: Hit) -> bool:
    return citation.article_id == hit.article_id and hit.start <= citation.start < hit.end


def _list(hits: Sequence[Hit], title: str) -> str:
    items = "".join(
        f'<li><span class="title" dir="auto">{escape(hit.title)}</span>'
        f"{_origin(hit.date, hit.source, hit.url, language=hit.language)}"
        f'<p class="snippet" dir="auto">{escape(hit.text)}</p></li>'
        for hit in hits
    )
    return f'<details class="read"><summary>{title} ({len(hits)})</summary><ol>{items}</ol></details>'
