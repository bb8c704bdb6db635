"""``qa eval`` from its options to its report: bad input without models, one run with the real ones."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import qa
from qa.arguments import argument_parser
from qa.chat import Desk
from qa.cli import COMMANDS, main
from qa.evaluate.bench import Bench
from qa.evaluate.command import evaluate, sample
from qa.evaluate.report import read_records
from qa.types import Message
from tests.conftest import MakeDesk, ScriptedGenerator, write_articles

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
    """In an order of chance, so that its beginning is a sample, too; a large limit takes all."""
    lines = list(range(100))
    assert sample(lines, 10, 3) == sample(lines, 10, 3) != sample(lines, 10, 4)
    assert sample(lines, None, 0) == sample(lines, 1000, 0) != lines
    assert sorted(sample(lines, None, 0)) == lines


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
        (["--questions", "mine.jsonl", "--given", "gold"], "no question with passages of its own"),
        (["--make", "3", "--library", "made", "--model", "mine.jsonl"], "mine.jsonl is no GGUF file"),
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
    Desk.create(qa.open(Path("made")))
    assert main(["eval", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == "" and said in err and len(err.splitlines()) == 1


def test_a_package_of_the_extra_that_is_missing_is_named_before_anything_is_asked(
    questions: Path, tmp_path: Path
) -> None:
    """Most of them are needed only when the figures are computed."""
    (tmp_path / "rouge_score.py").write_text("raise ModuleNotFoundError('gone', name='rouge_score')\n")
    command = [sys.executable, "-m", "qa", "eval", "--questions", str(questions), "--library", str(tmp_path / "none")]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "qa: rouge_score is not installed; run: pip install 'newsdesk[eval]'\n"


class FakeBench(Bench):
    """A bench whose desks have the fakes as models, over one library."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def library(self, folder: Path | None) -> Desk:
        """The one there is."""
        return self.desk


class Interrupted(ScriptedGenerator):
    """Ctrl-C with the second question."""

    def stream(self, messages: Sequence[Message], max_tokens: int, passages: Sequence[str] = ()) -> Iterator[str]:
        """As scripted, once."""
        if self.prompts:
            raise KeyboardInterrupt
        return super().stream(messages, max_tokens)


def asked(desk: Desk, questions: Path, out: Path, *more: str) -> tuple[Path, dict[str, Any]]:
    """A run over a desk."""
    options = argument_parser("0", dict.fromkeys(COMMANDS, main)).parse_args(
        ["eval", "--questions", str(questions), "--library", "x", "--out", str(out), *more]
    )
    return evaluate(options, FakeBench(desk))


def test_an_interrupted_run_reports_on_what_was_asked_and_loses_no_earlier_one(
    questions: Path, tmp_path: Path, make_desk: MakeDesk
) -> None:
    """Before the first answer all of the earlier run is there, after it nothing of it."""
    whole, out = make_desk(), tmp_path / "out"
    whole.index(write_articles(tmp_path / "articles"))
    _, report = asked(whole, questions, out)
    assert (report["left"], len(read_records(out, "ask"))) == (0, 3)
    assert "not in the library" not in str(report["notes"])
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    struck = Interrupted()
    struck.prompts.append([])
    desk = Desk(whole.library.folder, whole.settings, *(lambda f=f: f for f in (whole.embedder, whole.reader, struck)))
    with pytest.raises(KeyboardInterrupt):
        asked(desk, questions, out)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
    struck.prompts.clear()
    _, report = asked(desk, questions, out)
    assert len(read_records(out, "ask")) == 3 - report["left"] < 3
    assert "Interrupted" in report["notes"][1]


def test_what_a_reader_of_the_figures_must_know_is_noted(questions: Path, tmp_path: Path, make_desk: MakeDesk) -> None:
    """Gold articles that are not there, questions nobody can judge, made ones, the day and what was others before."""
    desk = make_desk()
    desk.index(write_articles(tmp_path / "articles"))
    asked(desk, questions, tmp_path / "one", "--today", "2031-05-01")
    lines = [{**QUESTIONS[0], "gold_articles": ["gone.txt"]}, {**QUESTIONS[1], "answers": [], "made": True}]
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines))
    _, report = asked(desk, questions, tmp_path / "two", "--against", str(tmp_path / "one"), "--today", "2031-06-01")
    notes = "\n".join(report["notes"])
    assert "1 gold articles are not in the library: gone.txt" in notes
    assert "1 that can be answered have no accepted answer" in notes
    assert "made by a model; they are not real ones" in notes
    assert "2 of 2 are in the earlier run, too. Conditions that were others: questions, today." in notes
    assert (report["today"], report["day"]) == ("2031-06-01", date.today().isoformat())


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
        {record["id"]: {**record["answer"], "timings": None} for record in read_records(tmp_path / name, "ask")}
        for name in ("one", "two")
    )
    assert one == two
    assert second["notes"][-1] == "3 of 3 are in the earlier run, too. Conditions that were others: questions."
