"""Articles in ``.txt`` files."""

import re

from qa.articles.cleaning import clean_text, is_calendar_date
from qa.articles.draft import Draft, losses
from qa.articles.encoding import decode

_DATE_LINE = re.compile(r"[ \t]*date[ \t]+([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ \t]+([^\n]*))?(?:\n|\Z)")


def read_plain_text(data: bytes) -> Draft:
    """Return the whole text, or what follows a first line ``date YYYY-MM-DD Headline`` with a real date.

    Raises InputError for binary data.
    """
    decoded = decode(data)
    text, notes = clean_text(decoded.text), (*decoded.notes, *losses(decoded.text))
    line = _DATE_LINE.match(text)
    if line is None or not is_calendar_date(line[1]):
        return Draft(text, notes=notes)
    return Draft(text[line.end() :], title=line[2], date=line[1], notes=notes)
