"""What runs inside the limited process: each file parses one kind of file, named like it.

Nothing here imports anything else of this project, since ``child.py`` loads this folder as a package of its own; hence
the relative imports. ``parse(data)`` returns what JSON can say: for a file that is one article its ``text`` and what is
known about it, for a file of several its ``entries``.
"""

import contextlib
from collections.abc import Callable
from typing import Any

Reply = dict[str, Any]


class RefusedError(Exception):
    """Why a file cannot become an article: a clause about it that says what to do, made of constant words."""


def said(value: Callable[[], Any]) -> str | None:
    """What a file says about itself, None where it says nothing, or nothing that a library can read: no text is lost by it."""
    with contextlib.suppress(Exception):
        return str(found) if (found := value()) else None
    return None
