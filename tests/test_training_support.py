"""Claims that the checker is trained on."""

import random
from pathlib import Path

import pytest

from models.reader import written
from models.support.examples import CLAIMS, NARROW, answer_pairs, read_claims, sentence_pairs, stretch
from models.support.train import unsaid_words

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


def test_the_words_that_differ_are_those_that_are_wrong() -> None:
    """By their places; what only the supported claim has is nowhere in the other."""
    said, unsaid = "The state pays 6 million for it.", "The town pays 9 million."
    assert [unsaid[slice(*place)] for place in unsaid_words(said, unsaid)] == ["town", "9"]
    assert unsaid_words(said, said) == []
