"""Articles in JSON: a list of objects, an object that holds such a list, or one article."""

import json
from typing import Any

from . import RefusedError, Reply
from .records import record

LISTS = ("articles", "items", "entries", "results", "data")


def parse(data: bytes) -> Reply:
    """Return the objects of a document in UTF-8; ``place`` is an object's number from 1."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RefusedError("is not JSON; correct it, or name it .jsonl where it has one object on each line") from error
    found = _list_in(document)
    if not found:
        raise RefusedError('holds no articles; write a list of objects [{"id": ..., "text": ...}] or remove it')
    return {"entries": [_entry(number, value) for number, value in enumerate(found, start=1)]}


def _list_in(document: Any) -> list[Any]:
    if isinstance(document, dict):
        lists = (document[name] for name in LISTS if isinstance(document.get(name), list))
        return next(lists, None) or ([document] if "refused" not in record(1, document) else [])
    return document if isinstance(document, list) else []


def _entry(number: int, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {"place": number, "refused": 'is not an object; write {"id": ..., "text": ...} for each article'}
    return record(number, value)
