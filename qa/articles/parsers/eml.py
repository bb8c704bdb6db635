"""E-mails and newsletters: what a reader of mail would show, without attachments."""

import contextlib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr, parsedate_to_datetime

from . import RefusedError, Reply, mended, said
from .html import text_of

MOST_BOUNDARIES = 500  # parts in parts without end take the standard library minutes
FIELDS = ("from", "date", "subject", "message-id", "content-type", "received")


def parse(data: bytes) -> Reply:
    """Return the text of a mail, its subject, the day it was sent, the sender's name, and its address on the web."""
    if data.lower().count(b"boundary=") > MOST_BOUNDARIES:
        raise RefusedError("has parts within parts without end; save what it says as text, or remove it")
    mail = message_from_bytes(data.lstrip(), _class=EmailMessage, policy=default)
    if not any(field in mail for field in FIELDS):
        raise RefusedError("is not an e-mail, as it has no head with sender and date; remove it or save it as .txt")
    text = "\n\n".join(filter(None, _texts(mail)))
    if not text:
        raise RefusedError("has no text, only attachments or nothing; save what it holds as files of their own")
    name, address = parseaddr(said(lambda: mail["from"]) or "")
    return {
        "text": text,
        "title": said(lambda: mail["subject"]),
        "date": _day(said(lambda: mail["date"])),
        "source": name or address or None,
        "url": (said(lambda: mail["archived-at"]) or "").strip("<> ") or None,
    }


def _texts(part: EmailMessage) -> Iterator[str]:
    """The texts of a part, in their order: of alternatives the best one, forwarded mails, no attachments."""
    kind = part.get_content_type()
    if part.get_content_disposition() == "attachment":
        return
    if kind == "multipart/alternative":
        yield _best(_parts(part))
    elif part.is_multipart():
        for inner in _parts(part):
            yield from _texts(inner)
    elif kind == "text/html":
        yield text_of(_decoded(part))
    elif kind == "text/plain":
        yield _decoded(part).strip()


def _parts(part: EmailMessage) -> list[EmailMessage]:
    inner = part.get_payload()
    return [one for one in inner if isinstance(one, EmailMessage)] if isinstance(inner, list) else []


def _best(parts: list[EmailMessage]) -> str:
    """The text of the richest alternative that has one: the last ones are, by the rules of mail."""
    for part in reversed(parts):
        if text := "\n\n".join(filter(None, _texts(part))):
            return text
    return ""


def _decoded(part: EmailMessage) -> str:
    """The text of a part by the encoding it names, else as UTF-8, else as Western European."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    for encoding in (part.get_content_charset(), "utf-8"):
        if (text := mended(data, encoding or "utf-8")) is not None:
            return text
    return data.decode("cp1252", "replace")


def _day(value: str | None) -> str | None:
    """The day of a date as mail writes it, where its sender was."""
    with contextlib.suppress(ValueError, TypeError):
        return parsedate_to_datetime(value).date().isoformat() if value else None
    return None
