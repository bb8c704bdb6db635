"""Articles in tables and objects: which of their fields say what an article says about itself."""

from collections.abc import Mapping
from typing import Any

NAMES = {
    "id": ("id", "article_id", "guid"),
    "title": ("title", "headline"),
    "date": ("date", "published", "published_at", "publication_date", "date_published", "pubdate"),
    "source": ("source", "publisher", "publication", "outlet"),
    "url": ("url", "link"),
    "text": ("text", "content", "body", "content_text", "article"),
    "html": ("content_html", "html"),
}
NO_TEXT = 'has no text; name its text "text"'


def record(place: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known fields, whatever the case of their names; what is no string or number counts as missing."""
    given = {name.strip().lower(): value for name, value in fields.items()}
    known: dict[str, Any] = {"place": place}
    for name, names in NAMES.items():
        values = (_string(given.get(other)) for other in names)
        if (value := next(filter(None, values), None)) is not None:
            known[name] = value
    if "text" not in known and "html" not in known:
        return {"place": place, "refused": NO_TEXT}
    return known


def _string(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if text.strip() else None
