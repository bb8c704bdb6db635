"""Every measure of a single answer, by hand."""

import pytest

from qa.evaluate.scores import content_f1, exact_match, f1, holds, normalised, plain_text, rouge_l, stated, words_until


def test_texts_are_compared_as_squad_does() -> None:
    """Case, punctuation, articles and blanks do not count."""
    assert normalised("The  Mayor's (old) bridge, a wreck.") == "mayors old bridge wreck"


def test_an_exact_match_is_all_or_nothing() -> None:
    """With any of the accepted answers; no answer matches none."""
    assert exact_match("the 48 million crowns.", ["six", "48 million Crowns"]) == 1
    assert exact_match("48 million", ["48 million crowns"]) == 0
    assert exact_match(None, ["48"]) == 0


def test_f1_of_the_words() -> None:
    """Two of three words given, two of four gold: 2 * 2 / 7."""
    assert f1("48 million dollars", ["about 48 million crowns"]) == pytest.approx(4 / 7)
    assert f1("48 million dollars", ["nine", "48 million dollars"]) == 1
    assert f1(None, ["nine"]) == f1("nine", []) == 0


def test_an_answer_stands_in_a_text_as_whole_words() -> None:
    """Not as a part of another word; an answer of nothing but punctuation stands nowhere."""
    assert holds("It cost 48 million crowns.", ["48 Million"])
    assert not holds("It cost 148 million crowns.", ["48 million"])
    assert not holds("It is the end.", ["the", "..."])


def test_numbers_must_be_the_same() -> None:
    """A point, a colon or a dash between digits is a part of them; the comma of thousands is none."""
    assert not holds("designed for 14 million travellers", ["1.4 million"])
    assert not holds("31 people died", ["3-1"])
    assert holds("They won 3–1 at 10:30.", ["3-1"]) and holds("They won 3–1 at 10:30.", ["10:30"])
    assert holds("It has 14,000 seats.", ["14000"]) and not holds("It has 1,4 seats.", ["14"])
    assert stated(["yes", "No.", "48"]) == ("48",)


def test_marks_are_no_part_of_the_text() -> None:
    """With the blank before them."""
    assert plain_text("It cost 48 crowns [1] [2]. And more [13].") == "It cost 48 crowns. And more."


def test_the_words_until_an_answer_has_been_read() -> None:
    """Four of the first text, then three of the second."""
    assert words_until(["one two three four", "five SIX seven eight six"], ["six seven"]) == 7
    assert words_until(["one two"], ["one"]) == 1
    assert words_until(["one two"], ["three"]) is None
    assert words_until([], ["three"]) is None


def test_rouge_l_is_that_of_the_longest_common_subsequence() -> None:
    """Three of four words in order on both sides: .75; the best reference counts."""
    assert rouge_l("the bridge was closed", ["the bridge is closed", "nothing"]) == pytest.approx(0.75)
    assert rouge_l("words", []) == 0


def test_two_questions_are_compared_by_their_content() -> None:
    """One stem shared, of one and of two."""
    assert content_f1("And what did it cost?", "What did the bridge cost?") == pytest.approx(2 / 3)
