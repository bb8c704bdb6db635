"""What a model in this process may write."""

from collections.abc import Sequence

import pytest

from qa.answering.prompt import NOT_SAID
from qa.answering.wording import Marked, ReplyRule, Spans

PASSAGES = ("Mr. Odd paid 48 million crowns [sic] for the bridge.", "It cost $640.")
END = None


def choose(rule: ReplyRule, text: str, pieces: Sequence[str | None]) -> str | None:
    """The piece that is chosen to follow a text; "nothing" where none may."""
    at = rule.choose(text, (None if piece is None else text + piece for piece in pieces))
    return "nothing" if at is None else pieces[at]


@pytest.mark.parametrize(
    ("text", "pieces", "chosen"),
    [
        ("", ["49", " 48", "illion", "48"], "48"),  # a passage's words, from a word's beginning on
        ("", ["The bridge", "The"], "The"),  # of "The passages do not say."
        ("", [")", ".", END], "nothing"),
        ("48 mil", [END, " [1]", "lion"], "lion"),  # in the middle of a word nothing ends
        ("48 million", [END, "air", " crowns", " ["], " crowns"),
        ("48 million", [" [", " crowns"], " ["),
        ("48 million", [" [2", " [3", " [1"], " [1"),  # the number of the passage it stands in
        ("48 million [", ["2", "1]"], "1]"),
        ("48 million [1", ["0", "]"], "]"),
        ("48 million [1", [END], "nothing"),
        ("48 million [1]", [" crowns", ".", END], END),
        ("48 million crowns", [" [s"], " [s"),  # the passage's own brackets
        (
            "48 million crowns [sic] for the bridge",
            [" [2", " ", "."],
            " ",
        ),  # behind its last word the space before a mark
        ("", ["$640", "640"], "$640"),
        ("$640", [" [1]", " [2]"], " [2]"),
        ("It cost $640.", [" [2]"], " [2]"),
        ("", [END], "nothing"),
        (NOT_SAID[:-1], [END, "!", "."], "."),
        (NOT_SAID, [" [1]", " But", END], END),
    ],
)
def test_spans_keep_to_the_words_of_one_passage(text: str, pieces: list[str | None], chosen: str | None) -> None:
    """From a word's beginning to a word's end, with that passage's number; or that the passages do not say."""
    assert choose(Spans(PASSAGES), text, pieces) == chosen


@pytest.mark.parametrize(
    ("text", "pieces", "chosen"),
    [
        ("", ["Anything"], "Anything"),
        ("", [END], END),
        ("It cost 640", [" crowns", " ["], " crowns"),
        (
            "It cost 640",
            [END, " crowns", "!", " "],
            " ",
        ),  # it would end: only a mark may follow, or the space before it
        ("It cost 640 ", [END, "crowns", " ", "[2"], "[2"),
        ("It cost 640.", [" He", ".", " ["], " ["),  # another sentence would begin
        ("Mr.", [" Odd"], " Odd"),  # an abbreviation ends none
        ("It cost 640 [", ["3", "12", "2]"], "2]"),
        ("It cost 640 [2", [END, "1", "]"], "]"),
        ("It cost 640 [2]", [".", END], "."),
        ("It cost 640 [2].", [END], END),
        ("It cost 640. [2]", [" He"], " He"),
        ("It cost 640. [2] He paid", [END, " it", " [1]"], " [1]"),
        ("It cost", [" \udce2\udc82"], " \udce2\udc82"),  # of €
        ("It cost 640. \udcff", [" He", " ["], " ["),
        ("It cost", [" [sic]", " 640"], " 640"),  # brackets are for marks
        (NOT_SAID, [END], END),
        (NOT_SAID, [" He", END], END),
        ("It cost 640", [END], "nothing"),
    ],
)
def test_every_sentence_is_marked(text: str, pieces: list[str | None], chosen: str | None) -> None:
    """With the number of one of the two passages; the words are the model's own."""
    assert choose(Marked(PASSAGES), text, pieces) == chosen


def test_a_reply_that_would_have_ended_ends_with_its_mark() -> None:
    """Nothing is written behind a mark that only the rule asked for."""
    rule = Marked(PASSAGES)
    assert choose(rule, "It cost 640.", [END, " He", " ["]) == " ["
    assert choose(rule, "It cost 640. [", [END, "2"]) == "2"
    assert choose(rule, "It cost 640. [2", ["]"]) == "]"
    assert choose(rule, "It cost 640. [2]", [" He", END]) == "nothing"
    assert choose(Marked(PASSAGES), "It cost 640. [2]", [" He", END]) == " He"


def test_what_comes_after_the_choice_is_not_looked_at() -> None:
    """The pieces are as many as the model has tokens."""
    for rule in (Spans(PASSAGES), Marked(PASSAGES)):
        pieces = iter(["48", "It", "Mr."])
        assert rule.choose("", pieces) == 0
        assert next(pieces) == "It"


def test_a_character_of_several_bytes_is_written_byte_by_byte() -> None:
    """The bytes of another one that begins alike do not fit."""
    rule = Spans(["In Ærø, at noon."])
    first, last, other, lone = ("\udcc3", "\udc86", "\udc87", "\udcc2")  # of Æ, of Ç
    assert choose(rule, "In ", [lone, first]) == first
    assert choose(rule, "In ", [first + other, first + last]) == first + last
    assert choose(rule, "", [lone, first]) == first
    assert choose(rule, "In Ærø", [first, ","]) == ","


def test_ten_passages_have_marks_of_two_digits() -> None:
    """The first digit may be that of either."""
    ten = [f"Number {number}." for number in range(1, 11)]
    assert choose(Marked(ten), "It did [1", ["2", "0"]) == "0"
    assert choose(Spans(ten), "Number 10 [1", ["]", "0"]) == "0"
