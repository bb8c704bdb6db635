"""Which languages an embedder knows, and what is said where an article is in another one."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from qa.articles.language import UNDECIDED
from qa.language.names import language_name
from qa.retrieval.embedder import DEFAULT
from qa.types import Citation

ALL = "all"

_OF_DEFAULT = frozenset({"en"})  # all-MiniLM-L6-v2
_CARD = "README.md"  # of a model, with what it says of itself between two lines of dashes
_MANY = {"multilingual", ALL}
_CARD_CHARACTERS = 65_536


def known_languages(embedder: str, chosen: str = "") -> frozenset[str] | None:
    """ISO 639 codes of the languages an embedder knows: as chosen, else by its name or its model card; None: not limited.

    Where nothing tells, nothing is limited either. ``chosen`` is such as "en de", or "all".
    """
    if chosen:
        codes = frozenset(chosen.lower().replace(",", " ").split())
        return None if ALL in codes else codes
    return _OF_DEFAULT if embedder == DEFAULT else _on_the_card(Path(embedder).expanduser() / _CARD)


def is_unknown(language: str | None, known: frozenset[str] | None) -> bool:
    """Return whether an article's language was told and is none of those known."""
    return language not in (None, UNDECIDED) and known is not None and language not in known


def language_note(citations: Sequence[Citation], known: frozenset[str] | None) -> str | None:
    """One sentence where an answer rests on articles in a language that the embedder does not know, else None."""
    foreign = [citation for citation in citations if is_unknown(citation.language, known)]
    if not foreign:
        return None
    names = " and ".join(dict.fromkeys(language_name(str(citation.language)) for citation in foreign))
    marks = "".join(f"[{citation.number}]" for citation in foreign)
    return f"{marks} is in {names}, which the search by meaning does not know: it may have missed other articles."


def _on_the_card(card: Path) -> frozenset[str] | None:
    """The languages that a model card lists, None where it lists none or says that they are many."""
    try:
        text = card.read_text(encoding="utf-8")[:_CARD_CHARACTERS]
        said = yaml.load(text.split("---")[1], Loader=yaml.BaseLoader).get("language")  # noqa: S506
    except (OSError, ValueError, IndexError, AttributeError, yaml.YAMLError):
        return None
    codes = frozenset([said] if isinstance(said, str) else said if isinstance(said, list) else ())
    return codes if codes and not codes & _MANY else None
