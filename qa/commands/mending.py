"""The commands that keep a library well: ``verify``, ``repair``, ``reembed``, ``backup``, ``restore`` and ``doctor``."""

import argparse
from dataclasses import asdict

from qa.commands.common import DONE, FAILED, PARTLY, desk_of, print_json, say
from qa.output import ProgressLine, check_line
from qa.settings import Settings, library_path
from qa.types import Backup


def verify_command(options: argparse.Namespace) -> int:
    """Say what is wrong with a library."""
    from qa.library.verify import verify

    progress = ProgressLine()
    try:
        report = verify(library_path(options.library), options.fast, progress)
    finally:
        progress.close()
    if options.json:
        print_json(asdict(report))
    else:
        unread = "; texts and vectors were not read, which qa verify without --fast does" if report.fast else ""
        print(
            f"{'ok' if report.ok else 'not ok'}: {report.articles} articles, {report.passages} passages, "
            f"{report.vectors} vectors{unread}"
        )
    if not options.json or not report.ok:
        for problem in report.problems:
            say(f"{problem.kind}: {problem.detail}; {problem.fix}")
    return DONE if report.ok else FAILED


def repair_command(options: argparse.Namespace) -> int:
    """Rebuild what can be rebuilt."""
    progress = ProgressLine()
    try:
        done = desk_of(options).repair(options.reembed, progress)
    finally:
        progress.close()
    ending = (done.not_back or "ok") if done.ok else "not ok"
    print_json(asdict(done)) if options.json else print("\n".join([*done.repaired, ending]))
    if options.json and done.not_back:
        say(done.not_back)
    if not done.ok:
        return FAILED
    return PARTLY if done.not_back else DONE


def reembed_command(options: argparse.Namespace) -> int:
    """Embed everything anew with another embedder."""
    from qa.retrieval.embedder import SentenceEmbedder, lasting_name

    if options.embedder is not None:
        options.usage("name the new embedder with --model, not with --embedder")
    desk = desk_of(options)
    progress = ProgressLine()
    try:
        done = desk.reembed(lambda: SentenceEmbedder(options.to, desk.settings.threads), progress)
    finally:
        progress.close()
    if options.json:
        print_json(asdict(done))
    elif done.embedder == done.was:
        print(f"nothing to embed: the embedder of the library is {done.embedder} already")
    else:
        print(
            f"{done.passages} passages have vectors of {done.embedder} now; {done.embedded} texts embedded in {done.seconds:.1f} s"
        )
    named = desk.settings.embedder
    if named != Settings().embedder and lasting_name(named) != lasting_name(options.to):
        say(f"{named} is still set by settings.toml or QA_EMBEDDER; take it out there, or set {options.to}")
    return DONE


def backup_command(options: argparse.Namespace) -> int:
    """Write the library into one file."""
    progress = ProgressLine()
    try:
        made = desk_of(options).backup(options.file, options.replace, progress)
    finally:
        progress.close()
    return _backup_said(
        "backed up {articles} articles in {files} files, and read back: {file}, {megabytes:.1f} MB", made, options
    )


def restore_command(options: argparse.Namespace) -> int:
    """Make the library of a backup."""
    progress = ProgressLine()
    try:
        made = desk_of(options).restore(options.file, options.replace, progress)
    finally:
        progress.close()
    return _backup_said("restored {articles} articles in {files} files from {file}, {megabytes:.1f} MB", made, options)


def _backup_said(line: str, made: Backup, options: argparse.Namespace) -> int:
    values = asdict(made)
    print_json(values) if options.json else print(line.format(megabytes=made.size / 1e6, **values))
    return DONE


def doctor_command(options: argparse.Namespace) -> int:
    """Report on the machine and the models."""
    from qa.doctor import diagnose

    checks = diagnose(desk_of(options))
    ok = all(check.ok for check in checks)
    if options.json:
        print_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        print("\n".join(check_line(check) for check in checks))
    return DONE if ok else FAILED
