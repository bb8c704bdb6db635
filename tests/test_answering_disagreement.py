"""Articles that give different values."""

import pytest

from qa.answering.disagreement import differ, differing
from qa.answering.evidence import Evidence
from qa.types import Hit, Span


def evidence(article_id: str, answer: str, date: str | None = None, strength: float = 1.0) -> Evidence:
    """Evidence whose sentence is its answer."""
    return Evidence(
        Hit(article_id, "Bridge", date, None, None, answer, 0, len(answer), 1.0, 1),
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
