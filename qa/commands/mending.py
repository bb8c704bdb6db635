"""The commands that look whether all is well, and mend: ``verify``, ``repair`` and ``doctor``."""

import argparse
from dataclasses import asdict

from qa.commands.common import DONE, FAILED, desk_of, print_json, say
from qa.output import ProgressLine, check_line
from qa.settings import library_path


def verify_command(options: argparse.Namespace) -> int:
    """Say what is wrong with a library."""
    from qa.library.verify import verify

    report = verify(library_path(options.library))
    if options.json:
        print_json(asdict(report))
    else:
        print(
            f"{'ok' if report.ok else 'not ok'}: {report.articles} articles, {report.passages} passages, {report.vectors} vectors"
        )
    if not options.json or not report.ok:
        for problem in report.problems:
            say(f"{problem.kind}: {problem.detail}; {problem.fix}")
    return DONE if report.ok else FAILED


def repair_command(options: argparse.Namespace) -> int:
    """Rebuild what can be rebuilt."""
    from qa.library.verify import repair, verify

    desk = desk_of(options)
    progress = ProgressLine()
    try:
        repaired = repair(desk.library.folder, lambda: desk.embedder, desk.settings, options.reembed, progress)
    finally:
        progress.close()
    ok = verify(desk.library.folder).ok
    print_json({"ok": ok, "repaired": list(repaired)}) if options.json else print(
        "\n".join([*repaired, "ok" if ok else "not ok"])
    )
    return DONE if ok else FAILED


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
