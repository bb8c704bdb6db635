"""robots.txt: whether it lets Newsdesk ask for an address."""

from protego import Protego

from . import Reply

NAME = "newsdesk"


def parse(data: bytes) -> Reply:
    """Return ``allowed`` or ``closed`` for the address on the first line, by the robots.txt that follows it."""
    address, _, rules = data.partition(b"\n")
    allowed = Protego.parse(rules.decode("utf-8", "replace")).can_fetch(address.decode(), NAME)
    return {"text": "allowed" if allowed else "closed"}
