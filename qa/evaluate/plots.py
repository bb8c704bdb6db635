"""The plots of a report: what the confidence is worth, and what answering less would save."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from qa.evaluate.asking import Record
from qa.evaluate.figures import calibration_bins, risk_coverage, wrong_answers

_RELIABILITY, _RISK = "reliability.png", "risk-coverage.png"
_SIZE = (5.0, 4.0)  # inches
_DOTS = 110  # per inch


def draw_plots(folder: Path, run: Sequence[Record]) -> list[str]:
    """Write the PNG files that the cases of a run allow into a folder that is there; returns their names."""
    from matplotlib.figure import Figure as Drawing  # without pyplot: no screen and no global state

    for name in (_RELIABILITY, _RISK):
        (folder / name).unlink(missing_ok=True)  # of an earlier run
    names = []
    if run:
        confidence = np.array([r["answer"]["confidence"] for r in run], dtype=float)
        bins = calibration_bins(confidence, np.array([r["answerable"] for r in run], dtype=bool))
        drawing = Drawing(figsize=_SIZE, dpi=_DOTS, layout="constrained")
        axes = drawing.subplots()
        axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="--", label="perfect")
        axes.plot([b[0] for b in bins], [b[1] for b in bins], marker="o", label="measured")
        for sure, true, count in bins:
            axes.annotate(str(count), (sure, true), textcoords="offset points", xytext=(6, -10), fontsize=8)
        axes.set(
            xlabel="confidence that the library answers",
            ylabel="share that it does answer",
            xlim=(0, 1),
            ylim=(-0.03, 1.03),
            title="Reliability of the confidence",
        )
        axes.legend()
        drawing.savefig(folder / _RELIABILITY)
        names.append(_RELIABILITY)
    wrong, sure = wrong_answers(run)
    if len(wrong) > 1:
        coverage, risk = risk_coverage(wrong, sure)
        drawing = Drawing(figsize=_SIZE, dpi=_DOTS, layout="constrained")
        axes = drawing.subplots()
        axes.plot(coverage * len(wrong) / len(run), risk)
        axes.set(
            xlabel="share of all questions answered, the surest first",
            ylabel="share of these answers that is wrong",
            xlim=(0, 1),
            ylim=(0, 1),
            title="Risk and coverage",
        )
        drawing.savefig(folder / _RISK)
        names.append(_RISK)
    return names
