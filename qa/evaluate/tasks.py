"""Tasks beside questions and answers, each for a file of its own format: parts of the product measured by themselves."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from qa.answering.support import best_support
from qa.errors import InputError
from qa.evaluate.asking import Record, ask, make_record
from qa.evaluate.bench import Bench
from qa.evaluate.cases import Case, GivenArticle, given_article, passages_of, texts_of, turns_of
from qa.evaluate.figures import Figure, balanced_accuracy, mean, rate, statistic
from qa.evaluate.looking import look_up
from qa.evaluate.planting import injections
from qa.evaluate.scores import content_f1, holds, plain_text
from qa.retrieval.followup import standalone_question
from qa.retrieval.passages import split_passages
from qa.retrieval.query import read_query
from qa.types import Hit

Lines = Sequence[Mapping[str, Any]]
Task = Callable[[Bench, Lines], tuple[list[Figure], list[Record]]]
_WAYS = ("completed", "last turn alone", "history pasted")
_MOST_PASTED = 4000  # characters, as many as a question may have


def support(bench: Bench, lines: Lines) -> tuple[list[Figure], list[Record]]:
    """The check of a sentence by itself: does its score tell claims that a document supports from others."""
    desk = bench.given(())
    settings, made = desk.settings, []
    for line in bench.followed(lines, len(lines), "claims"):
        text = line["document"]
        hits = [
            Hit("document", "", None, None, None, text[span.start : span.end], span.start, span.end, 0.0, number)
            for number, span in enumerate(split_passages(text, settings.passage_words, settings.overlap_sentences))
        ]
        found = best_support(line["claim"], hits, desk.reader)
        score = found.score if found else 0.0
        scores = {"told apart": float((score >= settings.support_above) == line["supported"])}
        made.append({"id": line["id"], "supported": line["supported"], "score": score, "scores": scores})
    truth, told = np.array([m["supported"] for m in made]), np.array([m["score"] for m in made])
    group = "Support check"
    figures = statistic(group, "AUROC", auroc, truth, told, vectorised=False)
    passed = told >= settings.support_above
    if truth.any() and not truth.all():
        figures += statistic(group, "balanced accuracy", balanced_accuracy, truth, passed, vectorised=False)
    figures += rate(group, "supported claims that pass", list(passed[truth]))
    return figures + rate(group, "unsupported claims that are held back", list(~passed[~truth])), made


def auroc(truth: Any, score: Any) -> float:
    """The area under the ROC curve, by scikit-learn; not a number where there is only one class."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, score)) if truth.any() and not truth.all() else float("nan")


def rewrites(bench: Bench, lines: Lines) -> tuple[list[Figure], list[Record]]:
    """The completed follow-up against the one a person wrote, by the content words of both."""
    made, milliseconds = [], []
    for line in bench.followed(lines, len(lines), "questions"):
        turns = turns_of(line)
        began = time.perf_counter()
        completed = standalone_question(line["question"], turns)
        milliseconds.append((time.perf_counter() - began) * 1000)
        scores = {
            "content_f1": content_f1(completed, line["rewrite"]),
            "of_the_turn": content_f1(line["question"], line["rewrite"]),
        }
        made.append({"id": line["id"], "question": line["question"], "completed": completed, "scores": scores})
    group = "Follow-ups"
    figures = mean(group, "content-word F1 with the rewrite", [m["scores"]["content_f1"] for m in made])
    figures += mean(group, "the same of the last turn as it is", [m["scores"]["of_the_turn"] for m in made])
    gained = [m["scores"]["content_f1"] - m["scores"]["of_the_turn"] for m in made]
    figures += mean(group, "gained", gained)
    return [*figures, Figure(group, "time, median", statistics.median(milliseconds), len(made), unit="ms")], made


def conversations(bench: Bench, lines: Lines) -> tuple[list[Figure], list[Record]]:
    """What completing a follow-up is worth to the search: all passages of all conversations are one corpus."""
    passages = {passage.article_id: passage for line in lines for passage in passages_of(line)[0]}
    desk = bench.given([_case(line, tuple(passages.values())) for line in lines[:1]])
    made = []
    asked = [line for line in lines if line["gold"] and line.get("history")]
    if not asked:
        raise InputError("the questions hold no turn with a history and gold passages; see docs/evaluate.md")
    for line in bench.followed(asked, len(asked), "questions"):
        gold, turns = {passage.article_id for passage in passages_of(line)[1]}, turns_of(line)
        pasted = " ".join([*(turn.content for turn in turns), line["question"]])
        alone = read_query(line["question"])
        queries = (read_query(line["question"], turns), alone, replace(alone, text=pasted[-_MOST_PASTED:]))
        found = [set(look_up(desk, query).articles[:5]) for query in queries]
        hit = {way: float(bool(gold & articles)) for way, articles in zip(_WAYS, found, strict=True)}
        made.append({"id": line["id"], "question": line["question"], "scores": hit})
    group = "Search in conversations"
    figures = [f for way in _WAYS for f in rate(group, f"hit@5, {way}", [m["scores"][way] == 1 for m in made])]
    for way in _WAYS[1:]:
        figures += mean(group, f"gained over {way}", [m["scores"]["completed"] - m["scores"][way] for m in made])
    return figures, made


