"""Words, stems and names."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from qa.language.words import FUNCTION_WORDS, content_stems, names, stem, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Mayor's plan", ["the", "mayor", "plan"]),
        ("the mayor’s plan", ["the", "mayor", "plan"]),
        ("the growers' union", ["the", "growers", "union"]),
        ("James's", ["james"]),
        ("O'Brien", ["o'brien"]),
        ("O’BRIEN", ["o'brien"]),
        ("Café naïve São", ["cafe", "naive", "sao"]),
        ("Cafe\u0301", ["cafe"]),
        ("Straße", ["strasse"]),
        ("U.S. troops", ["u.s", "troops"]),
        ("e-mail snake_case", ["e", "mail", "snake", "case"]),
        ("48 million 3.5", ["48", "million", "3.5"]),
        ("Москва 東京", ["москва", "東京"]),
        ("?! … 😀", []),
        ("", []),
    ],
)
def test_words_are_folded(text: str, expected: list[str]) -> None:
    """Without case, accents, possessives or marks."""
    assert words(text) == expected


def test_function_words_carry_no_content() -> None:
    """Only what a search can use is left, as stems in order."""
    assert content_stems("Who said that the bridges were reopened?") == ["bridg", "reopen"]
    assert content_stems("what did they say about it") == []


def test_function_words_are_folded_themselves() -> None:
    """One in capitals or with a typographic apostrophe would never be met."""
    assert all(words(word) in ([word], [word.removesuffix("'s")]) for word in FUNCTION_WORDS)


@pytest.mark.parametrize("text", ["What’s new", "WHAT'S NEW", "what's new"])
def test_a_contraction_is_a_function_word(text: str) -> None:
    """However its apostrophe is written."""
    assert content_stems(text) == ["new"]


def test_forms_of_a_word_share_a_stem() -> None:
    """By the English Snowball stemmer."""
    assert stem("reopened") == stem("reopening") == stem("reopens") == "reopen"


def test_names_are_capitalised_words_with_content() -> None:
    """Function words at the beginning of a sentence are none."""
    assert names("The mayor of Port Lindal, Edda Quist’s friend, said: It rains.") == [
        "port",
        "lindal",
        "edda",
        "quist",
    ]
    assert names("nothing here") == []


def test_stems_are_right_from_many_threads() -> None:
    """A stemmer object may not be shared; every thread has its own."""
    some = [f"reopened{number}ing" for number in range(2000)]
    alone = [stem.__wrapped__(word) for word in some]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(stem.__wrapped__, some)) == alone
