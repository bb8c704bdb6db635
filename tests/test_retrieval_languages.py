"""What an embedder knows, and what is said of articles in other languages."""

from pathlib import Path

import pytest

from qa.retrieval.embedder import DEFAULT
from qa.retrieval.languages import is_unknown, known_languages, language_note
from qa.types import Citation


def cited(number: int, language: str | None) -> Citation:
    """A citation of an article in a language."""
    return Citation(number, f"{number}.txt", "Title", None, None, None, "Quote.", 0, 6, None, language)


def test_the_default_embedder_knows_english() -> None:
    """And a setting says otherwise."""
    assert known_languages(DEFAULT) == {"en"}
    assert known_languages(DEFAULT, "en, DE fr") == {"en", "de", "fr"}
    assert known_languages(DEFAULT, "all") is None


@pytest.mark.parametrize(
    ("card", "known"),
    [
        (None, None),
        ("", None),
        ("# A model\n", None),
        ("---\nlanguage: de\n---\n# A model\n", {"de"}),
        ("---\nlanguage:\n- en\n- nl\n---\n", {"en", "nl"}),
        ("---\nlanguage:\n- multilingual\n- en\n---\n", None),
        ("---\nlanguage: {a: b}\n---\n", None),
        ("---\nlicence: none\n---\n", None),
        ("---\n- a\n---\n", None),
        ("---\nlanguage: [\n---\n", None),
        ("\ud800", None),
    ],
)
def test_another_embedder_is_asked_by_its_model_card(tmp_path: Path, card: str | None, known: set[str] | None) -> None:
    """Where that says nothing, nothing is said of any article; a setting goes before it."""
    if card is not None:
        (tmp_path / "README.md").write_bytes(card.encode("utf-8", "surrogatepass"))
    assert known_languages(str(tmp_path)) == known
    assert known_languages(str(tmp_path), "fr") == {"fr"}


def test_only_a_language_that_was_told_can_be_unknown() -> None:
    """Not one that is undecided or was never looked at, and none where all are known."""
    english = frozenset({"en"})
    assert [is_unknown(code, english) for code in ("en", "de", "und", None)] == [False, True, False, False]
    assert not is_unknown("de", None)


def test_an_answer_names_the_languages_it_rests_on() -> None:
    """Those alone that the embedder does not know."""
    english = frozenset({"en"})
    assert language_note([cited(1, "en"), cited(2, "und"), cited(3, None)], english) is None
    assert language_note([cited(1, "de")], None) is None
    found = language_note([cited(1, "en"), cited(2, "de"), cited(3, "fr"), cited(4, "de")], english)
    assert found == (
        "[2][3][4] is in German and French, which the search by meaning does not know: it may have missed other articles."
    )
