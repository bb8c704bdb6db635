"""The layout of the page, and thin adapters between its widgets and what happens (ui/talk.py, ui/shelf.py)."""

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from ui.desk import Desk
from ui.markup import escape
from ui.render import conversation_html, notice_html, turn_html, welcome_html
from ui.shelf import Shelf
from ui.talk import BUSY, Talk
from ui.turns import KEPT_TURNS, Turn, failed, halted, restored, stored

SUFFIXES = [".txt", ".md", ".html", ".htm", ".jsonl", ".gz"]
FULL = "The desk is busy with other questions; try again in a moment."
NOTHING_YET = "There is no question to ask again."
HEADER = (
    '<header class="masthead"><h1>Newsdesk</h1><p>Answers from your own articles, sentence by sentence.</p>'
    '<button type="button" class="theme" aria-label="Switch between light and dark">Light or dark</button></header>'
)
PANEL = (
    '<h2>Sources</h2><div class="panel"><p class="hint">The passages behind an answer appear here. '
    "Click a number in an answer to open its passage.</p></div>"
)
ON_EXAMPLE = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("button.example");
  if (button) trigger("example", { number: Number(button.dataset.number) });
});
"""
# The first click on Delete asks (ui/page.js); the second one, on the same button, comes here.
ON_DELETE = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("button.delete");
  if (button && button.dataset.sure === "yes") trigger("discard", { article: button.dataset.articleId });
});
"""
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
AT_ONCE: dict[str, Any] = {**QUIET, "queue": False}
Kept = Any  # the conversation as the browser holds it; read it with restored()


class Page:
    """The adapters: each takes the values of widgets and returns values for widgets."""

    def __init__(self, desk: Desk, examples: Sequence[str]) -> None:
        self._talk = Talk(desk)
        self._shelf = Shelf(desk)
        self._examples = tuple(examples)

    def load(self, kept: Kept) -> tuple[str, str, Kept, str]:
        """Show what the browser kept, with an answer cut off by the reload as far as it came."""
        turns = self._talk.interrupted(restored(kept))
        return *self._shown(turns), stored(turns), self._shelf.listing("")

    def welcome(self, kept: Kept) -> Any:  # noqa: ANN401 - a widget's update has no type
        """Say anew how many articles there are, where the conversation is empty."""
        return gr.skip() if restored(kept) else welcome_html(len(self._shelf.articles()))

    def begin(self, question: str, kept: Kept) -> tuple[Any, ...]:
        """Take a question, or say why not."""
        turns = restored(kept)
        objection = self._talk.objection(question or "", turns)
        if objection:
            return gr.skip(), notice_html(objection), gr.skip(), gr.skip(), gr.skip()
        return "", *self._asked((*turns, self._talk.begun(question)))

    def example(self, kept: Kept, event: gr.EventData) -> tuple[Any, ...]:
        """Take an example question."""
        number = event._data.get("number") if isinstance(event._data, dict) else None
        if not isinstance(number, int) or not 0 <= number < len(self._examples):
            return (gr.skip(),) * 5
        return self.begin(self._examples[number], kept)

    def retry(self, kept: Kept) -> tuple[Any, ...]:
        """Take the last question again, in place of its answer."""
        turns = restored(kept)
        objection = (BUSY if self._talk.busy(turns) else "") if turns else NOTHING_YET
        if objection:
            return gr.skip(), notice_html(objection), gr.skip(), gr.skip(), gr.skip()
        return gr.skip(), *self._asked((*turns[:-1], self._talk.begun(turns[-1].question)))

    def ask(self, kept: Kept) -> Iterator[tuple[Any, Any, Any]]:
        """Show the answer as it grows, and keep it when it is complete; nobody else writes there meanwhile."""
        turns = restored(kept)
        if not self._talk.take(turns):
            yield gr.skip(), gr.skip(), gr.skip()
            return
        for turn in self._talk.answers(turns):
            if turn is None:
                yield *self._shown(()), []
            else:
                yield gr.skip(), turn_html(turn), gr.skip() if turn.state == "busy" else stored((*turns[:-1], turn))

    def full(self, kept: Kept) -> tuple[Any, Any]:
        """Say that too many questions wait."""
        turns = restored(kept)
        if not self._talk.busy(turns) or self._talk.stop(turns):
            return gr.skip(), gr.skip()
        turn = failed(turns[-1], FULL)
        return turn_html(turn), stored((*turns[:-1], turn))

    def stop(self, kept: Kept) -> tuple[Any, Any]:
        """Keep the answer as far as it came; while it is written, whoever writes it shows that."""
        turns = restored(kept)
        if not turns or turns[-1].state != "busy" or self._talk.stop(turns):
            return gr.skip(), gr.skip()
        turns = self._talk.interrupted(turns)
        return turn_html(turns[-1]), stored(turns)

    def clear(self, kept: Kept) -> tuple[Any, ...]:
        """Forget the conversation; while an answer is written, whoever writes it shows that."""
        if self._talk.stop(restored(kept), forget=True):
            return "", notice_html(""), gr.skip(), gr.skip(), gr.skip()
        return "", notice_html(""), *self._shown(()), []

    def filter(self, words: str) -> str:
        """Show the articles that match."""
        return self._shelf.listing(words or "")

    def add(self, files: list[str] | None, words: str) -> Iterator[tuple[Any, Any, Any]]:
        """Take uploaded files in."""
        if files:
            yield from self._until_done(self._shelf.add(files), words)
        else:
            yield gr.skip(), gr.skip(), gr.skip()

    def reindex(self, words: str) -> Iterator[tuple[Any, Any, Any]]:
        """Read every known source again."""
        yield from self._until_done(self._shelf.reindex(), words)

    def discard(self, words: str, event: gr.EventData) -> tuple[str, str]:
        """Remove one article."""
        article = event._data.get("article") if isinstance(event._data, dict) else None
        return self._shelf.remove(str(article)), self._shelf.listing(words or "")

    def _until_done(self, reports: Iterator[str], words: str) -> Iterator[tuple[Any, Any, Any]]:
        for report in reports:
            yield report, gr.skip(), None
        yield gr.skip(), self._shelf.listing(words or ""), None

    def _asked(self, turns: tuple[Turn, ...]) -> tuple[Any, ...]:
        turns = (*map(halted, turns[-KEPT_TURNS:-1]), turns[-1])
        return notice_html(""), *self._shown(turns), stored(turns)

    def _shown(self, turns: tuple[Turn, ...]) -> tuple[str, str]:
        if not turns:
            return "", welcome_html(len(self._shelf.articles()))
        return conversation_html(turns[:-1]), turn_html(turns[-1])


