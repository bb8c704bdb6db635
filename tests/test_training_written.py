"""Groups of the written news that the generator's adapter is trained on."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from models.generator.written import groups
from models.reader.written import place


class SameForAll:
    """Every text is as near to every other."""

    fingerprint = "same"
    dimension = 2

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one vector for each text."""
        return np.tile(np.array([1.0, 0.0], dtype=np.float32), (len(texts), 1))


def article(town: str, cost: str) -> dict:
    """A short article that answers one of its two questions."""
    text = f"The bridge at {town} opened on Friday. It cost {cost}, said its builders."
    asked = [(f"What did the bridge at {town} cost?", place(cost, text)), (f"Who drew the bridge at {town}?", None)]
    return {"title": f"Bridge at {town} opens", "date": None, "text": text, "asked": asked}


@pytest.fixture
def made() -> list[dict]:
    """One group of each of three articles."""
    read = [
        article("Ovelan", "4 million marks"),
        article("Tirnau", "9 million marks"),
        article("Kessmar", "2 million marks"),
    ]
    return groups(read, SameForAll(), random.Random(0))


def test_passages_of_other_articles_stand_beside_the_one_asked_about(made: list[dict]) -> None:
    """Every article is short enough to be one passage."""
    assert [len(one["passages"]) for one in made] == [3, 3, 3]
    assert all(len({passage["title"] for passage in one["passages"]}) == 3 for one in made)


def test_an_answer_stands_in_the_passage_it_names(made: list[dict]) -> None:
    """And in no other."""
    for one in made:
        [asked] = [question for question in one["asked"] if question["answer"]]
        holding = [n for n, passage in enumerate(one["passages"], 1) if asked["answer"] in passage["text"]]
        assert holding == [asked["passage"]]


def test_what_an_article_leaves_open_has_no_answer(made: list[dict]) -> None:
    """Its own open question is put to its passages, in its own words or completed as a follow-up."""
    for one in made:
        [asked] = [question for question in one["asked"] if question["answer"] is None]
        assert asked["question"].startswith("Who drew")
        assert asked["passage"] is None
