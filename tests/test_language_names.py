"""Names of languages."""

from qa.language.names import language_name


def test_a_language_has_its_name_or_its_code() -> None:
    """A name for the common ones."""
    assert [language_name(code) for code in ("en", "de", "zh")] == ["English", "German", "Chinese"]
    assert language_name("ext") == "the language \u201cext\u201d"
