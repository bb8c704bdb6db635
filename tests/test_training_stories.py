"""The made-up news that the generator's adapter is trained on."""

import random
import re
from pathlib import Path

import pytest

from models.generator.stories import MOST_ASKED, Story, World, read_topics, stories
from models.reader.examples import find

PROJECT = Path(__file__).parent.parent
TOPICS = read_topics(PROJECT / "models" / "generator" / "story_lines.txt")


@pytest.fixture(scope="module")
def groups() -> list[dict]:
    """Sixty groups."""
    return stories(60, seed=3)


def test_an_answer_stands_in_its_passage_and_in_no_other(groups: list[dict]) -> None:
    """Else the number of the passage would be wrong, or there would be two right ones."""
    answered = 0
    for group in groups:
        for asked in group["asked"]:
            if asked["answer"] is not None:
                places = [n for n, p in enumerate(group["passages"], 1) if find(asked["answer"], p["text"]) >= 0]
                assert places == [asked["passage"]]
                assert find(asked["answer"], asked["question"]) < 0
                answered += 1
            else:
                assert asked["passage"] is None
    assert answered > 60


def test_both_kinds_of_questions_are_asked(groups: list[dict]) -> None:
    """Some are answered, some not, and never more than one group may hold."""
    asked = [question for group in groups for question in group["asked"]]
    share = sum(question["answer"] is None for question in asked) / len(asked)
    assert 0.15 < share < 0.6
    assert max(len(group["asked"]) for group in groups) <= MOST_ASKED


def test_no_name_of_the_sample_articles_is_drawn() -> None:
    """Those are for measuring."""
    known = set()
    for article in (PROJECT / "seeds").glob("*.txt"):
        known |= set(re.findall(r"[A-Z][a-z]+", article.read_text(encoding="utf-8")))
    story = Story(TOPICS[0], World(random.Random(1), set(known)))
    drawn = {story.drawn(kind) for kind in ("town", "club", "surname") for _ in range(200)}
    assert len(drawn) == 600  # nor twice
    assert not drawn & known


def test_every_line_that_is_asked_about_says_what_is_asked() -> None:
    """In each of its wordings the slot of every question occurs, so that the answer stands in the passage."""
    for topic in TOPICS:
        for line in (line for lines in topic.lines.values() for line in lines):
            for slot, _, questions in line.asks:
                assert questions
                for wording in line.wordings:
                    assert f"{{{slot}}}" in wording, wording
