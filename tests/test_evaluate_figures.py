"""Figures from records, each by hand; intervals against known values."""

from typing import Any

import numpy as np
import pytest

from qa.evaluate.figures import (
    Figure,
    all_figures,
    balanced_accuracy,
    calibration_bins,
    calibration_error,
    differences,
    mean,
    rate,
    right,
    risk_area,
    risk_coverage,
)


def record(number: int, answerable: bool = True, **changes: Any) -> dict[str, Any]:
    """A case that went well: found first, answered from a gold quote, or refused where nothing answers."""
    made = {
        "id": str(number),
        "question": "What did it cost?",
        "kind": "",
        "made": False,
        "answerable": answerable,
        "answers": ["48"] if answerable else [],
        "long_answers": [],
        "gold_articles": ["a"] if answerable else [],
        "answer": {
            "abstained": not answerable,
            "text": "It cost 48 crowns. [1]" if answerable else "The articles do not say.",
            "confidence": 0.9 if answerable else 0.1,
            "sentences": [{"origin": "quoted"}] if answerable else [],
            "timings": {"retrieve_ms": 10.0, "first_token_ms": 20.0 if answerable else None, "total_ms": 30.0},
        },
        "retrieval": {
            "articles": ["a", "b"],
            "rank_of_article": 1,
            "gold_found": 1,
            "rank_of_answer": 1,
            "words_to_answer": 40,
            "lost_at": None,
        }
        if answerable
        else None,
        "citations": [{"origin": "quoted", "gold_quote": True, "gold_article": True, "exact": True}]
        if answerable
        else [],
        "scores": {
            "exact_match": 1.0 if answerable else None,
            "f1": 1.0 if answerable else None,
            "contains_gold": 1.0 if answerable else None,
            "rouge_l": None,
            "right_citation": 1.0 if answerable else None,
            "refused_rightly": None if answerable else 1.0,
            "not_refused": 1.0 if answerable else None,
        },
    }
    for name, value in changes.items():
        made[name] = {**made[name], **value} if isinstance(value, dict) else value
    return made


def value_of(figures: list[Figure], name: str) -> float:
    """The value of the one figure of that name."""
    (found,) = [figure for figure in figures if figure.name == name]
    return found.value


def test_a_rate_has_its_wilson_interval() -> None:
    """Eight of ten: .490 to .943, as in Wilson's tables; none gives no figure."""
    (figure,) = rate("g", "n", [True] * 8 + [False] * 2)
    assert (figure.value, figure.count) == (0.8, 10)
    assert (figure.low, figure.high) == (pytest.approx(0.4902, abs=1e-3), pytest.approx(0.9433, abs=1e-3))
    assert rate("g", "n", []) == []


def test_a_mean_has_its_bootstrap_interval() -> None:
    """Around the mean, the same every time; of one value there is none."""
    (figure,) = mean("g", "n", [0.0, 1.0] * 50)
    assert figure.value == 0.5
    assert figure.low is not None and figure.high is not None and 0.38 < figure.low < 0.5 < figure.high < 0.62
    assert mean("g", "n", [0.0, 1.0] * 50) == [figure]
    assert mean("g", "n", [3.0]) == [Figure("g", "n", 3.0, 1)]


def test_a_run_in_which_all_goes_well() -> None:
    """Every rate is 1, nothing is lost, both classes count half."""
    figures = all_figures([record(1), record(2), record(3, answerable=False)], {"seconds": 2.0, "passages": 100})
    for name in (
        "hit@1, gold article",
        "MRR@10, gold article",
        "nDCG@10, gold article",
        "hit@1, passage holds the answer",
        "answer within 150 words",
        "exact match of the short answer, of all answerable",
        "text contains the gold answer, of all answerable",
        "quote holds the gold answer, quoted",
        "answers with a right citation, of all answerable",
        "true refusals, of all not answerable",
        "balanced accuracy",
    ):
        assert value_of(figures, name) == 1
    for name in ("lost: not found", "false refusals, of all answerable", "area under risk–coverage"):
        assert value_of(figures, name) == 0
    assert value_of(figures, "passages indexed a second") == 50
    assert value_of(figures, "words of an answer, median") == 4
    assert value_of(figures, "first text, p50") == 20


