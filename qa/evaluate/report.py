"""A run is written down: answers.jsonl case by case, then report.md to read and report.json for programs."""

import hashlib
import json
import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from qa.chat import Desk
from qa.errors import InputError, QAError
from qa.evaluate.asking import Record
from qa.evaluate.corpora import PACKAGE, library_digest
from qa.evaluate.figures import Figure, right, shared
from qa.library.database import exists
from qa.processor import torch_is_faster_in_bfloat16
from qa.settings import usable_cores
from qa.weights import file_sha256, own_folder

ANSWERS, REPORT, READABLE = "answers.jsonl", "report.json", "report.md"
_PACKAGES = (
    "newsdesk", "sentence-transformers", "torch", "faiss-cpu", "llama-cpp-python", "transformers", "numpy", "scipy",
    "ir-measures", "rouge-score",
)  # fmt: skip
# Beside the models that have a name: what decides which sentence may stand, what is refused and what a follow-up asks.
_WEIGHTS = (
    "close_reader/close_reader.safetensors",
    "reader/calibration.json",
    "followup/weights.json",
    "reranker/weights.json",
)
_WORST = 10
_CONDITIONS = (
    "questions", "corpus", "articles", "given", "today", "code", "versions", "models", "settings", "machine",
)  # fmt: skip
_HEADLINES = (
    "hit@5, gold article",
    "text contains the gold answer, of all answerable",
    "F1 of the short answer, of all answerable",
    "answers with a right citation, of all answerable",
    "true refusals, of all not answerable",
    "false refusals, of all answerable",
    "whole answer, p50",
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found, and all that is needed to repeat it."""

    title: str
    told: dict[str, Any]
    figures: Sequence[Figure]
    records: Sequence[Record]
    differences: Sequence[Figure] = ()
    became_wrong: Sequence[str] = ()
    plots: Sequence[str] = ()
    notes: Sequence[str] = field(default_factory=list)
    left: int = 0  # questions that were to be asked, too, when the run was interrupted


def told(desk: Desk, **values: Any) -> dict[str, Any]:
    """Versions, hashes of the models and of the articles, settings and what is given: with these a run can be repeated."""
    return {
        **values,
        "day": date.today().isoformat(),
        "code": f"sha256 {_code_digest()}",
        "articles": f"sha256 {library_digest(desk)}" if exists(desk.library.folder) else None,
        "machine": {
            "platform": platform.platform(),
            "threads": desk.settings.threads or usable_cores(),
            "networks": "bfloat16" if torch_is_faster_in_bfloat16() else "float32",
        },
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
        "models": _models(desk),
        "settings": asdict(desk.settings),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _models(desk: Desk) -> dict[str, str]:
    from qa.answering.choice import ADAPTER_SHA256, DEFAULT, model_file
    from qa.answering.reader import PassageReader

    found = {"embedder": desk.embedder.fingerprint, "generator": desk.generator.name}
    found |= {name: f"sha256 {file_sha256(own_folder() / name)}" for name in _WEIGHTS}
    if isinstance(desk.reader, PassageReader):
        found["reader"] = f"sha256 {file_sha256(desk.reader.file)}"
    if desk.settings.model == DEFAULT:
        found["adapter"] = f"sha256 {ADAPTER_SHA256}"
    try:
        found["generator"] += f", sha256 {file_sha256(model_file(desk.settings.model))}"
    except (QAError, OSError):  # a server has no file
        pass
    return found


def _code_digest() -> str:
    """A hash of the product's code: two runs with the same one differ by what they were given alone."""
    digest = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*.py")):
        digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + file_sha256(file).encode())
    return digest.hexdigest()


