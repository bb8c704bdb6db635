"""Citation marks: [n] in what a model writes, and what looks like a mark in an article."""

import re

_MARK = re.compile(r"\s*[\[【(]\s*(\d{1,2}(?:\s*,\s*\d{1,2})*)\s*[\]】)]")
_SQUARE = re.compile(r"\[(\s*\d+(?:\s*[,-]\s*\d+)*\s*)\]")
_SPECIAL = re.compile(
    r"<\|[^<>|]{0,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>", re.IGNORECASE
)


def take_marks(text: str, known: int) -> tuple[str, tuple[int, ...]]:
    """A sentence without its marks, and the numbers 1..known they name, in order; other numbers are dropped."""
    numbers = [int(n) for match in _MARK.finditer(text) if _is_mark(match, known) for n in match[1].split(",")]
    plain = _MARK.sub(lambda match: "" if _is_mark(match, known) else match.group(), text)
    return " ".join(plain.split()), tuple(n for n in dict.fromkeys(numbers) if 1 <= n <= known)


def without_marks(text: str) -> str:
    """An article's own [3] becomes (3): it must not pass for a citation of ours."""
    return _SQUARE.sub(r"(\1)", text)


def neutralise(text: str) -> str:
    """Untrusted text made ready for a prompt: no marks, and no token that could open or close a turn.

    The local generator never reads special tokens in text at all; this is for servers, which see only a string.
    """
    return without_marks(_SPECIAL.sub(" ", text))


def _is_mark(match: re.Match[str], known: int) -> bool:
    """Round brackets are a mark only when they name a passage: "(44)" may be an age."""
    return "(" not in match.group() or all(1 <= int(n) <= known for n in match[1].split(","))
