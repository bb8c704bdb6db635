"""The commands of ``qa``, their options, and what these may be."""

import argparse
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from qa.fetching.address import is_address
from qa.library.listing import ORDERS

Command = Callable[[argparse.Namespace], int]
SHORTEST = 30  # seconds from one round of asking other people's servers to the next
TASKS = ("ask", "support", "rewrites", "conversations", "counterfactual", "injections")  # of qa/evaluate/tasks.py


def argument_parser(version: str, run: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The parser; ``run`` has the function of each command, which it leaves in ``options.run``."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--library", type=Path, metavar="DIR", help="library folder (default: QA_LIBRARY, else ./.qa)")
    common.add_argument(
        "--embedder",
        metavar="NAME",
        help="all-minilm-l6-v2 or a folder of a sentence-transformers model (default: the library's)",
    )
    common.add_argument("--json", action="store_true", help="print one JSON document")
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument(
        "--model", help="a GGUF file, hf:owner/repo/file.gguf, or the address of an OpenAI-compatible server"
    )
    parser = argparse.ArgumentParser(
        prog="qa", description="Ask your articles: answers with sources, or a plain refusal."
    )
    parser.add_argument("--version", action="version", version=f"newsdesk {version}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[common, *parents])
        made.set_defaults(run=run[name], usage=made.error)
        return made

    index = command(
        "index", "Bring the library up to date with files, folders and web addresses (none given: all it knows)."
    )
    diff = command("diff", "Say what index would do with the same paths, and do nothing.")
    for made in (index, diff):
        made.add_argument(
            "paths", nargs="*", type=_place, metavar="PATH", help="a file, a folder, or a feed's or page's address"
        )
        made.add_argument(
            "--allow-empty",
            action="store_true",
            help="accept that a folder which held articles is now empty or missing",
        )
        made.add_argument(
            "--full", action="store_true", help="read every file, also those whose size, time and inode did not change"
        )
    index.add_argument(
        "--watch", action="store_true", help="stay, and do it again whenever files change; Ctrl-C ends it"
    )
    index.add_argument(
        "--every", type=_seconds, metavar="10m", help="stay, and do it again each 30s, 10m, 2h or 1d; Ctrl-C ends it"
    )
    ask = command("ask", "Answer a question from the articles.", model)
    ask.add_argument("question", nargs="?")
    ask.add_argument(
        "--batch",
        type=Path,
        metavar="FILE",
        help='JSON lines of {"id", "question", "history"?, "since"?, "until"?, "today"?}',
    )
    ask.add_argument("--history", type=Path, metavar="FILE", help='JSON list of {"role", "content"}: the turns before')
    for name in ("since", "until", "today"):
        ask.add_argument(f"--{name}", type=_iso_date, metavar="YYYY-MM-DD")
    search = command("search", "Find passages.")
    search.add_argument("query")
    search.add_argument("-k", type=_up_to(100_000), default=10, metavar="N", help="how many (default: 10)")
    listing = command("list", "List the articles that match, newest first, undated ones last.")
    for name in ("since", "until"):
        listing.add_argument(f"--{name}", type=_iso_date, metavar="YYYY-MM-DD", help="inclusive")
    listing.add_argument("--source", metavar="NAME", help="of this source, as the list names it")
    listing.add_argument("--match", metavar="WORDS", help="with all these words in headline or text")
    listing.add_argument("--sort", choices=ORDERS, default="date", help="what to sort by (default: date)")
    listing.add_argument("--reverse", action="store_true", help="the other way round")
    listing.add_argument("--limit", type=_up_to(10_000_000), metavar="N", help="list N at most")
    listing.add_argument("--offset", type=_up_to(10_000_000, 0), default=0, metavar="N", help="leave the first N out")
    command("show", "Show an article as it is stored.").add_argument("id", type=_identifier)
    command("stats", "Say how much there is, from where and when.").add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the articles of each month into a PNG file, too"
    )
    command("history", "Say when an article was added, updated, renamed and removed.").add_argument(
        "id", type=_identifier
    )
    remove = command("remove", "Take articles out, and keep them out until their file changes.")
    remove.add_argument(
        "ids", nargs="*", type=_identifier, metavar="ID", help="an article, or an address: all that came from it"
    )
    remove.add_argument(
        "--older-than",
        type=_iso_date,
        metavar="YYYY-MM-DD",
        help="all that are dated before that day; undated ones stay",
    )
    remove.add_argument("--yes", action="store_true", help="do not ask before --older-than removes")
    remove.add_argument(
        "--purge", action="store_true", help="leave nothing of them, or of any removed before, on the disk"
    )
    command("verify", "Hold rows, vectors, keyword index and files against each other.").add_argument(
        "--fast", action="store_true", help="read no text and compare no vector"
    )
    repair = command("repair", "Rebuild what verify found wrong.")
    repair.add_argument("--reembed", action="store_true", help="embed every passage anew with the present embedder")
    reembed = command("reembed", "Embed every passage anew with another embedder, while questions are answered.")
    reembed.add_argument(
        "--model",
        dest="to",
        required=True,
        metavar="NAME",
        help="all-minilm-l6-v2 or a folder of a sentence-transformers model; the library keeps to it afterwards",
    )
    kept = command("backup", "Write the library into one file, while questions are answered.")
    restored = command("restore", "Make the library of a backup.")
    for made, taken in ((kept, "a file of that name"), (restored, "the library that is there")):
        made.add_argument("file", type=Path, metavar="FILE")
        made.add_argument("--replace", action="store_true", help=f"replace {taken}")
    evaluate = command("eval", "Put questions with known answers to a library and count what comes back.", model)
    evaluate.add_argument(
        "--questions", type=Path, nargs="+", metavar="FILE", help="JSON lines; formats: docs/evaluate.md"
    )
    evaluate.add_argument("--corpus", type=Path, metavar="PATH", help="a folder or file of articles to index and ask")
    evaluate.add_argument("--given", choices=("gold", "all"), help="ask the passages that come with each question")
    evaluate.add_argument("--task", choices=TASKS, help="what the questions are for; default: what their fields tell")
    evaluate.add_argument("--make", type=_up_to(10_000), metavar="N", help="make N questions from the library instead")
    evaluate.add_argument(
        "--today", type=_iso_date, metavar="YYYY-MM-DD", help="the day of questions that bring none (default: this one)"
    )
    evaluate.add_argument("--limit", type=_up_to(10_000_000), metavar="N", help="ask a sample of N questions")
    evaluate.add_argument("--seed", type=int, default=0, metavar="S", help="of the sample and of --make (default: 0)")
    evaluate.add_argument("--out", type=Path, metavar="FOLDER", help="default: ./evaluation/NAME-OF-THE-QUESTIONS")
    evaluate.add_argument("--against", type=Path, metavar="FOLDER", help="an earlier run to compare with")
    command("doctor", "Report versions, processor, models, memory and speed.", model)
    chat = command("chat", "Open the web chat.", model)
    chat.add_argument("--host", default="127.0.0.1")
    chat.add_argument("--port", type=_up_to(65_535), help="default: the first free one from 7860")
    chat.add_argument(
        "--example",
        action="append",
        default=[],
        metavar="QUESTION",
        help="a question to offer on the page; may be repeated",
    )
    chat.add_argument("--no-browser", dest="browser", action="store_false", help="print the address only")
    return parser


def _iso_date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it as YYYY-MM-DD") from None


def _place(text: str) -> Path | str:
    """A path, or an address, in which two slashes are not one."""
    return text if is_address(text) else Path(text)


def _seconds(text: str) -> int:
    number, unit = text[:-1], {"s": 1, "m": 60, "h": 3_600, "d": 86_400}.get(text[-1:])
    if unit is None or not (number.isascii() and number.isdigit() and len(number) < 7) or int(number) * unit < SHORTEST:
        raise argparse.ArgumentTypeError(f"{text!r} is no time of {SHORTEST} seconds or more; write 30s, 10m, 2h or 1d")
    return int(number) * unit


def _identifier(text: str) -> str:
    """An argument as stored text can be: bytes that are no UTF-8 become escapes, and then name no article."""
    return text.encode("utf-8", "backslashreplace").decode()


def _up_to(most: int, least: int = 1) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return number
