"""The made-up news that the reader is trained on."""

import calendar
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.generator.stories import FORENAMES, read_topics
from models.reader.further import KINDS as FURTHER
from models.reader.news import HELD_OUT_TOPICS, examples, worlds
from models.reader.tables import KINDS, table_examples
from models.reader.written import articles, elsewhere, place, written_examples
from models.support.examples import CLAIMS

PROJECT = Path(__file__).parent.parent
COMMON = (
    "Christmas Easter Eve New Year Mondays Saturdays Sundays Mr Mrs Ms Dr St Saint Professor Mayor President Northern "
    "American Latin Geneva Isle United Cross X-ray"
)
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
    """As whole words and in one place; a slip of the pen would teach the reader a wrong one."""
    for article in articles(held_out=False) + articles(held_out=True):
        assert article["title"] and len(article["asked"]) > 8
        for question, answer in article["asked"]:
            assert question.strip() == question != ""
            assert answer is None or article["text"][slice(*answer)].strip()


def test_a_written_question_comes_with_its_answer_and_with_a_passage_that_lacks_it() -> None:
    """About as often; and what is held out is not trained on."""
    made = list(written_examples(articles(held_out=False)))
    answered = [one["text"][slice(*one["answer"])] for one in made if one["answer"]]
    assert 0.4 < len(answered) / len(made) < 0.8
    marked = {a["text"][slice(*answer)] for a in articles(held_out=False) for _, answer in a["asked"] if answer}
    assert marked >= set(answered)
    assert not {one["title"] for one in made} & {one["title"] for one in written_examples(articles(held_out=True))}


@pytest.mark.parametrize(
    ("answer", "found"),
    [("in May", "in May"), ("{18} million", "18"), ("to {18}", None), ("to {18}.", "18"), ("Ma", None)],
)
def test_an_answer_that_stands_twice_is_told_by_the_words_around_it(answer: str, found: str | None) -> None:
    """One that is not told apart is refused."""
    text = "It costs 18 million, up to 18 in May, to 18."
    if found is None:
        with pytest.raises(ValueError, match="stands . times"):
            place(answer, text)
    else:
        assert text[slice(*place(answer, text))] == found


class Letters:
    """Embeds a text as how often it has each letter."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Counts of shape (texts, 26)."""
        return np.array([[text.lower().count(chr(97 + i)) for i in range(26)] for text in texts], dtype=np.float32)


def test_a_passage_on_other_things_does_not_name_what_is_asked_about() -> None:
    """Of the articles that are most alike, those that mention the name could answer, and are left alone."""
    read = [
        {"title": "A", "text": "The pool of Ulm costs nine.", "asked": [("What does the pool in Ulm cost?", (22, 26))]},
        {"title": "B", "text": "In the pool of Ulm they swim.", "asked": [("Who swims?", None)]},
        {"title": "C", "text": "The pool of Gera costs ten.", "asked": [("what costs ten", (4, 8))]},
    ]
    assert [(one["question"], one["text"], one["answer"]) for one in elsewhere(read, Letters())] == [
        ("What does the pool in Ulm cost?", "The pool of Gera costs ten.", None)
    ]


def test_people_and_places_of_written_news_are_not_those_of_the_sample_articles() -> None:
    """Nor any other word of capital letter that no text has in small letters; days, months and titles aside.

    With claims, talks and further questions.
    """
    claims = [file.read_text(encoding="utf-8") for file in CLAIMS.rglob("*.txt")]
    talks = [file.read_text(encoding="utf-8") for file in (PROJECT / "models" / "followup").glob("*.jsonl")]
    folders = [PROJECT / "models" / "reader" / kind for kind in FURTHER]
    further = [file.read_text(encoding="utf-8") for folder in folders for file in folder.rglob("*.txt")]
    texts = [one["text"] for one in articles(held_out=False) + articles(held_out=True)]
    written = " ".join([*texts, *claims, *talks, *further])
    seeds = " ".join(seed_texts())
    both = [set(re.findall(r"(?<=[a-z,] )[A-Z][\w-]+", text)) for text in (written, seeds)]
    small = set(re.findall(r"(?<![\w-])[a-z][\w-]+", f"{written} {seeds}"))
    common = {*calendar.month_name, *calendar.day_name, *COMMON.split()}
    shared = {word for word in set.intersection(*both) - common if word.lower() not in small}
    assert not shared


def seed_texts() -> list[str]:
    """The sample articles."""
    return [article.read_text(encoding="utf-8") for article in sorted((PROJECT / "seeds").glob("*.txt"))]
