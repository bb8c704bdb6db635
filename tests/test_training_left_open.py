"""Questions on paragraphs of the open sets, as examples for the reader."""

import json
import re
from pathlib import Path

from models.reader.left_open import FOLDER, as_rows, examples, question_examples, written

# Two windows: the second begins with the last sentence of the first.
FIRST = " ".join(f"In year {year} the mill ground wheat for the town." for year in range(1900, 1912))
TEXT = f"{FIRST} Later the mill was sold to Anna Berg. {'She kept it for good. ' * 10}".strip()


def test_an_answered_question_goes_with_the_window_that_answers_it() -> None:
    """The span is counted from where the window begins."""
    start = TEXT.index("Anna Berg")
    (made,) = question_examples(
        {"row": "a", "question": "Who bought it?", "answer": [start, start + 9]}, {"title": None, "text": TEXT}
    )
    assert made["text"][made["answer"][0] : made["answer"][1]] == "Anna Berg"
    assert made["title"] == ""
    assert made["text"] != TEXT


def test_an_open_question_goes_with_two_windows_and_no_answer() -> None:
    """Each of them leaves it open."""
    made = list(
        question_examples({"row": "a", "question": "Who built it?", "answer": None}, {"title": "M", "text": TEXT})
    )
    assert [one["answer"] for one in made] == [None, None]
    assert made[0]["text"].startswith("In year 1900")
    assert made[1]["text"].endswith("for good.")


def test_rows_without_written_questions_give_nothing(tmp_path: Path) -> None:
    """And a question is put to the passage that holds its row's answer."""
    question = {"row": "a", "question": "Who?", "answer": [0, 2]}
    (tmp_path / "0.jsonl").write_text(json.dumps(question) + "\n", encoding="utf-8")
    passages = [{"title": "", "text": "No."}, {"title": "", "text": "It is so."}]
    rows = [{"id": "a", "gold": [1], "passages": passages}, {"id": "b", "gold": [0], "passages": passages}]
    ((made,),) = examples(rows, written(tmp_path))
    assert (made["text"], made["answer"]) == ("It is so.", [0, 2])
    assert as_rows(rows, written(tmp_path)) == [
        {
            "id": "open-0-a",
            "question": "Who?",
            "passages": [passages[1]],
            "gold": [0],
            "answers": ["It"],
            "answerable": True,
        }
    ]


def test_the_written_questions_are_whole() -> None:
    """Each once on its paragraph, a third of them or more left open; and no passage's text among them."""
    questions = written(FOLDER)
    every = [one for of_row in questions.values() for one in of_row]
    assert all(one.keys() == {"row", "question", "answer"} for one in every)
    assert all(re.search(r"\w", one["question"]) and len(one["question"]) < 250 for one in every)
    assert len({(one["row"], one["question"].lower()) for one in every}) == len(every)
    assert all(one["answer"] is None or 0 <= one["answer"][0] < one["answer"][1] for one in every)
    assert 0.3 < sum(one["answer"] is None for one in every) / len(every) < 0.7