def test_ranks_count_as_they_should() -> None:
    """Found second: MRR 1/2, nDCG 1/log2(3), not within the first; found nowhere: 0."""
    second = record(1, retrieval={"articles": ["b", "a"], "rank_of_article": 2, "words_to_answer": 200})
    nowhere = record(2, retrieval={"articles": ["b"], "rank_of_article": None, "lost_at": "not found"})
    figures = all_figures([second, nowhere])
    assert value_of(figures, "MRR@10, gold article") == pytest.approx(0.25)
    assert value_of(figures, "nDCG@10, gold article") == pytest.approx(1 / np.log2(3) / 2)
    assert value_of(figures, "hit@1, gold article") == 0
    assert value_of(figures, "hit@5, gold article") == 0.5
    assert value_of(figures, "answer within 600 words") == 1
    assert value_of(figures, "answer within 150 words") == 0.5
    assert value_of(figures, "lost: not found") == 0.5


def test_a_refusal_counts_nothing_of_all_and_is_left_out_of_those_answered() -> None:
    """One answered rightly, one refused."""
    refused = record(2, answer={"abstained": True, "sentences": []}, scores={"contains_gold": 0.0, "not_refused": 0.0})
    figures = all_figures([record(1), refused])
    assert value_of(figures, "text contains the gold answer, of all answerable") == 0.5
    assert value_of(figures, "text contains the gold answer, of answered") == 1
    assert value_of(figures, "false refusals, of all answerable") == 0.5


def test_both_classes_weigh_the_same() -> None:
    """All three of one class right, one of two of the other."""
    truth, given = np.array([True, True, True, False, False]), np.array([True, True, True, True, False])
    assert balanced_accuracy(truth, given) == 0.75
    assert balanced_accuracy(truth[:3], given[:3]) == 1


def test_risk_grows_with_coverage() -> None:
    """The surest first: right, wrong, right."""
    wrong, sure = np.array([1.0, 0.0, 0.0]), np.array([0.5, 0.9, 0.2])
    coverage, risk = risk_coverage(wrong, sure)
    assert coverage == pytest.approx([1 / 3, 2 / 3, 1])
    assert risk == pytest.approx([0, 1 / 2, 1 / 3])
    assert risk_area(wrong, sure) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


def test_without_short_answers_nobody_knows_which_answers_are_wrong() -> None:
    """Only the refusals can be judged then."""
    unjudged = record(1, scores={"contains_gold": None, "exact_match": None, "f1": None, "right_citation": None})
    figures = all_figures([unjudged, record(2, answerable=False, answer={"abstained": False})])
    assert "area under risk–coverage" not in {figure.name for figure in figures}
    assert value_of(figures, "true refusals, of all not answerable") == 0


def test_the_calibration_error_is_the_mean_gap_of_the_bins() -> None:
    """Two at .95 of which one is true, two at .05 of which none is: (2 * .45 + 2 * .05) / 4. One belongs to the last bin."""
    confidence, truth = np.array([0.95, 0.95, 0.05, 0.05]), np.array([True, False, False, False])
    assert calibration_bins(confidence, truth) == [(pytest.approx(0.05), 0.0, 2), (pytest.approx(0.95), 0.5, 2)]
    assert calibration_error(confidence, truth) == pytest.approx(0.25)
    assert calibration_error(np.array([1.0]), np.array([True])) == 0


def test_differences_are_paired() -> None:
    """Only cases in both runs, after minus before; a case without the score is left out."""
    before = [record(1, scores={"f1": 0.0}), record(2), record(3, answerable=False), record(9)]
    after = [record(1), record(2, scores={"f1": 0.5}), record(3, answerable=False), record(8)]
    figures = differences(before, after)
    assert value_of(figures, "f1") == pytest.approx((1.0 - 0.5) / 2)
    assert value_of(figures, "refused rightly") == 0
    assert differences([], after) == []


def test_what_went_well() -> None:
    """The gold in the text, or a refusal where nothing answers; without short answers, an answer at all."""
    assert right(record(1)) and right(record(2, answerable=False))
    assert not right(record(1, scores={"contains_gold": 0.0}))
    assert not right(record(2, answerable=False, answer={"abstained": False}))
    assert right(record(1, scores={"contains_gold": None}))
    assert not right(record(1, scores={"contains_gold": None, "not_refused": 0.0}))
