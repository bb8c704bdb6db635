"""The command line: results on stdout, progress and messages on stderr, one line for an error."""

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import Any

import qa
from qa.chat import Desk
from qa.errors import InputError, QAError
from qa.settings import library_path
from qa.types import Answer, Check, Hit, SyncReport

DONE, FAILED, PARTLY = 0, 1, 3
_HIT_FIELDS = ("article_id", "title", "date", "text", "start", "end", "score")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0 done, 1 an error, 2 usage (by argparse), 3 done except for some."""
    options = _parser().parse_args(arguments)
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
    history = _history(options.history)
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
        print("".join(f"\n{line}" for line in _sources(answer)))
    return DONE


def _ask_batch(desk: Desk, options: argparse.Namespace) -> int:
    desk.articles()  # without a library no line can be answered: one error, not one for each
    status = DONE
    for line in _batch_lines(options.batch):
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
        print(_json_text(result) if options.json else f"{result.get('id')}: {result.get('text') or result['error']}", flush=True)
    return status


def _batch_lines(file: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")  # a JSON string may hold what else ends a line
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read ({error}); give a file of JSON lines") from error
    for number, text in enumerate(lines, start=1):
        if text.strip():
            try:
                line = json.loads(text)
            except (ValueError, RecursionError):
                line = None
            yield line if isinstance(line, dict) else {"error": f"line {number} of {file} is not a JSON object; correct it"}


def _history(file: Path | None) -> list[dict[str, str]]:
    if file is None:
        return []
    try:
        turns: list[dict[str, str]] = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f'{file} is no history; give a JSON list of {{"role", "content"}} objects') from error
    return turns


def _search(options: argparse.Namespace) -> int:
    hits = _desk(options).search(options.query, options.k)
    if options.json:
        _print_json({"query": options.query, "hits": [_hit_json(hit) for hit in hits]})
    else:
        for number, hit in enumerate(hits, start=1):
            print(f"{number}. {hit.title} ({hit.date or 'undated'}) {hit.article_id}\n   {' '.join(hit.text.split())}\n")
    return DONE


def _list(options: argparse.Namespace) -> int:
    articles = _desk(options).articles()
    if options.json:
        _print_json({"articles": [asdict(article) for article in articles], "total": len(articles)})
    else:
        for article in articles:
            print(f"{article.date or 'undated   '}  {article.passages:3} passages  {article.article_id}  {article.title}")
        print(f"{len(articles)} articles")
    return DONE


def _show(options: argparse.Namespace) -> int:
    desk = _desk(options)
    with desk.library.snapshot(vectors=False) as snapshot:
        article, spans = snapshot.article(options.id)
    if options.json:
        _print_json({**asdict(article), "passages": [asdict(span) for span in spans]})
    else:
        print(f"{article.title}\n{article.date or 'undated'}  {article.source or ''}  {article.url or ''}\n\n{article.text}")
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
        print(f"{'ok' if report.ok else 'not ok'}: {report.articles} articles, {report.passages} passages, {report.vectors} vectors")
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
    _print_json({"ok": ok, "repaired": list(repaired)}) if options.json else print("\n".join([*repaired, "ok" if ok else "not ok"]))
    return DONE if ok else FAILED


def _doctor(options: argparse.Namespace) -> int:
    from qa.doctor import diagnose

    checks = diagnose(_desk(options))
    ok = all(check.ok for check in checks)
    if options.json:
        _print_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        print("\n".join(_check_line(check) for check in checks))
    return DONE if ok else FAILED


def _chat(options: argparse.Namespace) -> int:
    from ui.launch import serve

    desk = _desk(options)
    desk.create()
    serve(
        desk, options.host, options.port, options.browser,
        announce=lambda address: print(f"Newsdesk is ready: {address} (Ctrl-C ends it)", flush=True),
        examples=options.example,
    )
    return DONE


def report_line(report: SyncReport) -> str:
    """One line that says what indexing did."""
    counts = ", ".join(f"{getattr(report, f.name)} {f.name}" for f in fields(SyncReport)[:6])
    return f"{counts} in {report.seconds:.1f} s"


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer as the JSON that ``qa ask --json`` prints."""
    values = asdict(answer)
    values["passages"] = [_hit_json(hit) for hit in answer.passages]
    return values


