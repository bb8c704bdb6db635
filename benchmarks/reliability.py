"""Every promise of docs/reliability.md is tried, beside a naive program that must fail: ``make reliability``.

    .venv/bin/python benchmarks/reliability.py [--share .1] [--only R1 R2] [--short]

Without options everything is tried as often as the document says, which takes hours; ``--share`` tries a part of that. Writes
the rows of what was tried into benchmarks/reliability.md; the exit status is 1 when a gate failed.
"""

import os

os.environ.update(
    OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"
)  # what is tried is forked, which threads do not survive

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import apsw

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.reliability import changes, crash, damage, full_disk, locked, mismatch, poison, power, swaps, writers
from tests.reliability.figure import FULL, SHORT, Effort, Figure, share

RESULTS = Path(__file__).with_suffix(".md")
GATES: dict[str, Callable[[Path, Effort], list[Figure]]] = {
    "R1": crash.gate,
    "R2": power.gate,
    "R3": swaps.gate,
    "R4": damage.gate,
    "R5": changes.deletes,
    "R6": changes.updates,
    "R7": mismatch.gate,
    "R8": writers.gate,
    "R9": full_disk.gate,
    "R10": locked.gate,
    "R17": changes.rebuild,
    "R19": changes.hostile,
    "S14": poison.gate,
}


def tried(names: list[str], effort: Effort) -> list[Figure]:
    """The figures of gates, told on stderr as they come."""
    figures = []
    for name in names:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as place:
            found = GATES[name](Path(place), effort)
        figures += found
        for figure in found:
            print(f"{_verdict(figure)} {name}: {figure.tried}: {figure.found}", file=sys.stderr)
        print(f"   {name} took {time.monotonic() - began:.0f} s", file=sys.stderr)
    return figures


def table(figures: list[Figure], before: str = "") -> str:
    """The figures as Markdown, with the rows of the other gates in the text of ``before``."""
    now = {figure.gate for figure in figures}
    rows = [line for line in before.splitlines() if line.startswith(("| R", "| S")) and line.split()[1] not in now]
    today = datetime.now(UTC).date()
    rows += [
        f"| {f.gate} | {f.promise} | {f.tried} | {f.found} | {f.control} | {_verdict(f)} | {today} |" for f in figures
    ]
    rows.sort(key=lambda row: list(GATES).index(row.split()[1]))
    return "\n".join(
        ["| gate | promise | tried | found | the naive program | | on |", "|---|---|---|---|---|---|---|", *rows]
    )


def _verdict(figure: Figure) -> str:
    return {True: "passed", False: "FAILED", None: "skipped"}[figure.passed]


def main() -> int:
    """Try, print and keep the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=GATES, default=list(GATES), metavar="GATE")
    parser.add_argument("--share", type=float, default=1.0, help="part of the full effort, 0..1")
    parser.add_argument("--short", action="store_true", help="each gate a few times, as the tests do; prints JSON")
    given = parser.parse_args()
    effort = SHORT if given.short else FULL if given.share >= 1 else share(given.share)
    figures = tried(given.only, effort)
    if given.short:
        print(json.dumps([asdict(figure) for figure in figures]))
    else:
        print(table(figures))
        before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
        RESULTS.write_text(
            f"# Reliability\n\nMade by `make reliability` with SQLite {apsw.sqlite_lib_version()} on {platform.system()}. What is "
            "tried and how: [docs/reliability.md](../docs/reliability.md). Nothing found in N tries means, at 95 %, fewer than "
            f"3 in N.\n\n{table(figures, before)}\n",
            encoding="utf-8",
        )
    return int(any(figure.passed is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
