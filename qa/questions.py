"""Files of questions and of earlier turns, as ``qa ask`` takes them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa.errors import InputError


def batch_lines(file: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines; one with only an "error" for a line that is none. Raises InputError."""
    try:
        lines = file.read_bytes().split(b"\n")  # a JSON string may hold what else ends a line
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error}); give a file of JSON lines") from error
    for number, text in enumerate(lines, start=1):
        if text.strip():
            try:
                line = json.loads(text.decode("utf-8-sig"))
            except (ValueError, RecursionError):  # not UTF-8, not JSON, or nested without end
                line = None
            yield (
                line
                if isinstance(line, dict)
                else {"error": f"line {number} of {file} is not a JSON object; correct it"}
            )


def read_history(file: Path | None) -> list[dict[str, str]]:
    """The turns in a JSON file, none without one. Raises InputError; what a turn may be is for the desk to say."""
    if file is None:
        return []
    try:
        turns: list[dict[str, str]] = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f'{file} is no history; give a JSON list of {{"role", "content"}} objects') from error
    return turns
