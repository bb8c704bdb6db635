"""The short questions on written news: each has its answer in the article or none, and its form does not tell which."""

import pytest

from models.reader import written
from models.reader.short import articles


@pytest.mark.parametrize("held_out", [False, True])
def test_short_questions_stand_in_their_articles(held_out: bool) -> None:
    """Five with an answer, which stands there in one place, and three without, and none that was asked already."""
    asked_before = {
        (one["title"], question.lower()) for one in written.articles(held_out) for question, _ in one["asked"]
    }
    for article in articles(held_out):
        assert sorted(answer is None for _, answer in article["asked"]) == [False] * 5 + [True] * 3
        for question, answer in article["asked"]:
            assert 0 < len(question.split()) < 16
            assert (article["title"], question.lower()) not in asked_before
            assert answer is None or article["text"][slice(*answer)].strip()


def test_the_form_does_not_tell_what_is_left_open() -> None:
    """As many of either are written small or lack their question mark, and they are as long; within a few in a hundred."""
    asked = [one for article in articles(held_out=False) for one in article["asked"]]
    answered, left_open = ([question for question, answer in asked if bool(answer) is side] for side in (True, False))
    for small in (lambda question: question.endswith("?"), lambda question: question[0].islower()):
        shares = [sum(map(small, part)) / len(part) for part in (answered, left_open)]
        assert abs(shares[0] - shares[1]) < 0.04
    words = [sum(len(question.split()) for question in part) / len(part) for part in (answered, left_open)]
    assert abs(words[0] - words[1]) < 1