def _hit_json(hit: Hit) -> dict[str, Any]:
    return {name: getattr(hit, name) for name in _HIT_FIELDS}


def _sources(answer: Answer) -> list[str]:
    notes = [answer.reason] if answer.reason else []
    return notes + [f"[{c.number}] {c.title} ({c.date or 'undated'}) {c.article_id}: “{' '.join(c.quote.split())}”" for c in answer.citations]


def _check_line(check: Check) -> str:
    return f"{'ok ' if check.ok else 'BAD'} {check.name}: {check.value}" + (f"; {check.fix}" if check.fix else "")


def _print_json(document: dict[str, Any]) -> None:
    print(_json_text(document))


def _json_text(document: dict[str, Any]) -> str:
    """JSON as it reads best, or escaped where stdout cannot hold it: half a surrogate pair, another encoding."""
    # Some readers of JSON lines take these for the end of one.
    text = re.sub("[\x85\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", json.dumps(document, ensure_ascii=False))
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(document)
    return text


class ProgressLine:
    """What is being done, on one line of a terminal; nothing elsewhere."""

    _WORDS = {"reading": "articles read", "embedding": "passages embedded"}

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
            self._bar = tqdm(desc=self._WORDS.get(stage, stage), total=total or None, unit="", file=sys.stderr, disable=None, leave=False)
        self._bar.total = total or None
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the line away."""
        if self._bar is not None:
            self._bar.close()


def _iso_date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it as YYYY-MM-DD") from None


def _identifier(text: str) -> str:
    """An argument as stored text can be: bytes that are no UTF-8 become escapes, and then name no article."""
    return text.encode("utf-8", "backslashreplace").decode()


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 upwards")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--library", type=Path, metavar="DIR", help="library folder (default: QA_LIBRARY, else ./.qa)")
    common.add_argument("--embedder", metavar="NAME", help="all-minilm-l6-v2 or a folder of a sentence-transformers model")
    common.add_argument("--json", action="store_true", help="print one JSON document")
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument("--model", help="a GGUF file, hf:owner/repo/file.gguf, or the address of an OpenAI-compatible server")
    parser = argparse.ArgumentParser(prog="qa", description="Ask your articles: answers with sources, or a plain refusal.")
    parser.add_argument("--version", action="version", version=f"newsdesk {qa.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: Any, text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[common, *parents])
        made.set_defaults(run=run, usage=made.error)
        return made

    index = command("index", _index, "Bring the library up to date with files and folders (none given: all it knows).")
    index.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    index.add_argument("--allow-empty", action="store_true", help="accept that a folder which held articles is now empty or missing")
    ask = command("ask", _ask, "Answer a question from the articles.", model)
    ask.add_argument("question", nargs="?")
    ask.add_argument("--batch", type=Path, metavar="FILE", help='JSON lines of {"id", "question", "history"?, "since"?, "until"?, "today"?}')
    ask.add_argument("--history", type=Path, metavar="FILE", help='JSON list of {"role", "content"}: the turns before')
    for name in ("since", "until", "today"):
        ask.add_argument(f"--{name}", type=_iso_date, metavar="YYYY-MM-DD")
    search = command("search", _search, "Find passages.")
    search.add_argument("query")
    search.add_argument("-k", type=_positive, default=10, metavar="N", help="how many (default: 10)")
    command("list", _list, "List the articles.")
    command("show", _show, "Show an article as it is stored.").add_argument("id", type=_identifier)
    remove = command("remove", _remove, "Take articles out, and keep them out until their file changes.")
    remove.add_argument("ids", nargs="+", type=_identifier, metavar="ID")
    command("verify", _verify, "Hold rows, vectors, keyword index and files against each other.")
    repair = command("repair", _repair, "Rebuild what verify found wrong.")
    repair.add_argument("--reembed", action="store_true", help="embed every passage anew with the present embedder")
    command("doctor", _doctor, "Report versions, processor, models, memory and speed.", model)
    chat = command("chat", _chat, "Open the web chat.", model)
    chat.add_argument("--host", default="127.0.0.1")
    chat.add_argument("--port", type=_positive, help="default: the first free one from 7860")
    chat.add_argument("--example", action="append", default=[], metavar="QUESTION", help="a question to offer on the page; may be repeated")
    chat.add_argument("--no-browser", dest="browser", action="store_false", help="print the address only")
    return parser
