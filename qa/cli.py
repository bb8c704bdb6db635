"""The command line: results on stdout, progress and messages on stderr, one line for an error."""

import argparse
import contextlib
import io
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import qa
from qa.arguments import argument_parser
from qa.chat import Desk
from qa.errors import InputError, QAError
from qa.output import ProgressLine, answer_json, check_line, hit_json, json_text, report_line, source_lines
from qa.questions import batch_lines, read_history
from qa.settings import library_path

DONE, FAILED, PARTLY = 0, 1, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0 done, 1 an error, 2 usage (by argparse), 3 done except for some."""
    options = argument_parser(qa.__version__, COMMANDS).parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except QAError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("interrupted; nothing was lost, run the same command to go on")
    except BrokenPipeError:  # the reader of our output has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:  # the disk our output goes to is full
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _fail(
            f"{error.filename or 'the output'} cannot be written or read ({error.strerror}); free some space, and repeat"
        )
    return status


def _fail(message: str) -> int:
    print(f"qa: {' '.join(message.split())}", file=sys.stderr)
    return FAILED


def _desk(options: argparse.Namespace) -> Desk:
    return qa.open(options.library, model=getattr(options, "model", None), embedder=options.embedder)


def _index(options: argparse.Namespace) -> int:
    progress = ProgressLine()
    try:
        report = _desk(options).index(*options.paths, allow_empty=options.allow_empty, progress=progress)
    finally:
        progress.close()
    if options.json:
        _print_json(asdict(report))
    else:
        print(report_line(report))
    for failure in report.failures:
        print(f"qa: {failure.path}: {failure.reason}", file=sys.stderr)
    return PARTLY if report.failed else DONE


def _ask(options: argparse.Namespace) -> int:
    if (options.batch is None) == (options.question is None):
        options.usage("give either a question or --batch FILE")
    desk = _desk(options)
    if options.batch is not None:
        return _ask_batch(desk, options)
    dates = {"since": options.since, "until": options.until, "today": options.today}
    history = read_history(options.history)
    if options.json:
        _print_json(answer_json(desk.ask(options.question, history, **dates)))
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


def _search(options: argparse.Namespace) -> int:
    hits = _desk(options).search(options.query, options.k)
    if options.json:
        _print_json({"query": options.query, "hits": [hit_json(hit) for hit in hits]})
    else:
        for number, hit in enumerate(hits, start=1):
            print(
                f"{number}. {hit.title} ({hit.date or 'undated'}) {hit.article_id}\n   {' '.join(hit.text.split())}\n"
            )
    return DONE


def _list(options: argparse.Namespace) -> int:
    articles = _desk(options).articles()
    if options.json:
        _print_json({"articles": [asdict(article) for article in articles], "total": len(articles)})
    else:
        for article in articles:
            print(
                f"{article.date or 'undated   '}  {article.passages:3} passages  {article.article_id}  {article.title}"
            )
        print(f"{len(articles)} articles")
    return DONE


def _show(options: argparse.Namespace) -> int:
    desk = _desk(options)
    with desk.library.snapshot(vectors=False) as snapshot:
        article, spans = snapshot.article(options.id)
    if options.json:
        _print_json({**asdict(article), "passages": [asdict(span) for span in spans]})
    else:
        print(
            f"{article.title}\n{article.date or 'undated'}  {article.source or ''}  {article.url or ''}\n\n{article.text}"
        )
    return DONE


def _remove(options: argparse.Namespace) -> int:
    removed = _desk(options).remove(*options.ids)
    _print_json({"removed": list(removed)}) if options.json else print(f"removed {', '.join(removed)}")
    return DONE


def _verify(options: argparse.Namespace) -> int:
    from qa.library.verify import verify

    report = verify(library_path(options.library))
    if options.json:
        _print_json(asdict(report))
    else:
        print(
            f"{'ok' if report.ok else 'not ok'}: {report.articles} articles, {report.passages} passages, {report.vectors} vectors"
        )
    if not options.json or not report.ok:
        for problem in report.problems:
            print(f"qa: {problem.kind}: {problem.detail}; {problem.fix}", file=sys.stderr)
    return DONE if report.ok else FAILED


def _repair(options: argparse.Namespace) -> int:
    from qa.library.verify import repair, verify

    desk = _desk(options)
    progress = ProgressLine()
    try:
        repaired = repair(desk.library.folder, lambda: desk.embedder, desk.settings, options.reembed, progress)
    finally:
        progress.close()
    ok = verify(desk.library.folder).ok
    _print_json({"ok": ok, "repaired": list(repaired)}) if options.json else print(
        "\n".join([*repaired, "ok" if ok else "not ok"])
    )
    return DONE if ok else FAILED


def _doctor(options: argparse.Namespace) -> int:
    from qa.doctor import diagnose

    checks = diagnose(_desk(options))
    ok = all(check.ok for check in checks)
    if options.json:
        _print_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        print("\n".join(check_line(check) for check in checks))
    return DONE if ok else FAILED


def _eval(options: argparse.Namespace) -> int:
    if (options.questions is None) == (options.make is None):
        options.usage("give either --questions FILE or --make N")
    if options.make is not None and (options.corpus or options.given or options.task):
        options.usage("--make asks a library: leave --corpus, --given and --task out")
    if sum(value is not None for value in (options.corpus, options.given, options.library)) > 1:
        options.usage("give only one of --corpus, --given and --library")
    try:
        from qa.evaluate.command import evaluate
    except ImportError as error:
        raise InputError(f"{error.name} is not installed; run: pip install 'newsdesk[eval]'") from error
    folder, report = evaluate(options)
    if options.json:
        _print_json(report)
    else:
        print(f"{(folder / 'report.md').read_text(encoding='utf-8').split('## To repeat')[0].rstrip()}\n\n{folder}")
    return DONE


def _chat(options: argparse.Namespace) -> int:
    from ui.launch import serve

    desk = _desk(options)
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


def _print_json(document: dict[str, Any]) -> None:
    print(json_text(document))


COMMANDS = {
    "index": _index,
    "ask": _ask,
    "search": _search,
    "list": _list,
    "show": _show,
    "remove": _remove,
    "verify": _verify,
    "repair": _repair,
    "doctor": _doctor,
    "eval": _eval,
    "chat": _chat,
}
