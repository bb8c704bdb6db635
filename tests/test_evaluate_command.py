"""``qa eval`` from its options to its report: bad input without models, one run with the real ones."""

import json
from pathlib import Path

import pytest

from qa.cli import main
from qa.evaluate.command import sample
from qa.evaluate.report import read_records
from tests.conftest import write_articles

QUESTIONS = [
    {
        "id": "cost",
        "question": "How much had the work on the harbour bridge of Port Lindal cost?",
        "answers": ["48 million"],
        "answerable": True,
        "gold_articles": ["bridge.txt"],
    },
    {
        "id": "aid",
        "question": "How much aid did the growers' union of the Hallin valley ask for?",
        "answers": ["nine million"],
        "answerable": True,
        "gold_articles": ["valley/orchard.txt"],
    },
    {
        "id": "absent",
        "question": "Who won the chess championship in Tarvos?",
        "answers": [],
        "answerable": False,
        "gold_articles": [],
    },
]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """A file with two questions that the articles answer and one they do not."""
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in QUESTIONS))
    return file


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    """In the order of the file; a large limit takes all."""
    lines = list(range(100))
    assert sample(lines, 10, 3) == sample(lines, 10, 3) == sorted(sample(lines, 10, 3))
    assert sample(lines, 10, 3) != sample(lines, 10, 4)
    assert sample(lines, None, 0) == sample(lines, 1000, 0) == lines


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--questions", "none.jsonl", "--library", "x"], "there is no file none.jsonl"),
        (["--questions", "mine.jsonl", "--corpus", "none"], "there is no corpus none"),
        (["--questions", "mine.jsonl", "--library", "none"], "no library at none"),
        (["--questions", "mine.jsonl", "--against", "none"], "none holds no earlier run"),
        (["--questions", "mine.jsonl", "--against", "x", "--out", "x"], "would be replaced"),
        (["--questions", "mine.jsonl", "--task", "support"], "none for the task support"),
        (["--questions", "empty.jsonl"], "empty.jsonl is empty"),
    ],
)
def test_bad_input_ends_in_one_line(
    questions: Path,
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before anything is indexed or asked."""
    monkeypatch.chdir(questions.parent)
    Path("empty.jsonl").touch()
    assert main(["eval", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == "" and said in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--questions", "a", "--make", "3"],
        ["--questions", "a", "--corpus", "b", "--given", "all"],
        ["--make", "3", "--corpus", "b"],
    ],
)
def test_options_that_contradict_are_a_usage_error(arguments: list[str]) -> None:
    """Exit status 2, as for every command."""
    with pytest.raises(SystemExit, match="2"):
        main(["eval", *arguments])


@pytest.mark.models
def test_a_run_on_the_real_models(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Indexed, asked, reported; asked again in another order, where other prompts lie before, the answers are the same."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    corpus = write_articles(tmp_path / "articles")
    command = ["eval", "--questions", str(questions), "--corpus", str(corpus), "--json", "--out"]
    assert main([*command, str(tmp_path / "one")]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["indexing"]["added"] == 3
    assert list(first["questions"]) == ["mine.jsonl"]
    assert {"hit@1, gold article", "balanced accuracy", "whole answer, p50"} <= {f["name"] for f in first["figures"]}
    questions.write_text("".join(json.dumps(line) + "\n" for line in QUESTIONS[::-1]))
    assert main([*command, str(tmp_path / "two"), "--against", str(tmp_path / "one")]) == 0
    second = json.loads(capsys.readouterr().out)
    assert [f["value"] for f in second["differences"]] == [0.0] * len(second["differences"]) != []
    assert second["became_wrong"] == []
    one, two = (
        {record["id"]: record["answer"]["text"] for record in read_records(tmp_path / name, "ask")}
        for name in ("one", "two")
    )
    assert one == two