def build_app(desk: Desk, examples: Sequence[str] = ()) -> gr.Blocks:
    """Return the page, ready to be mounted; it loads nothing from outside and reports nothing."""
    page = Page(desk, examples)
    with gr.Blocks(title="Newsdesk", analytics_enabled=False, delete_cache=(3600, 3600), fill_width=True) as blocks:
        kept = gr.BrowserState([], storage_key="newsdesk-conversation", secret="newsdesk")
        _html(HEADER, "masthead")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Ask", id="ask", elem_id="ask-tab") as ask_tab:
                past, current = _ask_tab(page, examples, kept)
            with gr.Tab("Articles", id="shelf", elem_id="articles-tab") as articles_tab:
                words, listing = _articles_tab(page)
        ask_tab.select(page.welcome, [kept], [current], **AT_ONCE)
        articles_tab.select(page.filter, [words], [listing], **AT_ONCE)
        blocks.load(page.load, [kept], [past, current, kept, listing], **AT_ONCE)
    blocks.queue(max_size=16, default_concurrency_limit=1, api_open=False)
    blocks.state_session_capacity = 200
    return blocks


def _ask_tab(page: Page, examples: Sequence[str], kept: gr.BrowserState) -> tuple[gr.HTML, gr.HTML]:
    with gr.Row(elem_id="ask"):
        with gr.Column(scale=3, min_width=320, elem_id="talk"):
            with gr.Column(elem_id="conversation"):
                past, current = _html("", "past"), _html("", "current")
            notice = _html("", "notice")
            question = gr.Textbox(
                label="Question", placeholder="Ask a question", lines=1, max_lines=8, elem_id="question", autofocus=True
            )
            with gr.Row(elem_id="buttons"):
                send = gr.Button("Send", variant="primary", elem_id="send", min_width=80)
                stop = gr.Button("Stop", elem_id="stop", min_width=80)
                retry = gr.Button("Retry", elem_id="retry", min_width=80)
                clear = gr.Button("Clear", elem_id="clear", min_width=80)
            example = _html(_examples_html(examples), "examples", ON_EXAMPLE)
        with gr.Column(scale=2, min_width=320, elem_id="side"):
            _html(PANEL, "sources")
    shown = [notice, past, current, kept]
    for begun in (
        gr.on([send.click, question.submit], page.begin, [question, kept], [question, *shown], **AT_ONCE),
        example.example(page.example, [kept], [question, *shown], **AT_ONCE),
        retry.click(page.retry, [kept], [question, *shown], **AT_ONCE),
    ):
        asked = begun.then(
            page.ask,
            [kept],
            [past, current, kept],
            concurrency_limit=1,
            concurrency_id="ask",
            trigger_mode="multiple",
            **QUIET,
        )
        asked.failure(page.full, [kept], [current, kept], **AT_ONCE)
    stop.click(page.stop, [kept], [current, kept], **AT_ONCE)
    clear.click(page.clear, [kept], [question, *shown], **AT_ONCE)
    return past, current


def _articles_tab(page: Page) -> tuple[gr.Textbox, gr.HTML]:
    upload = gr.File(
        label="Add articles (.txt .md .html .jsonl .gz)",
        file_count="multiple",
        file_types=SUFFIXES,
        elem_id="upload",
        height=150,
    )
    report = _html("", "report")
    with gr.Row(elem_id="shelf-bar"):
        words = gr.Textbox(
            label="Filter", placeholder="Title, date, source or file", lines=1, elem_id="filter", scale=4
        )
        reindex = gr.Button("Read all sources again", elem_id="reindex", scale=1, min_width=180)
    listing = _html("", "articles", ON_DELETE)
    changed = [report, listing, upload]
    change: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "articles", **QUIET}
    upload.upload(page.add, [upload, words], changed, **change)
    reindex.click(page.reindex, [words], changed, **change)
    listing.discard(page.discard, [words], [report, listing], **change)
    words.input(page.filter, [words], [listing], trigger_mode="always_last", **AT_ONCE)
    return words, listing


def _html(value: str, elem_id: str, script: str | None = None) -> gr.HTML:
    return gr.HTML(value, elem_id=elem_id, js_on_load=script, apply_default_css=False, padding=False)


def _examples_html(examples: Sequence[str]) -> str:
    buttons = "".join(
        f'<button type="button" class="example" data-number="{number}" dir="auto">{escape(example)}</button>'
        for number, example in enumerate(examples)
    )
    return f'<p class="label">For example</p><div class="choices">{buttons}</div>' if buttons else ""
