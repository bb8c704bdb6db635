"""The further questions on written news: each has its answer in the article or none, and its form does not tell which."""

from collections.abc import Sequence

import numpy as np
import pytest

from models.reader import written
from models.reader.further import KINDS, articles, of_another

ANSWERED, LEFT_OPEN, MOST_WORDS = {"short": 5, "quiz": 4}, {"short": 3, "quiz": 2}, {"short": 15, "quiz": 30}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("held_out", [False, True])
def test_further_questions_stand_in_their_articles(kind: str, held_out: bool) -> None:
    """So many with an answer, which stands there in one place, and so many without, and none that was asked already."""
    asked_before = {
        (one["title"], question.lower()) for one in written.articles(held_out) for question, _ in one["asked"]
    }
    assert articles(kind, held_out)
    for article in articles(kind, held_out):
        open_ones = [answer is None for _, answer in article["asked"]]
        assert sorted(open_ones) == [False] * ANSWERED[kind] + [True] * LEFT_OPEN[kind]
        for question, answer in article["asked"]:
            assert 0 < len(question.split()) <= MOST_WORDS[kind]
            assert (article["title"], question.lower()) not in asked_before
            assert answer is None or article["text"][slice(*answer)].strip()


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_does_not_tell_what_is_left_open(kind: str) -> None:
    """As many of either are written small or lack their question mark, and they are as long; within a few in a hundred."""
    asked = [one for article in articles(kind, held_out=False) for one in article["asked"]]
    answered, left_open = ([question for question, answer in asked if bool(answer) is side] for side in (True, False))
    for small in (lambda question: question.endswith("?"), lambda question: question[0].islower()):
        shares = [sum(map(small, part)) / len(part) for part in (answered, left_open)]
        assert abs(shares[0] - shares[1]) < 0.04
    words = [sum(len(question.split()) for question in part) / len(part) for part in (answered, left_open)]
    assert abs(words[0] - words[1]) < 1


class Letters:
    """Embeds a text as how often it has each letter."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Counts of shape (texts, 26)."""
        return np.array([[text.lower().count(chr(97 + i)) for i in range(26)] for text in texts], dtype=np.float32)


def test_another_article_shares_no_story_with_that_which_answers() -> None:
    """Nor does it hold the answer; of those left, the passage most like the question."""
    read = [
        {"title": "A pool", "text": "In Ulm they dug. Then Ulmbad opened, said Mayor Roth.", "asked": []},
        {"title": "Later", "text": "In Ulm swimming stopped, said Mayor Roth: no pool.", "asked": []},
        {"title": "Also", "text": "The pool in Gera is like Ulmbad, they say.", "asked": []},
        {"title": "Not so", "text": "The pool in Gera opened.", "asked": []},
    ]
    read[0]["asked"] = [("Which pool opened?", (22, 28)), ("Who spoke of the pool?", (48, 52))]
    assert read[0]["text"][22:28] == "Ulmbad"
    assert [(one["question"], one["text"], one["answer"]) for one in of_another(read, Letters())] == [
        ("Which pool opened?", "The pool in Gera opened.", None)
    ]
