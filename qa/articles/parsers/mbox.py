"""Mailboxes in one file: where each mail begins and ends, and the id it gives itself."""

import re
from email.parser import BytesHeaderParser
from typing import Any

from . import RefusedError, Reply

HEAD_BYTES = 100_000

_BEGIN = re.compile(rb"(?:\A|\n\r?\n)(From [^\r\n]*\r?\n)")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


def parse(data: bytes) -> Reply:
    """Return start and end of each mail, without the line that separates it, and its Message-ID.

    The mails are cut apart here rather than by the standard library, which only reads files with a name.
    """
    begins = list(_BEGIN.finditer(data))
    if not begins:
        raise RefusedError("is not a mailbox, as no line in it begins a mail; remove it or export it again")
    ends = [begin.start(1) for begin in begins[1:]] + [len(data)]
    mails = [(begin.end(1), end) for begin, end in zip(begins, ends, strict=True)]
    return {"entries": [_entry(number, data, *mail) for number, mail in enumerate(mails, start=1)]}


def _entry(number: int, data: bytes, start: int, end: int) -> dict[str, Any]:
    head_end = _HEAD_END.search(data, start, min(end, start + HEAD_BYTES))
    head = BytesHeaderParser().parsebytes(data[start : head_end.start() if head_end else min(end, start + HEAD_BYTES)])
    return {"place": number, "id": str(head.get("message-id", "")).strip().strip("<>"), "start": start, "end": end}
