"""The gates of ``make reliability``, each tried a few times; what they promise: docs/reliability.md."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[1]
GATES = ("R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R17", "R19", "S14")

STARVED = """
import sys, tempfile
from pathlib import Path
from qa.errors import LibraryError
from tests.reliability.process import run, why_no_strace

def refuse():
    raise LibraryError("no space is left; free some")

if why := why_no_strace():
    sys.exit(print(f"skipped: {why}"))
with tempfile.TemporaryDirectory() as place:
    ended = run(refuse, ("-o", "/dev/null", "-e", "trace=write", "-e", "inject=write:error=ENOSPC:when=1+"))
    print(ended.status, ended.message, Path(place).exists(), sep="|")
"""


@pytest.fixture(scope="module")
def figures() -> list[dict[str, Any]]:
    """What a short run found, in a process of its own: the gates fork, which threads of other tests do not survive."""
    if not sys.platform.startswith("linux"):
        pytest.skip("what is tried needs Linux")
    done = subprocess.run(
        [sys.executable, "benchmarks/reliability.py", "--short"],
        cwd=PROJECT, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_holds_and_its_naive_control_does_not(figures: list[dict[str, Any]], gate: str) -> None:
    """A gate passes only where its control fails."""
    of_gate = [figure for figure in figures if figure["gate"] == gate]
    assert of_gate
    if all(figure["passed"] is None for figure in of_gate):
        pytest.skip(of_gate[0]["found"])
    assert [figure for figure in of_gate if not figure["passed"]] == []


def test_a_job_that_may_not_write_says_how_it_ended_and_leaves_its_parents_files_alone() -> None:
    """Where every write is denied, its report is none of the writes, and its end deletes no folder of its parent."""
    if not sys.platform.startswith("linux"):
        pytest.skip("what is tried needs Linux")
    done = subprocess.run([sys.executable, "-c", STARVED], cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.stdout.startswith("skipped"):
        pytest.skip(done.stdout.strip())
    assert done.stdout.strip() == "1|no space is left; free some|True", done.stderr
