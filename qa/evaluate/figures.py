"""Figures of a run, computed from its records alone, each with its count and a 95 % interval."""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import DegenerateDataWarning, binomtest, bootstrap

from qa.evaluate.asking import Record
from qa.evaluate.looking import DEPTH, STAGES
from qa.evaluate.scores import plain_text, stated

BINS = 10  # of confidence
_RESAMPLES = 2000
_SEED = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report: of ``count`` things; ``low`` and ``high`` bound its 95 % interval where it has one."""

    group: str
    name: str
    value: float
    count: int
    low: float | None = None
    high: float | None = None
    unit: str = ""


def rate(group: str, name: str, flags: Sequence[bool]) -> list[Figure]:
    """A share with its Wilson interval; nothing for none."""
    if not flags:
        return []
    found = binomtest(sum(flags), len(flags)).proportion_ci(method="wilson")
    return [
        Figure(
            group, name, sum(flags) / len(flags), len(flags), max(0.0, float(found.low)), min(1.0, float(found.high))
        )
    ]


def mean(group: str, name: str, values: Sequence[float], unit: str = "") -> list[Figure]:
    """A mean with its bootstrap interval; nothing for none."""
    return statistic(group, name, np.mean, np.asarray(values, dtype=float), unit=unit)


def statistic(
    group: str, name: str, function: Callable[..., Any], *samples: Any, unit: str = "", vectorised: bool | None = None
) -> list[Figure]:
    """Any statistic of paired samples, arrays of shape (n,), with its percentile bootstrap interval; nothing for none."""
    if not len(samples[0]):
        return []
    value = float(function(*samples))
    if not np.isfinite(value):  # one class only: there is nothing to tell apart
        return []
    low: float | None = None
    high: float | None = None
    if len(samples[0]) > 1:
        with warnings.catch_warnings():  # where all values are the same, the interval is that value
            warnings.simplefilter("ignore", DegenerateDataWarning)
            interval = bootstrap(
                samples,
                function,
                n_resamples=_RESAMPLES,
                paired=True,
                vectorized=vectorised,
                method="percentile",
                rng=np.random.default_rng(_SEED),
            ).confidence_interval
        if np.isfinite(interval.low):  # a resample with one class only has no balanced statistic
            low, high = float(interval.low), float(interval.high)
    return [Figure(group, name, value, len(samples[0]), low, high, unit)]


def all_figures(run: Sequence[Record], took: dict[str, Any] | None = None) -> list[Figure]:
    """Every figure of a run that its cases allow, in the order of the report."""
    return [
        *retrieval_figures(run),
        *answer_figures(run),
        *citation_figures(run),
        *refusal_figures(run),
        *speed_figures(run, took or {}),
    ]


def retrieval_figures(run: Sequence[Record]) -> list[Figure]:
    """How well the search ranks what answers, by gold article and by the passage that holds the answer."""
    found, group = [r["retrieval"] for r in run if r["retrieval"]], "Retrieval"
    asked = [r for r in run if r["retrieval"] and r["gold_articles"]]
    with_answers = [r["retrieval"] for r in run if r["retrieval"] and stated(r["answers"])]
    figures = []
    for cut in (1, 5, DEPTH):
        figures += rate(
            group, f"hit@{cut}, gold article", [_within(r["retrieval"]["rank_of_article"], cut) for r in asked]
        )
    figures += ranked(group, asked)
    figures += rate(
        group,
        f"all gold articles among {DEPTH}",
        [r["retrieval"]["gold_found"] == len(r["gold_articles"]) for r in asked if len(r["gold_articles"]) > 1],
    )
    for cut in (1, 5, DEPTH):
        figures += rate(
            group, f"hit@{cut}, passage holds the answer", [_within(r["rank_of_answer"], cut) for r in with_answers]
        )
    for words in (150, 600):
        figures += rate(
            group, f"answer within {words} words", [_within(r["words_to_answer"], words) for r in with_answers]
        )
    lost = Counter(r["lost_at"] for r in found)
    for stage in STAGES:
        if with_answers:
            figures += rate(group, f"lost: {stage}", [True] * lost[stage] + [False] * (len(with_answers) - lost[stage]))
    return figures


def _within(rank: int | None, cut: int) -> bool:
    return rank is not None and rank <= cut


def ranked(group: str, asked: Sequence[Record]) -> list[Figure]:
    """MRR and nDCG of the articles, by the package ir-measures."""
    if not asked:
        return []
    import ir_measures

    measures = {"MRR@10": ir_measures.RR @ DEPTH, "nDCG@10": ir_measures.nDCG @ DEPTH}
    judged = [ir_measures.Qrel(str(n), article, 1) for n, r in enumerate(asked) for article in r["gold_articles"]]
    run = [
        ir_measures.ScoredDoc(str(n), article, -rank)
        for n, r in enumerate(asked)
        for rank, article in enumerate(r["retrieval"]["articles"])
    ]
    values: dict[str, dict[str, float]] = {str(measure): {} for measure in measures.values()}
    for metric in ir_measures.iter_calc(list(measures.values()), judged, run):
        values[str(metric.measure)][metric.query_id] = metric.value
    return [
        figure
        for name, measure in measures.items()
        for figure in mean(
            group,
            f"{name}, gold article",
            [values[str(measure)].get(str(number), 0.0) for number in range(len(asked))],
        )
    ]


def answer_figures(run: Sequence[Record]) -> list[Figure]:
    """How right the answers are: over all answerable questions, a refusal counting 0, and over those answered."""
    figures, group = [], "Answers"
    names = {
        "exact_match": "exact match of the short answer",
        "f1": "F1 of the short answer",
        "contains_gold": "text contains the gold answer",
        "rouge_l": "ROUGE-L of the text",
    }
    for key, name in names.items():
        make = rate if key in ("exact_match", "contains_gold") else mean
        for where, among in (("all answerable", run), ("answered", [r for r in run if not r["answer"]["abstained"]])):
            values = [r["scores"][key] for r in among if r["scores"][key] is not None]
            if make is rate:
                figures += rate(group, f"{name}, of {where}", [value == 1 for value in values])
            else:
                figures += mean(group, f"{name}, of {where}", values)
    lengths = [len(plain_text(r["answer"]["text"]).split()) for r in run if r["answer"]["sentences"]]
    return figures + statistic(group, "words of an answer, median", np.median, np.asarray(lengths), unit="words")


def citation_figures(run: Sequence[Record]) -> list[Figure]:
    """Whether citations hold, by the gold alone and not by the product's own check."""
    figures, group = [], "Citations"
    cited = [(r, citation) for r in run if r["answerable"] for citation in r["citations"]]
    for origin in ("generated", "quoted"):
        own = [citation for _, citation in cited if citation["origin"] == origin]
        for key, name in (("gold_quote", "quote holds the gold answer"), ("gold_article", "article is gold")):
            figures += rate(group, f"{name}, {origin}", [c[key] for c in own if c[key] is not None])
        of_all = [c["exact"] for r in run for c in r["citations"] if c["origin"] == origin]
        figures += rate(group, f"quotes exact, {origin}", of_all)
    for where, among in (("all answerable", run), ("answered", [r for r in run if not r["answer"]["abstained"]])):
        right = [r["scores"]["right_citation"] == 1 for r in among if r["scores"]["right_citation"] is not None]
        figures += rate(group, f"answers with a right citation, of {where}", right)
    sentences = [sentence["origin"] for r in run for sentence in r["answer"]["sentences"]]
    return figures + rate(group, "sentences generated, not quoted", [origin == "generated" for origin in sentences])


