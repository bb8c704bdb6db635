"""The made-up news that the reader is trained on."""

import calendar
import re
from pathlib import Path

import pytest

from models.generator.stories import FORENAMES, read_topics
from models.reader.news import HELD_OUT_TOPICS, examples, worlds
from models.reader.tables import KINDS, table_examples
from models.reader.written import articles, written_examples

PROJECT = Path(__file__).parent.parent
TOPICS = read_topics(PROJECT / "models" / "reader" / "story_lines.txt")


@pytest.fixture(scope="module")
def made() -> list[dict]:
    """The examples of sixty groups of passages."""
    return examples(60, seed=3, held_out=False)


def test_an_answer_is_whole_words_of_the_passage_and_not_of_the_question(made: list[dict]) -> None:
    """Else the reader would learn to cut words, or to repeat what it was asked."""
    answered = [one for one in made if one["answer"]]
    assert len(answered) > 200
    for one in answered:
        start, end = one["answer"]
        answer = one["text"][start:end]
        assert answer.strip() == answer != ""
        assert not re.search(rf"\w{re.escape(answer)}|{re.escape(answer)}\w", one["text"][max(0, start - 1) : end + 1])
        assert not re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", one["question"])


def test_some_questions_are_left_open(made: list[dict]) -> None:
    """About a third, so that the reader keeps declining."""
    assert 0.2 < sum(one["answer"] is None for one in made) / len(made) < 0.5


def test_held_out_topics_are_not_trained_on() -> None:
    """Headlines of the one never begin those of the other."""
    assert len(TOPICS) > HELD_OUT_TOPICS
    apart = [one["title"] for one in examples(20, seed=4, held_out=True)]
    assert apart and all(
        re.search(r"[Pp]ainting|at Night|university|students|archive|lecture|new head", t) for t in apart
    )
    assert not any("archive" in one["title"] or "university" in one["title"] for one in examples(20, 4, held_out=False))


def test_people_have_no_forename_of_the_sample_articles(made: list[dict]) -> None:
    """Those are for measuring."""
    seeds = " ".join(seed_texts())
    shared = [name for name in FORENAMES if re.search(rf"\b{name}\b", seeds)]
    assert shared
    texts = " ".join(one["text"] for one in made)
    assert not [name for name in shared if re.search(rf"\b{name}\b", texts)]


def test_every_line_that_is_asked_about_says_what_is_asked() -> None:
    """In each of its wordings the slot of every question occurs."""
    lines = [line for topic in TOPICS for part in topic.lines.values() for line in part]
    assert all(f"{{{slot}}}" in wording for line in lines for slot, _, _ in line.asks for wording in line.wordings)


def test_a_cell_stands_in_the_row_and_the_column_that_were_asked_for() -> None:
    """Whatever separates the columns."""
    asked = 0
    for world in worlds(60, seed=5):
        for one in (one for one in table_examples(world) if one["answer"]):
            start, end = one["answer"]
            headings, *rows = ([cell.strip() for cell in split(line)] for line in one["text"].split("\n"))
            row = rows[one["text"][:start].count("\n") - 1]
            if row.count(one["text"][start:end]) > 1:
                continue  # by chance
            column = headings[-len(row) + 1 :][row.index(one["text"][start:end], 1) - 1]
            questions = dict(pair for kind in KINDS for pair in kind.columns if kind.title == one["title"])
            assert questions[column].format(row=row[0]).rstrip("?").lower() == one["question"].rstrip("?").lower()
            asked += 1
    assert asked > 100


def split(line: str) -> list[str]:
    """A line of a table at whatever separates its cells."""
    return line.strip("| ").split(next(mark for mark in (" | ", "\t", "   ", "; ", "") if mark in line))


def test_written_answers_stand_in_their_articles() -> None:
    """As whole words; a slip of the pen would teach the reader a wrong place."""
    for article in articles():
        assert article["title"] and len(article["asked"]) > 8
        for question, answer in article["asked"]:
            assert question.strip() == question != ""
            assert answer is None or article["text"][slice(*answer)].strip()
    made = list(written_examples(held_out=False))
    answered = [one["text"][slice(*one["answer"])] for one in made if one["answer"]]
    assert 0.4 < len(answered) / len(made) < 0.8
    assert {a["text"][slice(*answer)] for a in articles() for _, answer in a["asked"] if answer} >= set(answered)
    assert not {one["title"] for one in made} & {one["title"] for one in written_examples(held_out=True)}


def test_people_and_places_of_written_news_are_not_those_of_the_sample_articles() -> None:
    """Days, months and titles aside."""
    both = [
        set(re.findall(r"(?<=[a-z,] )[A-Z][\w-]+", text))
        for text in (" ".join(one["text"] for one in articles()), " ".join(seed_texts()))
    ]
    common = {
        *calendar.month_name,
        *calendar.day_name,
        "Saturdays",
        "Sundays",
        "Christmas",
        "Easter",
        "Eve",
        "New",
        "Year",
        "Geneva",
        "Isle",
    }
    words = "Bridge Farmers Lake Mayor Mrs Northern Old Port President Professor Three University Water"
    assert not set.intersection(*both) - common - set(words.split())


def seed_texts() -> list[str]:
    """The sample articles."""
    return [article.read_text(encoding="utf-8") for article in sorted((PROJECT / "seeds").glob("*.txt"))]
