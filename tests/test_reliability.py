"""The gates of ``make reliability``, each tried a few times; what they promise: docs/reliability.md."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[1]
GATES = ("R1", "R2", "R4", "R5", "R6", "R8", "R9", "R10", "R17", "R19")


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