def refusal_figures(run: Sequence[Record]) -> list[Figure]:
    """Whether it refuses where it should and answers where it can, and what its confidence is worth."""
    group = "Refusals"
    answerable = np.array([r["answerable"] for r in run], dtype=bool)
    refused = np.array([r["answer"]["abstained"] for r in run], dtype=bool)
    figures = [
        *rate(group, "true refusals, of all not answerable", list(refused[~answerable])),
        *rate(group, "false refusals, of all answerable", list(refused[answerable])),
    ]
    confidence = np.array([r["answer"]["confidence"] for r in run], dtype=float)
    if answerable.any():
        wrong, sure = wrong_answers(run)
        figures += statistic(group, "area under risk–coverage", risk_area, wrong, sure, vectorised=False)
    if answerable.any() and not answerable.all():
        figures += statistic(group, "balanced accuracy", balanced_accuracy, answerable, ~refused, vectorised=False)
        figures += statistic(
            group, "calibration error (ECE) of confidence", calibration_error, confidence, answerable, vectorised=False
        )
    return figures


def balanced_accuracy(truth: Any, given: Any) -> float:
    """The mean of the accuracies on both classes, bool arrays of shape (n,); that of one class where there is only one."""
    parts = [np.mean(given[truth == side] == side) for side in (True, False) if (truth == side).any()]
    return float(np.mean(parts))


