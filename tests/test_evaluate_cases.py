"""Files of questions in every format that is known."""

import gzip
import json
from pathlib import Path

import pytest

from qa.errors import InputError
from qa.evaluate.cases import facts, load_questions, numbered_lines
from qa.types import Message

OWN = {
    "id": "1",
    "question": "What did it cost?",
    "answers": ["48"],
    "answerable": True,
    "gold_articles": ["bridge.txt"],
}
PASSAGES = [
    {"title": "Bridge", "date": "2031-04-02", "text": "It cost 48."},
    {"title": None, "date": None, "text": "No."},
]
ROW = {"id": "r", "question": "What?", "answers": ["48"], "answerable": True, "passages": PASSAGES, "gold": [0]}


def written(tmp_path: Path, *lines: object) -> Path:
    """A file of JSON lines."""
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def test_an_owners_own_line(tmp_path: Path) -> None:
    """With its history and its day; what is not given is empty."""
    line = {**OWN, "history": [{"role": "user", "content": "Hello"}], "today": "2031-05-01", "kind": "fact"}
    (case,) = load_questions(written(tmp_path, line)).cases
    assert (case.case_id, case.question, case.answers, case.answerable) == ("1", "What did it cost?", ("48",), True)
    assert (case.gold_articles, case.history) == (frozenset({"bridge.txt"}), (Message("user", "Hello"),))
    assert (case.today, case.kind, case.given, case.made) == ("2031-05-01", "fact", None, False)


def test_passages_are_put_in_hand(tmp_path: Path) -> None:
    """Those with the answer, all, or none of them; the same passage has the same id, whichever line it comes with."""
    file = written(tmp_path, ROW, {**ROW, "id": "s"})
    gold, same = load_questions(file, "gold").cases
    (given,) = gold.given or ()
    assert (given.title, given.text, gold.gold_articles) == ("Bridge", "It cost 48.", frozenset({given.article_id}))
    assert same.given == gold.given
    assert [passage.text for passage in load_questions(file, "all").cases[0].given or ()] == ["It cost 48.", "No."]
    assert load_questions(file).cases[0].given is None


def test_a_question_without_gold_passages_gets_all_of_its_own(tmp_path: Path) -> None:
    """A refusal is only worth something with passages that come close."""
    (case,) = load_questions(written(tmp_path, {**ROW, "answerable": False, "answers": [], "gold": []}), "gold").cases
    assert [passage.text for passage in case.given or ()] == ["It cost 48.", "No."]


def test_gold_passages_are_found_in_a_corpus_of_facts(tmp_path: Path) -> None:
    """By their text."""
    (case,) = load_questions(written(tmp_path, ROW), None, {"It cost 48.": "fact-7"}).cases
    assert case.gold_articles == {"fact-7"}


def test_lines_whose_answer_nobody_knows_are_left_out_and_counted(tmp_path: Path) -> None:
    """Unknown, unless the corpus holds the words nowhere; gold by accident, unless some is strong."""
    lines = [
        {**OWN, "id": "known", "gold_strong": ["b"]},
        {**OWN, "id": "accident", "gold_strong": []},
        {**OWN, "id": "absent", "answerable": "unknown", "corpus_matches": 0},
        {**OWN, "id": "perhaps", "answerable": "unknown", "corpus_matches": 2},
    ]
    questions = load_questions(written(tmp_path, *lines))
    assert [(case.case_id, case.answerable) for case in questions.cases] == [("known", True), ("absent", False)]
    assert questions.cases[0].gold_articles == {"b"}
    assert questions.left_out == 2


def test_packed_files_are_read_too(tmp_path: Path) -> None:
    """As plain ones are."""
    file = tmp_path / "mine.jsonl.gz"
    file.write_bytes(gzip.compress(json.dumps(OWN).encode()))
    assert len(load_questions(file).cases) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"id": "x"}, "line 2 of"),
        ({**OWN, "question": " "}, "is no text"),
        ({**OWN, "answerable": "yes"}, "neither true nor false"),
        ({**OWN, "history": ["hello"]}, "line 2 of"),
        ({**OWN, "answers": [48]}, "48 is no text"),
        ({**OWN, "answers": "48"}, "answers is '48', no list"),
        ({**OWN, "gold_articles": "bridge.txt"}, "no list"),
        ({**OWN, "gold_articles": [5]}, "5 is no text"),
        ({**OWN, "history": [{"role": "user", "content": 5}]}, "a turn of the history is none"),
        ({**OWN, "today": "yesterday"}, "'yesterday' is not a date"),
        ({**OWN, "question": "why " * 1001}, "4,004 characters"),
        ({**OWN, "question": "half a \ud800"}, "surrogates not allowed"),
        ({**ROW, "gold": [3]}, "where there are 2 passages"),
        ({**ROW, "passages": ["text"]}, "no object with a text"),
    ],
)
def test_a_line_that_is_no_question_is_one_clear_error(tmp_path: Path, line: object, said: str) -> None:
    """It names the line and where the formats are described."""
    with pytest.raises(InputError, match=said):
        load_questions(written(tmp_path, OWN, line))


def test_questions_without_passages_of_their_own_are_left_out(tmp_path: Path) -> None:
    """To refuse them would be no merit."""
    file = written(tmp_path, ROW, {**ROW, "id": "s", "answerable": False, "answers": [], "passages": [], "gold": []})
    questions = load_questions(file, "gold")
    assert ([case.case_id for case in questions.cases], questions.left_out) == (["r"], 1)


def test_facts_are_known_by_their_text(tmp_path: Path) -> None:
    """A corpus of articles has none; a fact without an id is one clear error."""
    assert facts(written(tmp_path, {"id": "f", "fact": "It cost 48."})) == {"It cost 48.": "f"}
    assert facts(written(tmp_path, {"id": "a", "text": "It cost 48."})) == {}
    with pytest.raises(InputError, match="line 1 of .* is no fact"):
        facts(written(tmp_path, {"fact": "It cost 48."}))


def test_files_that_hold_no_questions_are_one_clear_error(tmp_path: Path) -> None:
    """Missing, empty, not JSON, not packed."""
    with pytest.raises(InputError, match="there is no file"):
        load_questions(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="no question whose answer is known"):
        load_questions(written(tmp_path))
    (tmp_path / "bad.jsonl.gz").write_bytes(b"not packed")
    with pytest.raises(InputError, match="cannot be read"):
        list(numbered_lines(tmp_path / "bad.jsonl.gz"))
    with pytest.raises(InputError, match="is no object"):
        list(numbered_lines(written(tmp_path, ["a list"])))
    (tmp_path / "bad.jsonl").write_text(f"{json.dumps(OWN)}\n{{,}}\n")
    with pytest.raises(InputError, match="line 2: Expecting property name"):
        list(numbered_lines(tmp_path / "bad.jsonl"))


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    """As some editors write it."""
    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps(OWN), encoding="utf-8-sig")
    assert len(load_questions(file).cases) == 1
