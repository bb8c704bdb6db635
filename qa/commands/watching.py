"""``qa index --watch`` and ``--every``: what each round did, said while it goes on, and a summary when Ctrl-C ends it."""

import argparse
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from qa.chat import Desk
from qa.commands.common import DONE, print_json, say
from qa.errors import QAError
from qa.output import ProgressLine, report_line
from qa.types import Failure, SyncReport


def watch_command(desk: Desk, options: argparse.Namespace) -> int:
    """Index now and whenever files change or the time has come, until Ctrl-C. Raises what the first round raises."""
    told = Told(quiet=options.json)
    how = {"allow_empty": options.allow_empty, "full": options.full, "every": options.every}
    say("watching; Ctrl-C ends it" if options.watch else f"again every {options.every} seconds; Ctrl-C ends it")
    try:
        with suppress(KeyboardInterrupt):
            desk.watch(*options.paths, told=told, progress=told.progress, files=options.watch, **how)
    finally:
        told.progress.close()
    summary = told.summary()
    print_json(summary) if options.json else print(
        "watched for {seconds:.0f} s: {rounds} rounds, {added} added, {updated} updated, {removed} removed, "
        "{errors} errors".format(**summary)
    )
    return DONE


@dataclass(slots=True)
class Told:
    """Prints what is new in a round, and counts; ``quiet`` prints on stderr, where no program reads."""

    quiet: bool
    progress: ProgressLine = field(default_factory=ProgressLine)
    began: float = field(default_factory=time.monotonic)
    rounds: int = 0
    errors: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("added", "updated", "removed"), 0))
    failures: tuple[Failure, ...] = ()
    error: str = ""

    def __call__(self, outcome: SyncReport | QAError) -> None:
        """Say what a round did, where it did anything that the round before did not."""
        self.progress.close()
        self.rounds += 1
        if isinstance(outcome, QAError):
            self.errors += 1
            if str(outcome) != self.error:
                say(" ".join(str(outcome).split()))
            self.error = str(outcome)
            return
        self.error = ""
        for name in self.counts:
            self.counts[name] += getattr(outcome, name)
        if self.rounds == 1 or outcome.added or outcome.updated or outcome.removed:
            line = f"{time.strftime('%H:%M:%S')} {report_line(outcome)}"
            say(line) if self.quiet else print(line, flush=True)
        for failure in outcome.failures:
            if failure not in self.failures:
                say(f"{failure.path}: {failure.reason}")
        self.failures = outcome.failures

    def summary(self) -> dict[str, Any]:
        """What happened in all rounds together, and what could not become an article in the last one."""
        return {
            **self.counts,
            "rounds": self.rounds,
            "errors": self.errors,
            "failures": [{"path": failure.path, "reason": failure.reason} for failure in self.failures],
            "seconds": round(time.monotonic() - self.began, 3),
        }
