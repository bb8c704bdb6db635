"""What the commands share: exit statuses, the desk that the options name, and one JSON document."""

import argparse
import sys
from typing import Any

import qa
from qa.chat import Desk
from qa.output import json_text

DONE, FAILED, PARTLY = 0, 1, 3


def desk_of(options: argparse.Namespace) -> Desk:
    """The desk over the library and with the models that the options name."""
    return qa.open(options.library, model=getattr(options, "model", None), embedder=options.embedder)


def print_json(document: dict[str, Any]) -> None:
    """Print the one document of a command."""
    print(json_text(document))


def say(message: str) -> None:
    """Print a line for a person on stderr, where it is not taken for a result."""
    print(f"qa: {message}", file=sys.stderr)
