"""Tables of articles: one in each row, under names in the first."""

import csv
import io

from . import RefusedError, Reply
from .records import NAMES, record

CELL_CHARACTERS = 20_000_000
SAMPLE_CHARACTERS = 64_000


def parse(data: bytes) -> Reply:
    """Return the rows of a table in UTF-8, separated by commas, semicolons, tabs or bars; ``place`` is a row's last line."""
    text = data.decode("utf-8", "replace")
    csv.field_size_limit(CELL_CHARACTERS)
    head = text[: text.find("\n") + 1 or SAMPLE_CHARACTERS][:SAMPLE_CHARACTERS]
    separator = max(",;\t|", key=head.count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, restkey="", restval="")
    names = {name.strip().lower() for name in rows.fieldnames or ()}
    if not names & {*NAMES["text"], *NAMES["html"]}:
        raise RefusedError('has no column of texts; name the columns in the first line, and that of the texts "text"')
    entries = [
        record(rows.line_num, {name: value for name, value in row.items() if name})
        for row in rows
        if any(value for name, value in row.items() if name)
    ]
    if not entries:
        raise RefusedError("has no rows below the names of its columns; add articles or remove it")
    return {"entries": entries}