def make_folder(folder: Path) -> None:
    """Make the folder of a report before anything is asked for it. Raises InputError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror}); name another folder with --out") from error


def write_report(folder: Path, report: Report) -> None:
    """Write both reports; those of an earlier run in the same folder are replaced."""
    (folder / READABLE).write_text(readable(report), encoding="utf-8")
    (folder / REPORT).write_text(json.dumps(as_json(report), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_records(folder: Path, records: Iterable[Record]) -> Iterator[Record]:
    """Pass records on, each once it is on the disk; the first takes the place of an earlier run in the same folder."""
    begun = False
    for record in records:
        if not begun:
            for name in (REPORT, READABLE):
                (folder / name).unlink(missing_ok=True)
        with (folder / ANSWERS).open("a" if begun else "w", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
        begun = True
        yield record


def as_json(report: Report) -> dict[str, Any]:
    """The report without its cases."""
    return {
        "title": report.title,
        **report.told,
        "figures": [asdict(figure) for figure in report.figures],
        "differences": [asdict(figure) for figure in report.differences],
        "became_wrong": list(report.became_wrong),
        "notes": list(report.notes),
        "left": report.left,
    }


def read_records(folder: Path, task: str) -> list[Record]:
    """The cases of an earlier run of a task. Raises InputError where there are none."""
    try:
        document = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        lines = (folder / ANSWERS).read_text(encoding="utf-8").split("\n")
        records: list[Record] = [json.loads(line) for line in lines if line]
        if not records or not all("id" in record and "scores" in record for record in records):
            raise ValueError(f"{ANSWERS} is none of ours")
        earlier = document["task"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{folder} holds no earlier run ({error}); give a folder that qa eval has written") from error
    if earlier != task:
        raise InputError(f"{folder} holds a run of the task {earlier}, this one is {task}; give another folder")
    return records


def conditions_that_differ(folder: Path, now: dict[str, Any]) -> list[str]:
    """Which of the conditions that decide an answer were others in the earlier run of a folder."""
    before = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    return [name for name in _CONDITIONS if before.get(name) != json.loads(json.dumps(now.get(name)))]


def readable(report: Report) -> str:
    """The report as Markdown that is read in two minutes: what counts first, then everything, then what went wrong."""
    parts = [f"# {report.title}", *report.notes]
    headlines = [figure for name in _HEADLINES for figure in report.figures if figure.name == name]
    if headlines:
        parts.append(figure_table(headlines))
    if report.differences:
        parts += ["## Against the earlier run", "After minus before on the same questions; above 0 is better."]
        parts.append(figure_table(report.differences, signed=True))
        parts += (
            ["Became wrong:\n\n" + "\n".join(f"- {line}" for line in report.became_wrong)]
            if report.became_wrong
            else []
        )
    for group in dict.fromkeys(figure.group for figure in report.figures):
        parts += [f"## {group}", figure_table([figure for figure in report.figures if figure.group == group])]
    parts += [f"![{Path(plot).stem}]({plot})" for plot in report.plots]
    worst = worst_cases(report.records)
    if worst:
        parts += [f"## The {len(worst)} worst cases", "\n".join(f"- {line}" for line in worst)]
    parts += ["## To repeat", f"```json\n{json.dumps(report.told, indent=1, ensure_ascii=False)}\n```"]
    return "\n\n".join(parts) + "\n"


def figure_table(figures: Sequence[Figure], signed: bool = False) -> str:
    """Figures as a Markdown table; intervals are 95 %."""
    lines = ["| figure | value | 95 % interval | of |", "|---|---|---|---|"]
    for figure in figures:
        shown = [_shown(value, figure, signed) for value in (figure.low, figure.high) if value is not None]
        interval = " to ".join(shown)
        lines.append(f"| {figure.name} | {_shown(figure.value, figure, signed)} | {interval} | {figure.count} |")
    return "\n".join(lines)


def _shown(value: float, figure: Figure, signed: bool) -> str:
    sign = "+" if signed and value > 0 else ""
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if figure.unit else f"{value:.3f}"
    return f"{sign}{number}{f' {figure.unit}' if figure.unit else ''}"


def worst_cases(records: Sequence[Record]) -> list[str]:
    """The cases that are wrong with the most confidence, a line each."""
    wrong = []
    for record in records:
        if "answerable" in record and not right(record):
            answer = record["answer"]
            sure = 1 - answer["confidence"] if answer["abstained"] else answer["confidence"]
            wrong.append((sure, case_line(record)))
    return [line for _, line in sorted(wrong, reverse=True)[:_WORST]]


def case_line(record: Record) -> str:
    """A case in a line: what was asked, expected and said."""
    expected = " / ".join(record["answers"] or record["long_answers"]) if record["answerable"] else "a refusal"
    said = " ".join(record["answer"]["text"].split())
    return f"{record['id']}: {record['question']} | expected: {expected[:200]} | got: {said[:300]}"


def became_wrong(before: Sequence[Record], after: Sequence[Record]) -> list[str]:
    """The cases that went well before and do not now; of a task without answers, those of which a score fell from 1."""
    wrong = []
    for earlier, record in shared(before, after):
        if "answer" in record:
            wrong += [case_line(record)] if right(earlier) and not right(record) else []
        else:
            fell = [key for key, score in record["scores"].items() if earlier["scores"].get(key) == 1 and score < 1]
            said = record.get("question") or record.get("claim", "")
            wrong += [f"{record['id']}: {said} | no more: {', '.join(fell)}"] if fell else []
    return wrong
