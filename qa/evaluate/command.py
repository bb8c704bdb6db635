"""``qa eval``, from its options to the folder with the report."""

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from qa.chat import Desk
from qa.errors import InputError
from qa.evaluate.asking import Record, records
from qa.evaluate.bench import Bench, peak_memory_mb
from qa.evaluate.cases import Case, facts, load_questions, numbered_lines
from qa.evaluate.corpora import library_digest
from qa.evaluate.figures import all_figures, differences, shared
from qa.evaluate.making import made_before, make_questions, write_made
from qa.evaluate.plots import draw_plots
from qa.evaluate.report import (
    Report,
    as_json,
    became_wrong,
    make_folder,
    read_records,
    told,
    write_records,
    write_report,
)
from qa.evaluate.scores import stated
from qa.evaluate.tasks import run_task, task_of
from qa.weights import file_sha256

Line = TypeVar("Line")
_MADE = "questions.jsonl"


def evaluate(options: argparse.Namespace) -> tuple[Path, dict[str, Any]]:
    """Run what the options ask for; returns the folder of the report, and the report as JSON has it."""
    bench = Bench(options.model, options.embedder)
    if options.make:
        options.out = options.out or Path("evaluation", "made")
        options.questions = [_made(bench, options, options.out)]
    first = next(_lines(options.questions), None)
    if first is None:
        raise InputError(f"{options.questions[0]} is empty; see docs/evaluate.md")
    name = options.questions[0].name.removesuffix(".gz").removesuffix(".jsonl")
    folder = options.out or Path("evaluation", name)
    task = options.task or (None if options.given or options.corpus else task_of(first)) or "ask"
    earlier = _earlier(options.against, task, folder)
    if task == "ask":
        report = _asked(bench, options, name, folder, earlier)
    else:
        lines = sample(list(_lines(options.questions)), options.limit, options.seed)
        make_folder(folder)
        figures, made = run_task(task, bench, lines)
        conditions = told(bench.given(()), **_given_of(options, task))
        against = (differences(earlier, made), became_wrong(earlier, made))
        report = Report(
            f"Evaluation of {task}: {name}", conditions, figures, made, *against, notes=_compared(earlier, made)
        )
        list(write_records(folder, made))
    write_report(folder, report)
    return folder, as_json(report)


def _earlier(against: Path | None, task: str, folder: Path) -> list[Record]:
    """The records to compare with; none where none were asked for."""
    if against is None:
        return []
    if against.resolve() == folder.resolve():
        raise InputError(f"the run in {folder} would be replaced by the one it is compared with; name another --out")
    return read_records(against, task)


def _compared(earlier: Sequence[Record], run: Sequence[Record]) -> list[str]:
    """How many questions both runs have: those with the same id and the same words."""
    return [f"{len(shared(earlier, run))} of {len(run)} are in the earlier run, too."] if earlier else []


def _lines(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    return (line for file in files for _, line in numbered_lines(file))


def _asked(bench: Bench, options: argparse.Namespace, name: str, folder: Path, earlier: Sequence[Record]) -> Report:
    """The questions of a file, each put to the corpus, the library or its own passages."""
    ids_by_text = facts(options.corpus) if options.corpus is not None and options.corpus.is_file() else {}
    files = [load_questions(file, options.given, ids_by_text) for file in options.questions]
    cases = sample([case for questions in files for case in questions.cases], options.limit, options.seed)
    left_out = sum(questions.left_out for questions in files)
    desk = _desk(bench, options, cases)
    make_folder(folder)
    desk.prepare()  # loading the models is not to be timed
    run: list[Record] = []
    try:
        for record in write_records(folder, bench.followed(records(desk, cases), len(cases), "questions")):
            run.append(record)
    except KeyboardInterrupt:
        if not run:
            raise
    notes = [f"{len(run)} questions, of which {sum(record['answerable'] for record in run)} can be answered."]
    if len(run) < len(cases):
        notes.append(f"**Interrupted: {len(cases) - len(run)} questions more were to be asked.**")
    if left_out:
        notes.append(f"{left_out} lines were left out: nobody knows what would be right, or they have no passages.")
    unstated = sum(record["answerable"] and bool(record["answers"]) and not stated(record["answers"]) for record in run)
    if unstated:
        notes.append(f"{unstated} answers are a yes or a no, which no text is searched for.")
    if bench.took.get("failures"):
        names = ", ".join(f"{failure['path']} ({failure['reason']})" for failure in bench.took["failures"][:3])
        notes.append(f"**{len(bench.took['failures'])} articles could not be indexed: {names}.**")
    if any(case.made for case in cases):
        notes.append("**These questions were made by a model, they are not real ones.**")
    return Report(
        f"Evaluation: {name}",
        told(desk, **_given_of(options, "ask"), indexing=bench.took),
        all_figures(run, {**bench.took, "peak_memory_mb": peak_memory_mb()}),
        run,
        differences(earlier, run),
        became_wrong(earlier, run),
        draw_plots(folder, run),
        notes + _compared(earlier, run),
    )


def _desk(bench: Bench, options: argparse.Namespace, cases: Sequence[Case]) -> Desk:
    if options.corpus is not None:
        if not options.corpus.exists():
            raise InputError(f"there is no corpus {options.corpus}; check the path")
        return bench.corpus(options.corpus)
    return bench.library(options.library) if options.given is None else bench.given(cases)


def sample(lines: Sequence[Line], limit: int | None, seed: int) -> list[Line]:
    """``limit`` lines of all in their order, the same ones for the same seed; all where there is no limit."""
    if limit is None or limit >= len(lines):
        return list(lines)
    chosen = random.Random(seed).sample(range(len(lines)), limit)  # noqa: S311 - a sample, no secret
    return [lines[index] for index in sorted(chosen)]


def _made(bench: Bench, options: argparse.Namespace, folder: Path) -> Path:
    """Make questions from the library and keep them; those of an earlier run are asked again."""
    file, desk = folder / _MADE, bench.library(options.library)
    made_of = {
        "library": library_digest(desk),
        "model": desk.settings.model,
        "count": options.make,
        "seed": options.seed,
    }
    if not made_before(file, made_of):
        made = make_questions(desk, options.make, options.seed)
        lines = list(bench.followed(made, options.make, "questions made"))
        if not lines:
            raise InputError("the model made no question that its passage answers; give a stronger one with --model")
        make_folder(folder)
        write_made(file, lines, made_of)
    return file


def _given_of(options: argparse.Namespace, task: str) -> dict[str, Any]:
    """What was asked for, by names that say the same on another machine."""
    return {
        "task": task,
        "questions": {file.name: f"sha256 {file_sha256(file)}" for file in options.questions},
        "corpus": options.corpus.name if options.corpus else None,
        "given": options.given,
        "limit": options.limit,
        "seed": options.seed,
    }