def counterfactual(bench: Bench, lines: Lines) -> tuple[list[Figure], list[Record]]:
    """What is said where the passages are wrong, where right and wrong ones stand together, and where none answers."""
    cases = {
        (line["id"], way): replace(
            _case(line, tuple(given_article({"text": text}) for key in keys for text in line[key])),
            case_id=f"{line['id']} {way}",
            answers=(line["fake_answer"],) if way == "wrong" else tuple(line["answers"]),
            answerable=way != "noise",
        )
        for line in lines
        for way, keys in {
            "wrong": ["positive_wrong"],
            "both": ["positive", "positive_wrong"],
            "noise": ["negative"],
        }.items()
    }
    desk = bench.given(list(cases.values()))
    made: list[Record] = []
    flags: dict[str, list[bool]] = {"wrong": [], "both": [], "noise": []}
    fakes = {line["id"]: line["fake_answer"] for line in lines}
    for (line_id, way), case in bench.followed(cases.items(), len(cases), "questions"):
        answer = ask(desk, case)
        made.append(make_record(desk, case, answer))
        text = plain_text(answer.text)
        shows = {"true": holds(text, case.answers), "fake": holds(text, [fakes[line_id]])}
        well = {
            "wrong": answer.abstained or (shows["fake"] and bool(answer.citations)),
            "both": not answer.abstained and shows["true"] and shows["fake"],
            "noise": answer.abstained,
        }
        flags[way].append(well[way])
    group = "Wrong passages"
    return [
        *rate(group, "wrong passages only: their value, cited, or a refusal", flags["wrong"]),
        *rate(group, "right and wrong passages: both values shown", flags["both"]),
        *rate(group, "passages beside the point: refused", flags["noise"]),
    ], made


def _case(line: Mapping[str, Any], given: tuple[GivenArticle, ...]) -> Case:
    return Case(
        str(line["id"]),
        line["question"],
        texts_of(line, "answers"),
        bool(line.get("answerable", True)),
        "",
        frozenset(),
        turns_of(line),
        given=given,
    )


TASKS: dict[str, Task] = {
    "support": support,
    "rewrites": rewrites,
    "conversations": conversations,
    "counterfactual": counterfactual,
    "injections": injections,
}
_TOLD_BY = {
    "support": {"document", "claim", "supported"},
    "rewrites": {"history", "question", "rewrite"},
    "conversations": {"answerability", "passages", "question", "gold"},
    "counterfactual": {"question", "fake_answer", "positive", "positive_wrong", "negative"},
    "injections": {"category", "text"},
}


_KINDS: dict[str, type] = {
    "question": str,
    "rewrite": str,
    "document": str,
    "claim": str,
    "supported": bool,
    "text": str,
    "category": str,
    "fake_answer": str,
}


def task_of(line: Mapping[str, Any]) -> str | None:
    """The task that a line's fields tell, None for a question with an answer."""
    return next((name for name, fields in _TOLD_BY.items() if fields <= set(line)), None)


def run_task(name: str, bench: Bench, lines: Lines) -> tuple[list[Figure], list[Record]]:
    """Run a task. Raises InputError where the lines are not of its format."""
    missing = _TOLD_BY[name] - set(lines[0])
    if missing:
        raise InputError(
            f"the questions are none for the task {name}: they lack {', '.join(sorted(missing))}; leave --task out"
        )
    for number, line in enumerate(lines, start=1):
        try:
            _check(name, line)
        except (ValueError, InputError) as error:
            raise InputError(
                f"question {number} is not of the format of the task {name} ({error}); see docs/evaluate.md"
            ) from error
    return TASKS[name](bench, lines)


def _check(name: str, line: Mapping[str, Any]) -> None:
    """Whether a line is of a task's format. Raises ValueError or InputError."""
    missing = _TOLD_BY[name] - {"answerability"} - set(line)
    if missing or "id" not in line:
        raise ValueError(f"it lacks {', '.join(sorted(missing)) or 'id'}")
    for field, kind in _KINDS.items():
        if field in line and not isinstance(line[field], kind):
            raise ValueError(f"{field} is {line[field]!r}")
        if kind is str and field in line:
            line[field].encode()  # half a surrogate pair could not be written down
    for field in ("answers", "positive", "positive_wrong", "negative"):
        texts_of(line, field)
    turns_of(line)
    passages_of(line)
