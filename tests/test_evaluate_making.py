"""Questions made from a library: only those that their passage answers are kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from qa.chat import Desk
from qa.errors import InputError
from qa.evaluate.cases import load_questions
from qa.evaluate.making import made_before, make_questions, question_and_answer, write_made
from tests.conftest import MakeDesk

SERVER = "http://127.0.0.1:9/v1"  # never asked: the generator is a fake
PASSAGE = "Mayor Edda Quist said the work had cost 48 million crowns."


@pytest.mark.parametrize(
    ("replies", "kept"),
    [
        (("What did the bridge work cost?\n48 million crowns", "48 million crowns"), True),
        (("Question: What did the bridge work cost?\nAnswer: 48 million crowns.", "It was 48 million crowns"), True),
        (("What did the bridge work cost?\n49 million crowns", "48 million crowns"), False),  # not in the passage
        (("What did the bridge work cost?\n48 million crowns", "none"), False),  # not found again
        (("What did the bridge work cost?",), False),  # no answer
        (("What?\n48 million crowns", "48 million crowns"), False),  # asks for nothing
        (("The bridge work was costly.\n48 million crowns", "48 million crowns"), False),  # no question
    ],
)
def test_a_question_is_kept_where_its_passage_answers_it(
    make_desk: MakeDesk, replies: tuple[str, ...], kept: bool
) -> None:
    """The answer is copied from the passage, and found a second time."""
    found = question_and_answer(make_desk(*replies), "Bridge", PASSAGE)
    assert found == (("What did the bridge work cost?", "48 million crowns") if kept else None)


def test_one_in_five_has_its_article_held_out(make_desk: MakeDesk, tmp_path: Path) -> None:
    """Then nothing answers it; all are marked as made, and can be read as questions."""
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.txt").write_text(
            f"Note {number}\nThe bridge number {number} has cost {number + 40} crowns.\n"
        )
    replies = [reply for _ in range(5) for reply in ("What did the bridge cost?\ncrowns", "crowns")]
    desk = make_desk(*replies, model=SERVER)
    desk.index(folder)
    lines = list(make_questions(desk, 5, 0))
    assert [line["answerable"] for line in lines] == [True, True, False, True, True]
    file, told = tmp_path / "out" / "questions.jsonl", {"library": "x", "seed": 0}
    assert not made_before(file, told)
    write_made(file, lines, told)
    assert made_before(file, told)
    with pytest.raises(InputError, match="was made from another library, model, number or seed"):
        made_before(file, {**told, "seed": 1})
    cases = load_questions(tmp_path / "out" / "questions.jsonl").cases
    assert all(case.made for case in cases)
    assert [len(case.without) for case in cases] == [0, 0, 1, 0, 0]
    assert all(len(case.gold_articles) == 1 for case in cases if case.answerable)


def test_an_empty_library_or_a_small_model_makes_none(make_desk: MakeDesk) -> None:
    """The default model would ask what its passage does not answer."""
    desk = make_desk(model=SERVER)
    desk.create()
    with pytest.raises(InputError, match="no articles to make questions from"):
        list(make_questions(desk, 5, 0))
    fakes = [desk.embedder, desk.reader, desk.generator]
    small = Desk(
        desk.library.folder, replace(desk.settings, model="smollm2-135m"), *(lambda fake=fake: fake for fake in fakes)
    )
    with pytest.raises(InputError, match="135 million parameters, too few"):
        list(make_questions(small, 5, 0))
