"""The commands that ask: ``ask``, ``search``, ``eval`` and ``chat``."""

import argparse
import contextlib
import threading
from importlib import import_module
from typing import Any

from qa.chat import Desk
from qa.commands.common import DONE, PARTLY, desk_of, print_json, say
from qa.errors import InputError, QAError
from qa.output import answer_json, hit_json, json_text, source_lines
from qa.questions import batch_lines, read_history

_OF_THE_EXTRA = ("ir_measures", "matplotlib", "rouge_score", "scipy", "sklearn")  # packages of newsdesk[eval]


def ask_command(options: argparse.Namespace) -> int:
    """Answer a question, or those of a file."""
    if (options.batch is None) == (options.question is None):
        options.usage("give either a question or --batch FILE")
    desk = desk_of(options)
    if options.batch is not None:
        return _ask_batch(desk, options)
    dates = {"since": options.since, "until": options.until, "today": options.today}
    history = read_history(options.history)
    if options.json:
        print_json(answer_json(desk.ask(options.question, history, **dates)))
        return DONE
    shown = ""
    answer = None
    for answer in desk.stream(options.question, history, **dates):
        print(answer.text[len(shown) :], end="", flush=True)
        shown = answer.text
    print()
    if answer is not None:
        print("".join(f"\n{line}" for line in source_lines(answer)))
    return DONE


def _ask_batch(desk: Desk, options: argparse.Namespace) -> int:
    desk.articles()  # without a library no line can be answered: one error, not one for each
    status = DONE
    for line in batch_lines(options.batch):
        result: dict[str, Any] = {key: line[key] for key in ("id", "question") if key in line}
        try:
            if "error" in line:
                raise InputError(line["error"])
            if not isinstance(line.get("question"), str):
                raise InputError('the line has no question; give it a "question" that is a string')
            asked = {key: line.get(key) or getattr(options, key) for key in ("since", "until", "today")}
            result = {**result, **answer_json(desk.ask(line["question"], line.get("history") or (), **asked))}
        except QAError as error:
            result, status = {"id": line.get("id"), "question": line.get("question"), "error": str(error)}, PARTLY
        print(
            json_text(result) if options.json else f"{result.get('id')}: {result.get('text') or result['error']}",
            flush=True,
        )
    return status


def search_command(options: argparse.Namespace) -> int:
    """Find passages."""
    hits = desk_of(options).search(options.query, options.k)
    if options.json:
        print_json({"query": options.query, "hits": [hit_json(hit) for hit in hits]})
    else:
        if not hits:
            say("no passage was found; try other words, or see what there is with: qa list")
        for number, hit in enumerate(hits, start=1):
            print(
                f"{number}. {hit.title} ({hit.date or 'undated'}) {hit.article_id}\n   {' '.join(hit.text.split())}\n"
            )
    return DONE


def eval_command(options: argparse.Namespace) -> int:
    """Put questions with known answers to a library."""
    if (options.questions is None) == (options.make is None):
        options.usage("give either --questions FILE or --make N")
    if options.make is not None and (options.corpus or options.given or options.task):
        options.usage("--make asks a library: leave --corpus, --given and --task out")
    if sum(value is not None for value in (options.corpus, options.given, options.library)) > 1:
        options.usage("give only one of --corpus, --given and --library")
    try:
        for package in _OF_THE_EXTRA:  # before anything is asked, not when it is to be counted
            import_module(package)
        from qa.evaluate.command import evaluate
    except ImportError as error:
        raise InputError(f"{error.name} is not installed; run: pip install 'newsdesk[eval]'") from error
    folder, report = evaluate(options)
    if options.json:
        print_json(report)
    else:
        print(f"{(folder / 'report.md').read_text(encoding='utf-8').split('## To repeat')[0].rstrip()}\n\n{folder}")
    return PARTLY if report["left"] else DONE


def chat_command(options: argparse.Namespace) -> int:
    """Open the web chat."""
    from ui.launch import serve

    desk = desk_of(options)
    desk.create()
    threading.Thread(target=_prepare, args=(desk,), daemon=True).start()
    serve(
        desk,
        options.host,
        options.port,
        options.browser,
        announce=lambda address: print(f"Newsdesk is ready: {address} (Ctrl-C ends it)", flush=True),
        examples=options.example,
    )
    return DONE


def _prepare(desk: Desk) -> None:
    """Load the models while the page opens; what goes wrong is told whoever asks."""
    with contextlib.suppress(QAError):
        desk.prepare()
