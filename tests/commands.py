"""Running a command in this process, and what it must print."""

import json
from typing import Any

import pytest

from qa.cli import main


def document(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> dict[str, Any]:
    """The one JSON document that a command prints."""
    assert main([*arguments, "--json"]) == status
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    found: dict[str, Any] = json.loads(printed)
    return found


def error(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line of a command that fails; nothing is on stdout."""
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("qa: ")
    assert printed.err.count("\n") == 1
    assert "Traceback" not in printed.err
    assert "; " in printed.err
    return printed.err
