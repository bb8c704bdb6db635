"""E-mails and newsletters: what a reader of mail would show, without attachments."""

import contextlib
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import parseaddr, parsedate_to_datetime

from . import RefusedError, Reply, decoded, said
from .html import text_of

MOST_BOUNDARIES = 500  # parts in parts without end take the standard library minutes
ATTACHED = "has attachments, which are not read; save what is to be read of them as files of their own"
WITHIN = ("text", "image", "multipart", "message")  # kinds of parts that are a part of the letter
_HEAD_END = re.compile(rb"\r?\n\r?\n")
FIELDS = ("from", "date", "subject", "message-id", "content-type", "received")


def parse(data: bytes, guessed: str | None = None) -> Reply:
    """Return the text of a mail, its subject, the day it was sent, the sender's name, and its address on the web.

    ``guessed`` is the encoding of what is neither in UTF-8 nor in the one it names.
    """
    if data.lower().count(b"boundary=") > MOST_BOUNDARIES:
        raise RefusedError("has parts within parts without end; save what it says as text, or remove it")
    data = data.lstrip()
    mail = whole = _read(data)
    if not any(field in mail for field in FIELDS):
        raise RefusedError("is not an e-mail, as it has no head with sender and date; remove it or save it as .txt")
    text = "\n\n".join(filter(None, _texts(mail, guessed)))
    if not text:
        raise RefusedError("has no text, only attachments or nothing; save what it holds as files of their own")
    head = _HEAD_END.split(data, 1)[0]
    if not head.isascii():  # against the rules, and common: the text comes first, since more tells more
        mail = _read(decoded(head, None, guessed).encode() + b"\n\n")
    date = said(lambda: mail["date"])
    name, address = parseaddr(said(lambda: mail["from"]) or "")
    return {
        "text": text,
        "title": said(lambda: mail["subject"]),
        "date": _day(date) or date,
        "source": name or address or None,
        "url": (said(lambda: mail["archived-at"]) or "").strip("<> ") or None,
        "notes": [ATTACHED] if any(map(_is_attachment, whole.walk())) else [],
    }


def _is_attachment(part: Message) -> bool:
    """Whether a part is a file of its own; pictures that stand in the letter are none."""
    if part.get_content_disposition() == "attachment":
        return True
    return part.get_filename() is not None and part.get_content_maintype() not in WITHIN


def _read(data: bytes) -> EmailMessage:
    return message_from_bytes(data, _class=EmailMessage, policy=default)


def _texts(part: EmailMessage, guessed: str | None) -> Iterator[str]:
    """The texts of a part, in their order: of alternatives the best one, forwarded mails, no attachments."""
    kind = part.get_content_type()
    if part.get_content_disposition() == "attachment":
        return
    if kind == "multipart/alternative":
        yield _best(_parts(part), guessed)
    elif part.is_multipart():
        for inner in _parts(part):
            yield from _texts(inner, guessed)
    elif kind == "text/html":
        yield text_of(_decoded(part, guessed))
    elif kind == "text/plain":
        yield _decoded(part, guessed).strip()


def _parts(part: EmailMessage) -> list[EmailMessage]:
    inner = part.get_payload()
    return [one for one in inner if isinstance(one, EmailMessage)] if isinstance(inner, list) else []


def _best(parts: list[EmailMessage], guessed: str | None) -> str:
    """The text of the richest alternative that has one: the last ones are, by the rules of mail."""
    for part in reversed(parts):
        if text := "\n\n".join(filter(None, _texts(part, guessed))):
            return text
    return ""


def _decoded(part: EmailMessage, guessed: str | None) -> str:
    data = part.get_payload(decode=True)
    return decoded(data, part.get_content_charset(), guessed) if isinstance(data, bytes) else ""


def _day(value: str | None) -> str | None:
    """The day of a date as mail writes it, where its sender was."""
    with contextlib.suppress(ValueError, TypeError):
        return parsedate_to_datetime(value).date().isoformat() if value else None
    return None
