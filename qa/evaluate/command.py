"""``qa eval``, from its options to the folder with the report."""

import argparse
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from qa.chat import Desk
from qa.errors import InputError
from qa.evaluate.asking import Record, records
from qa.evaluate.bench import Bench, peak_memory_mb
from qa.evaluate.cases import Case, facts, load_questions, numbered_lines
from qa.evaluate.corpora import LINES, library_digest
from qa.evaluate.figures import all_figures, differences, shared
from qa.evaluate.making import made_before, make_questions, write_made
from qa.evaluate.plots import draw_plots
from qa.evaluate.report import (
    Report,
    as_json,
    became_wrong,
    conditions_that_differ,
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


def evaluate(options: argparse.Namespace, bench: Bench | None = None) -> tuple[Path, dict[str, Any]]:
    """Run what the options ask for; returns the folder of the report, and the report as JSON has it.

    ``bench`` opens the libraries; None for one with the models that the options name.
    """
    bench = bench or Bench(options.model, options.embedder)
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
        try:
            figures, made = run_task(task, bench, lines)
        except KeyboardInterrupt:
            raise InputError(f"interrupted; the task {task} is measured whole, so run the same command again") from None
        conditions = told(bench.given(()), **_given_of(options, task))
        against = (differences(earlier, made), became_wrong(earlier, made))
        notes = _compared(options.against, conditions, earlier, made)
        report = Report(f"Evaluation of {task}: {name}", conditions, figures, made, *against, notes=notes)
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


def _compared(
    against: Path | None, conditions: dict[str, Any], earlier: Sequence[Record], run: Sequence[Record]
) -> list[str]:
    """How many questions both runs have, those with the same id and the same words, and what else was not the same."""
    if against is None:
        return []
    other = ", ".join(conditions_that_differ(against, conditions)) or "none"
    return [
        f"{len(shared(earlier, run))} of {len(run)} are in the earlier run, too. Conditions that were others: {other}."
    ]


def _lines(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    return (line for file in files for _, line in numbered_lines(file))


def _asked(bench: Bench, options: argparse.Namespace, name: str, folder: Path, earlier: Sequence[Record]) -> Report:
    """The questions of a file, each put to the corpus, the library or its own passages."""
    lines = options.corpus is not None and options.corpus.is_file() and options.corpus.name.endswith(LINES)
    files = [load_questions(file, options.given, facts(options.corpus) if lines else {}) for file in options.questions]
    cases = sample([case for questions in files for case in questions.cases], options.limit, options.seed)
    cases = [replace(case, today=case.today or _today(options)) for case in cases]
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
    left = len(cases) - len(run)
    notes = _notes(options, cases, run, left_out, bench.took)
    known = {article.article_id for article in desk.articles()}
    if unknown := sorted({article_id for case in cases for article_id in case.gold_articles - known}):
        notes.append(f"**{len(unknown)} gold articles are not in the library: {', '.join(unknown[:3])}.**")
    conditions = told(desk, **_given_of(options, "ask"), today=_today(options), indexing=bench.took)
    return Report(
        f"Evaluation: {name}",
        conditions,
        all_figures(run, {**bench.took, "peak_memory_mb": peak_memory_mb()}),
        run,
        differences(earlier, run),
        became_wrong(earlier, run),
        draw_plots(folder, run),
        notes + _compared(options.against, conditions, earlier, run),
        left,
    )


def _notes(
    options: argparse.Namespace,
    cases: Sequence[Case],
    run: Sequence[Record],
    left_out: int,
    took: Mapping[str, Any],
) -> list[str]:
    """What a reader of the figures must know of the questions."""
    notes = [f"{len(run)} questions, of which {sum(record['answerable'] for record in run)} can be answered."]
    if len(run) < len(cases):
        notes.append(f"**Interrupted: {len(cases) - len(run)} questions more were to be asked.**")
    if left_out:
        notes.append(f"{left_out} lines were left out: nobody knows what would be right, or they have no passages.")
    unstated = sum(record["answerable"] and bool(record["answers"]) and not stated(record["answers"]) for record in run)
    if unstated:
        notes.append(f"{unstated} answers are a yes or a no, which no text is searched for.")
    if unjudged := sum(case.answerable and not (case.answers or case.long_answers) for case in cases):
        notes.append(f"{unjudged} that can be answered have no accepted answer: of these only a refusal is held wrong.")
    if failures := took.get("failures"):
        names = ", ".join(f"{failure['path']} ({failure['reason']})" for failure in failures[:3])
        notes.append(f"**{len(failures)} articles could not be indexed: {names}.**")
    if any(case.made for case in cases):
        fewer = f", fewer than the {options.make} wanted" if (options.make or 0) > len(cases) else ""
        notes.append(f"**These {len(cases)} questions were made by a model{fewer}; they are not real ones.**")
    return notes


def _today(options: argparse.Namespace) -> str:
    """The day on which a question is asked that does not say: as given, else this one."""
    return options.today or date.today().isoformat()


def _desk(bench: Bench, options: argparse.Namespace, cases: Sequence[Case]) -> Desk:
    if options.corpus is not None:
        if not options.corpus.exists():
            raise InputError(f"there is no corpus {options.corpus}; check the path")
        return bench.corpus(options.corpus)
    return bench.library(options.library) if options.given is None else bench.given(cases)


def sample(lines: Sequence[Line], limit: int | None, seed: int) -> list[Line]:
    """``limit`` lines of all, or all of them, in an order of chance: the same one for the same seed.

    So the first of them, on which an interrupted run reports, are a sample, too.
    """
    return random.Random(seed).sample(lines, min(len(lines), limit or len(lines)))  # noqa: S311 - a sample, no secret


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