def wrong_answers(run: Sequence[Record]) -> tuple[Any, Any]:
    """Of the questions that were answered and can be judged: whether the answer is wrong, and the confidence.

    None can, where no answerable question has a short answer.
    """
    if not any(r["scores"]["contains_gold"] is not None for r in run):
        return np.zeros(0), np.zeros(0)
    answered = [
        r
        for r in run
        if not r["answer"]["abstained"] and (not r["answerable"] or r["scores"]["contains_gold"] is not None)
    ]
    wrong = [not r["answerable"] or r["scores"]["contains_gold"] == 0 for r in answered]
    return np.array(wrong, dtype=float), np.array([r["answer"]["confidence"] for r in answered], dtype=float)


def risk_coverage(wrong: Any, sure: Any) -> tuple[Any, Any]:
    """Coverage and risk when only the surest are answered, arrays of shape (n,) (El-Yaniv and Wiener 2010)."""
    order = np.argsort(-sure, kind="stable")
    numbers = np.arange(1, len(wrong) + 1)
    return numbers / len(wrong), np.cumsum(wrong[order]) / numbers


def risk_area(wrong: Any, sure: Any) -> float:
    """The mean risk over all coverages up to what was answered; lower is better."""
    return float(np.mean(risk_coverage(wrong, sure)[1]))


def calibration_bins(confidence: Any, truth: Any) -> list[tuple[float, float, int]]:
    """Mean confidence, share that is true and count of each of BINS equal bins that is not empty."""
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        (float(confidence[places == place].mean()), float(truth[places == place].mean()), int((places == place).sum()))
        for place in range(BINS)
        if (places == place).any()
    ]


def calibration_error(confidence: Any, truth: Any) -> float:
    """The expected calibration error (Naeini, Cooper and Hauskrecht 2015) with BINS equal bins; lower is better."""
    return sum(count * abs(sure - true) for sure, true, count in calibration_bins(confidence, truth)) / len(truth)


def speed_figures(run: Sequence[Record], took: dict[str, Any]) -> list[Figure]:
    """Milliseconds to search and read, to the first text and to the whole answer; passages indexed a second; memory."""
    figures, group = [], "Speed"
    for key, name in (
        ("retrieve_ms", "search and reading"),
        ("first_token_ms", "first text"),
        ("total_ms", "whole answer"),
    ):
        values = np.array([r["answer"]["timings"][key] for r in run if r["answer"]["timings"][key]], dtype=float)
        for percent in (50, 95):
            figures += statistic(group, f"{name}, p{percent}", partial(_percentile, percent), values, unit="ms")
    answered = [r["answer"]["timings"]["total_ms"] for r in run if not r["answer"]["abstained"]]
    name, values = "whole answer, p50 of answered", np.array(answered, dtype=float)
    figures += statistic(group, name, partial(_percentile, 50), values, unit="ms")
    if took.get("seconds") and took.get("passages"):
        figures.append(Figure(group, "passages indexed a second", took["passages"] / took["seconds"], took["passages"]))
    if took.get("peak_memory_mb"):
        figures.append(Figure(group, "peak memory", took["peak_memory_mb"], 1, unit="MB"))
    return figures


def _percentile(percent: int, values: Any, axis: int = -1) -> Any:
    return np.percentile(values, percent, axis=axis)


def differences(before: Sequence[Record], after: Sequence[Record]) -> list[Figure]:
    """Paired differences of every score over the cases that both runs share: after minus before, above 0 is better."""
    pairs, figures = shared(before, after), list[Figure]()
    for key in pairs[0][1]["scores"] if pairs else ():
        values = [
            b["scores"][key] - a["scores"][key]
            for a, b in pairs
            if a["scores"].get(key) is not None and b["scores"][key] is not None
        ]
        figures += mean("Differences", key.replace("_", " "), values)
    found = [
        (a["retrieval"]["rank_of_article"], b["retrieval"]["rank_of_article"])
        for a, b in pairs
        if a.get("retrieval") and b.get("retrieval") and b["gold_articles"]
    ]
    ranks = [float(_within(b, 5)) - float(_within(a, 5)) for a, b in found]
    return figures + mean("Differences", "hit@5, gold article", ranks)


def shared(before: Sequence[Record], after: Sequence[Record]) -> list[tuple[Record, Record]]:
    """The cases of both runs, each as it was and as it is: those with the same id and the same question."""
    earlier = {(record["id"], record.get("question")): record for record in before}
    keys = [(record["id"], record.get("question")) for record in after]
    return [(earlier[key], record) for key, record in zip(keys, after, strict=True) if key in earlier]


def right(record: Record) -> bool:
    """Whether a case went well: the gold answer in the text, or a refusal where nothing answers."""
    scores = record["scores"]
    if not record["answerable"]:
        return bool(record["answer"]["abstained"])
    return bool(scores["not_refused"] if scores["contains_gold"] is None else scores["contains_gold"])
