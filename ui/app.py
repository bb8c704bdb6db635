"""The layout of the page: its widgets, and which adapter (ui/page.py) each of them calls."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import Dependency

from qa.articles import ARTICLE_SUFFIXES
from ui.desk import Desk
from ui.markup import escape
from ui.page import Page

# A browser knows a file by its last suffix only.
SUFFIXES = sorted({f".{suffix.rpartition('.')[2]}" for suffix in ARTICLE_SUFFIXES})
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
ON_WIDEN = """
element.addEventListener("click", (event) => {
  if (event.target.closest("button.widen")) trigger("widen", {});
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


def build_app(desk: Desk, examples: Sequence[str] = ()) -> gr.Blocks:
    """Return the page, ready to be mounted; it loads nothing from outside and reports nothing."""
    page = Page(desk, examples)
    blocks: gr.Blocks
    with gr.Blocks(title="Newsdesk", analytics_enabled=False, delete_cache=(3600, 3600), fill_width=True) as blocks:
        # A fixed word hides nothing; a random one, as by default, would lose the conversation when the server restarts.
        kept = gr.BrowserState([], storage_key=storage_key(desk.uploads), secret="newsdesk")  # noqa: S106
        _html(HEADER, "masthead")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Ask", id="ask", elem_id="ask-tab") as ask_tab:
                past, current = _ask_tab(page, examples, kept)
            with gr.Tab("Articles", id="shelf", elem_id="articles-tab") as articles_tab:
                words, listing = _articles_tab(page)
        ask_tab.select(page.welcome, [kept], [current], **AT_ONCE)
        articles_tab.select(page.filter, [words], [listing], **AT_ONCE)
        # A page that is loaded anew takes up the question that waits, where one does.
        shown_again = blocks.load(page.load, [kept], [past, current, kept, listing], **AT_ONCE)
        _then_answer(shown_again, page, kept, past, current)
    blocks.queue(max_size=16, default_concurrency_limit=1, api_open=False)
    blocks.state_session_capacity = 200
    return blocks


def storage_key(uploads: Path) -> str:
    """Where the browser keeps the conversation: one place for each library, whatever the port it is served on."""
    return f"newsdesk-{hashlib.sha256(os.fsencode(uploads.resolve())).hexdigest()[:16]}"


def _ask_tab(page: Page, examples: Sequence[str], kept: gr.BrowserState) -> tuple[gr.HTML, gr.HTML]:
    with gr.Row(elem_id="ask"):
        with gr.Column(scale=3, min_width=320, elem_id="talk"):
            with gr.Column(elem_id="conversation"):
                past, current = _html("", "past"), _html("", "current", ON_WIDEN)
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
        current.widen(page.widen, [kept], [question, *shown], **AT_ONCE),
    ):
        _then_answer(begun, page, kept, past, current)
    stop.click(page.stop, [kept], [current, kept], **AT_ONCE)
    clear.click(page.clear, [kept], [question, *shown], **AT_ONCE)
    return past, current


def _then_answer(event: Dependency, page: Page, kept: gr.BrowserState, past: gr.HTML, current: gr.HTML) -> None:
    """Let the question that waits, if one does, be answered behind an event."""
    asked = event.then(
        page.ask,
        [kept],
        [past, current, kept],
        concurrency_limit=1,
        concurrency_id="ask",
        trigger_mode="multiple",
        **QUIET,
    )
    asked.failure(page.full, [kept], [current, kept], **AT_ONCE)


def _articles_tab(page: Page) -> tuple[gr.Textbox, gr.HTML]:
    upload = gr.File(
        label="Add articles (.txt .md .html .pdf .docx .epub .eml .mbox .csv .json .jsonl .gz .rss .atom .xml)",
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
    # What is added or deleted meanwhile waits its turn; to read everything twice helps nobody.
    upload.upload(page.add, [upload, words], changed, trigger_mode="multiple", **change)
    reindex.click(page.reindex, [words], changed, **change)
    listing.discard(page.discard, [words], [report, listing], trigger_mode="multiple", **change)
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
