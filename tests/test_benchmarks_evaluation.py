"""The table of the evaluation sets, and where they are looked for."""

import json
from pathlib import Path

import pytest
from evaluation import sets_in, table

HIT = {
    "group": "Retrieval",
    "name": "hit@5, gold article",
    "value": 0.5,
    "count": 4,
    "low": 0.15,
    "high": 0.85,
    "unit": "",
}
TIME = {
    "group": "Speed",
    "name": "whole answer, p50",
    "value": 1234.5,
    "count": 4,
    "low": None,
    "high": None,
    "unit": "ms",
}
OTHER = {**HIT, "name": "hit@1, gold article"}
TASK = {**HIT, "group": "Support check", "name": "AUROC"}


def write_report(folder: Path, left: int, *figures: object) -> None:
    """A report as ``qa eval`` writes it, with what the table reads."""
    folder.mkdir(parents=True)
    report = {"day": "2031-04-02", "code": "sha256 0123456789", "left": left, "figures": figures}
    (folder / "report.json").write_text(json.dumps(report))


def test_the_table_has_whole_runs_of_known_sets_with_their_day_and_code(tmp_path: Path) -> None:
    """In the order of the sets; an interrupted run and one by another name are not in it."""
    write_report(tmp_path / "support", 0, TASK)
    write_report(tmp_path / "squad2", 0, HIT, OTHER, TIME)
    write_report(tmp_path / "newsqa", 3, HIT)
    write_report(tmp_path / "mine", 0, HIT)
    assert table(tmp_path).splitlines()[2:] == [
        "| squad2 | 2031-04-02 | 0123456 | hit@5, gold article | 0.500  | 0.150 to 0.850 | 4 |",
        "| squad2 | 2031-04-02 | 0123456 | whole answer, p50 | 1234 ms |  | 4 |",
        "| support | 2031-04-02 | 0123456 | AUROC | 0.500  | 0.150 to 0.850 | 4 |",
    ]


def test_the_sets_lie_in_the_folder_or_in_its_eval(tmp_path: Path) -> None:
    """As the peers' command names it; a folder with none ends in one sentence."""
    with pytest.raises(SystemExit, match="holds none of the evaluation sets"):
        sets_in(tmp_path)
    (tmp_path / "eval").mkdir()
    (tmp_path / "eval" / "squad2.jsonl.gz").touch()
    assert sets_in(tmp_path) == sets_in(tmp_path / "eval") == tmp_path / "eval"
