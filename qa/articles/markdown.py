"""Articles in ``.md`` files."""

import re
from collections.abc import Mapping

import yaml

from qa.articles.cleaning import clean_text
from qa.articles.draft import Draft, losses
from qa.articles.encoding import decode

FRONT_MATTER_CHARACTERS = 65_536

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#[ \t]+(\S[^\n]{0,999})", re.MULTILINE)
_CLOSING_MARKS = re.compile(r"[ \t]#+[ \t]*\Z")


def read_markdown(data: bytes) -> Draft:
    """Return the markdown after its front matter; the title is the front matter's, else the first ``#`` heading.

    Raises InputError for binary data.
    """
    decoded = decode(data)
    text, notes = clean_text(decoded.text), (*decoded.notes, *losses(decoded.text))
    known: Mapping[str, str] = {}
    match = _FRONT_MATTER.match(text[:FRONT_MATTER_CHARACTERS])
    if match and (fields := _front_matter(match[1])) is not None:
        known, text = fields, text[match.end() :]
    title = known.get("title") or _heading(text)
    return Draft(text, title, known.get("date"), known.get("source"), known.get("url"), notes=notes)


def _front_matter(block: str) -> Mapping[str, str] | None:
    """Return the block's scalar values as they are written; None where it is no YAML mapping.

    The base loader makes strings, lists and mappings only. The safe loader would also merge keys, which a few lines
    can blow up beyond any memory, and raises for a date that the calendar lacks.
    """
    try:
        fields = yaml.load(block, Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    return {key: value for key, value in fields.items() if isinstance(key, str) and isinstance(value, str)}


def _heading(text: str) -> str | None:
    heading = _HEADING.search(text)
    return _CLOSING_MARKS.sub("", heading[1]) if heading else None
