"""A report as it is written, read again and compared."""

import json
from pathlib import Path

import pytest

from qa.errors import InputError
from qa.evaluate.figures import Figure, all_figures, shared
from qa.evaluate.plots import draw_plots
from qa.evaluate.report import (
    Report,
    became_wrong,
    figure_table,
    make_folder,
    read_records,
    readable,
    told,
    worst_cases,
    write_records,
    write_report,
)
from tests.conftest import MakeDesk
from tests.test_evaluate_figures import record

WRONG = record(2, scores={"contains_gold": 0.0}, answer={"confidence": 0.8})
MISSED = record(3, scores={"contains_gold": 0.0, "not_refused": 0.0}, answer={"abstained": True, "confidence": 0.4})


def test_a_figure_is_shown_with_its_interval_and_count() -> None:
    """Shares with three digits, times whole; differences with their sign."""
    rows = figure_table(
        [Figure("g", "hit", 0.5, 10, 0.25, 0.75), Figure("g", "time", 1234.5, 3, unit="ms")]
    ).splitlines()
    assert rows[2:] == ["| hit | 0.500 | 0.250 to 0.750 | 10 |", "| time | 1,234 ms |  | 3 |"]
    assert "| f1 | +0.100 | -0.100 to +0.300 | 5 |" in figure_table([Figure("g", "f1", 0.1, 5, -0.1, 0.3)], signed=True)


def test_the_worst_cases_are_wrong_with_the_most_confidence() -> None:
    """A wrong answer with .8 before a refusal with 1 - .4; what went well is none."""
    assert [line[:2] for line in worst_cases([record(1), MISSED, WRONG, record(4, answerable=False)])] == ["2:", "3:"]


def test_what_became_wrong_is_listed() -> None:
    """Right before and wrong now; what was wrong before or is new is not."""
    before = [record(2), record(3, scores={"contains_gold": 0.0}), record(5)]
    assert [line[:2] for line in became_wrong(before, [WRONG, MISSED, record(5), record(6)])] == ["2:"]
    claim = {"id": "7", "claim": "It cost 48.", "scores": {"told apart": 1.0}}
    fell = {**claim, "scores": {"told apart": 0.0}}
    assert became_wrong([claim], [fell]) == ["7: It cost 48. | no more: told apart"]
    assert became_wrong([fell], [claim]) == []


def test_a_report_is_written_and_read_again(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Three files: to read, for programs, and every case."""
    run = [record(1), WRONG, MISSED, record(4, answerable=False)]
    run[0]["question"] = "What did it cost?\u2028And why?"
    conditions = told(make_desk(), seed=7, task="ask")
    report = Report("Evaluation: mine", conditions, all_figures(run), run, notes=["Four questions."])
    make_folder(tmp_path / "out")
    assert list(write_records(tmp_path / "out", run)) == run
    write_report(tmp_path / "out", report)
    assert read_records(tmp_path / "out", "ask") == run
    with pytest.raises(InputError, match="holds a run of the task ask, this one is support"):
        read_records(tmp_path / "out", "support")
    document = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert (document["seed"], document["settings"]["shown_passages"]) == (7, 16)
    assert document["models"]["embedder"] == "words-512"
    assert {"close_reader/close_reader.safetensors", "reader/calibration.json", "followup/weights.json"} < set(
        document["models"]
    )
    assert document["code"].startswith("sha256 ")
    assert {"python", "torch", "newsdesk"} <= set(document["versions"])
    assert {"group", "name", "value", "count", "low", "high", "unit"} == set(document["figures"][0])
    text = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert text == readable(report)
    assert text.index("Four questions.") < text.index("## Retrieval") < text.index("## The 2 worst cases")


def test_a_comparison_stands_at_the_head(make_desk: MakeDesk) -> None:
    """Differences first, then what became wrong."""
    report = Report(
        "t", {}, [Figure("g", "n", 0.5, 2)], [], [Figure("Differences", "f1", -0.2, 9, -0.3, -0.1)], ["2: What?"]
    )
    text = readable(report)
    assert "| f1 | -0.200 | -0.300 to -0.100 | 9 |" in text
    assert text.index("Became wrong:\n\n- 2: What?") < text.index("## g")


def test_plots_are_pictures(tmp_path: Path) -> None:
    """Two where there are answers, none of nothing."""
    assert draw_plots(tmp_path, [record(1), WRONG, record(4, answerable=False)]) == [
        "reliability.png",
        "risk-coverage.png",
    ]
    assert (tmp_path / "reliability.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "risk-coverage.png").read_bytes().startswith(b"\x89PNG")
    assert draw_plots(tmp_path, []) == []
    assert not list(tmp_path.glob("*.png"))  # those of an earlier run would speak of other cases


def test_a_folder_without_an_earlier_run_is_one_clear_error(tmp_path: Path) -> None:
    """It says what to give."""
    (tmp_path / "report.json").write_text('{"task": "ask"}')
    for lines in ("", "[1]\n", '{"text": "x"}\n', "{"):
        (tmp_path / "answers.jsonl").write_text(lines)
        with pytest.raises(InputError, match="holds no earlier run"):
            read_records(tmp_path, "ask")


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    """Before anything is asked."""
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="name another folder with --out"):
        make_folder(tmp_path / "file")


def test_another_question_under_the_same_number_is_another_case() -> None:
    """Lines without an id are numbered, in each file from 1."""
    other = record(2, question="Another?", scores={"contains_gold": 0.0})
    assert became_wrong([record(2)], [other]) == []
    assert shared([record(2)], [other, record(2)]) == [(record(2), record(2))]
