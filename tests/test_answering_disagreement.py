"""Articles that give different values."""

import pytest

from qa.answering.disagreement import brought_up_to_date, differ, differing
from qa.answering.evidence import Evidence, worth_quoting
from qa.types import Hit, Span


def evidence(article_id: str, answer: str, date: str | None = None, strength: float = 1.0, rest: str = "") -> Evidence:
    """Evidence whose sentence is its answer, in a passage that may go on."""
    text = f"{answer}{rest}"
    return Evidence(
        Hit(article_id, "Bridge", date, None, None, text, 0, len(text), 1.0, 1),
        Span(0, len(answer)),
        answer,
        strength,
    )


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("48 million crowns", "41 million", True),
        ("48 million crowns", "forty-eight million", False),
        ("48,000,000", "48 million crowns", False),
        ("14 votes to 9", "14", False),
        ("in 2031", "on 4 May 2031", False),
        ("Edda Quist", "Jorun Aske", True),
        ("Mayor Edda Quist", "Quist", False),
        ("Edda Quist", "the mayor", False),
        ("Edda Quist", "48", False),
        ("because of the frost", "too little money", False),
        ("on Wednesday", "Thursday", True),
        ("", "48", False),
    ],
)
def test_values_differ_where_not_both_can_be_meant(one: str, other: str, expected: bool) -> None:
    """In either order."""
    assert differ(one, other) is differ(other, one) is expected


def test_every_value_is_said_newest_first() -> None:
    """Once each, whatever the order of their strength; an undated article is older than any."""
    found = [
        evidence("a", "41 million", "2031-01-02"),
        evidence("b", "48 million crowns", "2031-04-02"),
        evidence("c", "48 million", "2031-05-02"),
        evidence("d", "39 million"),
        evidence("a", "12", "2031-01-02"),
    ]
    assert [e.hit.article_id for e in differing(found, lambda part: True)] == ["b", "a", "d"]
    assert [e.hit.article_id for e in differing(found, lambda part: part[0].hit.article_id != "b")] == ["c", "a", "d"]


def test_one_value_is_no_difference() -> None:
    """Nor is what only the best article would answer."""
    found = [evidence("a", "41 million"), evidence("b", "48 million")]
    assert differing(found, lambda part: False) == differing(found[:1], lambda part: True) == differing([], bool) == []


def test_what_is_far_less_likely_is_no_second_value() -> None:
    """Less than an eighth as likely as the best."""
    for strength, expected in ((-1.0, 2), (-1.2, 0)):
        found = [evidence("a", "41 million"), evidence("b", "48 million", strength=strength)]
        assert len(differing(found, lambda part: True)) == expected


def test_more_than_three_values_are_cut() -> None:
    """The strongest three."""
    found = [evidence(f"{number}", f"{number} crowns") for number in range(1, 6)]
    assert [e.answer for e in differing(found, lambda part: True)] == ["1 crowns", "2 crowns", "3 crowns"]


@pytest.mark.parametrize(
    ("date", "answer", "rest", "leads"),
    [
        ("2031-04-02", "48 million", ", at first 41 million.", True),
        ("2031-04-02", "48 million", ", at first less.", False),
        ("2030-04-02", "48 million", ", at first 41 million.", False),
        (None, "48 million", ", at first 41 million.", False),
        ("2031-04-02", "Edda Quist", ", at first 41 million.", False),
    ],
)
def test_an_article_that_brings_a_number_up_to_date_is_said_first(
    date: str | None, answer: str, rest: str, leads: bool
) -> None:
    """It came later, answers by itself with another number, and names the earlier one; nothing is lost."""
    found = [evidence("a", "41 million", "2031-01-02"), evidence("b", answer, date, -5.0)]
    hits = [*(e.hit for e in found), evidence("b", "So it goes on", date, rest=rest).hit]
    led = brought_up_to_date(found, hits, lambda part: True)
    assert [e.answer for e in led] == ([answer, "41 million"] if leads else ["41 million", answer])
    assert len(worth_quoting(led)) == 1
    assert brought_up_to_date(found, hits, lambda part: False) == found


def test_of_several_that_bring_a_number_up_to_date_the_newest_leads() -> None:
    """Whatever the order of their strength; of no evidence there is none."""
    found = [
        evidence("a", "41 million", "2031-01-02"),
        evidence("b", "48 million", "2031-04-02", 0.5, " instead of 41 million."),
        evidence("c", "52 million", "2031-05-02", 0.4, " instead of 41 million."),
    ]
    led = brought_up_to_date(found, [e.hit for e in found], lambda part: True)
    assert [e.hit.article_id for e in led] == ["c", "a", "b"]
    assert brought_up_to_date([], [], lambda part: True) == []
