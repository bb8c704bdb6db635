"""Claims that the checker is trained on."""

import random
from pathlib import Path

import pytest

from models.reader import written
from models.support.examples import (
    CLAIMS,
    NARROW,
    answer_pairs,
    asked_of_their_own,
    open_pairs,
    read_claims,
    sentence_pairs,
    stretch,
    twisted_pairs,
)

PAIRS = """# 2031-04-02 Bridge at Ovelan opens
+ The bridge is open.
- The bridge is shut.

+ It cost 4 million marks.
- It cost 5 million marks.

# Frost in Tirnau
+ There was frost.
- There was no frost.
"""


def test_claims_are_read_as_pairs_by_headline(tmp_path: Path) -> None:
    """Without its date; empty lines say nothing."""
    (tmp_path / "a.txt").write_text(PAIRS, encoding="utf-8")
    assert read_claims(tmp_path) == {
        "Bridge at Ovelan opens": [
            ("The bridge is open.", "The bridge is shut."),
            ("It cost 4 million marks.", "It cost 5 million marks."),
        ],
        "Frost in Tirnau": [("There was frost.", "There was no frost.")],
    }


@pytest.mark.parametrize("line", ["+ Once more.", "- Once more.", "Once more."])
def test_a_claim_without_its_other_is_named(tmp_path: Path, line: str) -> None:
    """With the file and the headline."""
    (tmp_path / "a.txt").write_text(f"{PAIRS}{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.txt.*Frost in Tirnau"):
        read_claims(tmp_path)


def test_a_stretch_is_narrow_where_that_holds_the_whole_claim() -> None:
    """Its words stand at both ends of a long article: then only a wide one does."""
    filler = " ".join(f"Sentence number {n} says little about it." for n in range(25))
    text = f"The bridge cost 4 million marks. {filler} Its builders sang."
    narrow = stretch("The bridge cost 4 million marks.", text)
    assert narrow.startswith("The bridge cost")
    assert len(narrow.split()) <= NARROW < len(text.split())
    assert stretch("The builders of the bridge sang about its 4 million marks of cost.", text) == text


def test_a_wrong_answer_is_another_one_of_its_kind() -> None:
    """Of the same article; a question whose kind no other answer has makes no claim."""
    text = "The bridge cost 4 million marks. It is 80 metres long. Ida Holm drew it."
    asked = [
        ("How much did it cost?", written.place("4 million marks", text)),
        ("How long is it?", written.place("80 metres", text)),
        ("Who drew it?", written.place("Ida Holm", text)),
        ("Who paid for it?", None),
    ]
    made = list(answer_pairs([{"title": "Bridge", "text": text, "asked": asked}], random.Random(0)))
    assert [(one["said"], one["unsaid"]) for one in made] == [
        ("How much did it cost? 4 million marks.", "How much did it cost? 80 metres."),
        ("How long is it? 80 metres.", "How long is it? 4 million marks."),
    ]


def test_a_changed_sentence_has_what_its_paragraph_has_elsewhere() -> None:
    """Or a negation more; the sentence itself stands in the paragraph word for word."""
    text = (
        "The bridge was drawn by Ida Holm in the spring of 1931. The tower of Jan Orbeck was built much later, in 1954."
    )
    rows = [{"passages": [{"title": "Bridge", "text": text}]}]
    changes = set()
    for seed in range(20):
        [made] = sentence_pairs(rows, random.Random(seed))
        assert made["said"] in text
        assert made["unsaid"] not in text
        changes.add(made["unsaid"])
    assert "The bridge was drawn by Jan Orbeck in the spring of 1931." in changes
    assert "The bridge was drawn by Ida Holm in the spring of 1954." in changes
    assert "The bridge was not drawn by Ida Holm in the spring of 1931." in changes


@pytest.mark.parametrize("held_out", [False, True])
def test_every_claim_is_on_a_written_article(held_out: bool) -> None:
    """Whose headline it names, and no sentence is on both sides."""
    claims = read_claims(CLAIMS / "held_out" if held_out else CLAIMS)
    assert claims
    assert set(claims) <= {article["title"] for article in written.articles(held_out)}
    said = [{pair[side] for pairs in claims.values() for pair in pairs} for side in (0, 1)]
    assert not said[0] & said[1]


OPEN = "The bridge cost 4 million marks. Ida Holm drew it."


def asked(question: str, answer: str | None, row: str = "a", text: str = OPEN) -> dict:
    """An example of the reader's."""
    start = text.index(answer) if answer else 0
    place = [start, start + len(answer)] if answer else None
    return {"question": question, "title": "Bridge", "text": text, "answer": place, "row": row}


def test_a_twisted_question_comes_with_the_answer_of_the_one_it_was_made_from() -> None:
    """Both are claims on the same passage."""
    first, twist = asked("Who drew it?", "Ida Holm"), asked("Who never drew it?", None)
    [made] = twisted_pairs([first, twist])
    assert (made["said"], made["unsaid"], made["text"]) == (
        "Who drew it? Ida Holm.",
        "Who never drew it? Ida Holm.",
        OPEN,
    )


def test_an_open_question_comes_with_an_answer_of_another_one_of_its_kind() -> None:
    """The claim beside it is the question that has that answer; where none is of its kind there is no claim."""
    given = [asked("Who drew it?", "Ida Holm"), asked("How much did it cost?", "4 million marks")]
    [made] = open_pairs([*given, asked("How long is it?", None)], random.Random(0))
    assert (made["said"], made["unsaid"]) == (
        "How much did it cost? 4 million marks.",
        "How long is it? 4 million marks.",
    )
    assert list(open_pairs([given[0], asked("How long is it?", None)], random.Random(0))) == []
    assert list(open_pairs([*given, asked("How long is it?", None, text="Another.")], random.Random(0))) == []


def test_a_question_that_another_passage_answers_is_too_far_from_this_one() -> None:
    """A set's own open questions stay."""
    answered, mined, left = asked("Who?", "Ida Holm", "a"), asked("Who?", None, "a"), asked("Why?", None, "b")
    assert asked_of_their_own([answered, mined, left]) == [answered, left]
