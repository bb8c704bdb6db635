"""Fit the weights of qa/answering/evidence.py and qa/answering/refusal.py on held-out paragraphs.

    python models/reader/calibrate.py EXAMPLES_FOLDER

Every held-out paragraph becomes an article of a temporary library. Each answerable question is put to it twice, with
its own article and without, and each unanswerable one once; the product searches and reads. One logistic regression
tells readings whose sentence holds the answer from the others; a second one, over the first's results and with both
classes weighing the same, tells the answered cases from the rest. Five-fold figures of the second are printed.
"""

import argparse
import gzip
import json
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import cross_val_predict

import qa
from qa.answering import evidence, refusal
from qa.answering.evidence import read_features
from qa.retrieval.query import make_query
from qa.retrieval.search import search


def write_articles(rows: list[dict], file: Path) -> dict[str, str]:
    """Every paragraph once, as JSON lines; returns text -> id."""
    ids: dict[str, str] = {}
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        for row in rows:
            for passage in row["passages"]:
                text = passage["text"].strip()
                if text not in ids:
                    ids[text] = f"p{len(ids)}"
                    article = {"id": ids[text], "title": passage["title"] or " ", "date": None, "text": text}
                    lines.write(json.dumps(article) + "\n")
    return ids


def main() -> None:
    """Index, ask, fit, print the weights."""
    parser = argparse.ArgumentParser()
    parser.add_argument("examples", type=Path)
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in (arguments.examples / "held-out-rows.jsonl").open(encoding="utf-8")]
    with tempfile.TemporaryDirectory() as folder:
        ids = write_articles(rows, Path(folder) / "paragraphs.jsonl.gz")
        desk = qa.open(Path(folder) / "library")
        desk.index(Path(folder) / "paragraphs.jsonl.gz")
        cases = [case for row in rows for case in row_cases(desk, row, ids)]
    fit_evidence(cases)
    fit_refusal(cases)


def row_cases(desk: qa.Desk, row: dict, ids: dict[str, str]) -> list[dict]:
    """One row's cases: question, hits, readings with features, whether each holds the answer, whether one should."""
    query = make_query(row["question"], (), None, None, date.today())
    shown = desk.settings.shown_passages
    with desk.library.snapshot() as snapshot:
        hits = search(snapshot, desk.embedder, query, desk.settings.candidates, 2 * shown)
    golds = {ids[row["passages"][number]["text"].strip()] for number in row["gold"]}
    answerable = [(hits[:shown], True)] if golds else []
    cases = []
    for found, should in [*answerable, ([hit for hit in hits if hit.article_id not in golds][:shown], False)]:
        if found:
            readings = read_features(query.text, found, desk.reader, desk.embedder)
            holds = [
                hit.article_id in golds
                and any(a in hit.text[span.start - hit.start : span.end - hit.start] for a in row["answers"])
                for hit, span, _, _ in readings
            ]
            if should and not any(a in h.text for h in found if h.article_id in golds for a in row["answers"]):
                continue  # not found, or cut apart: neither a good answer nor a good refusal
            cases.append(
                {"question": query.text, "hits": found, "readings": readings, "holds": holds, "should": should}
            )
    return cases


def fit_evidence(cases: list[dict]) -> None:
    """Fit and print the weights of a reading, and set them for what follows."""
    x = np.array([list(values.values()) for case in cases if case["should"] for *_, values in case["readings"]])
    y = np.array([held for case in cases if case["should"] for held in case["holds"]])
    model = LogisticRegression(fit_intercept=False, C=1.0, max_iter=1000).fit(x, y)
    evidence.WEIGHTS.update(
        {name: round(float(w), 3) for name, w in zip(evidence.WEIGHTS, model.coef_[0], strict=True)}
    )
    first = {"reader alone": 0, "with the weights": 0}
    asked = [case for case in cases if case["should"]]
    for case in asked:
        margins = [values["margin"] for *_, values in case["readings"]]
        first["reader alone"] += case["holds"][int(np.argmax(margins))]
        first["with the weights"] += case["holds"][
            int(np.argmax([strength(values) for *_, values in case["readings"]]))
        ]
    print(f"first reading right, of {len(asked)} answerable: {first}")
    print("evidence:", evidence.WEIGHTS)


def strength(values: dict[str, float]) -> float:
    """The logit of a reading."""
    return sum(evidence.WEIGHTS[name] * value for name, value in values.items())


def fit_refusal(cases: list[dict]) -> None:
    """Fit and print the weights of a whole question."""
    values = []
    for case in cases:
        found = [evidence.Evidence(h, s, a, strength(v)) for h, s, a, v in case["readings"]]
        values.append(
            list(refusal.features(case["question"], case["hits"], sorted(found, key=lambda e: -e.strength)).values())
        )
    x, y = np.array(values), np.array([case["should"] for case in cases])
    model = LogisticRegression(fit_intercept=False, C=1.0, class_weight="balanced", max_iter=1000)
    predicted = cross_val_predict(model, x, y, cv=5, method="predict_proba")[:, 1]
    print(
        f"{len(y)} cases, {y.sum()} answerable; five-fold AUROC {roc_auc_score(y, predicted):.3f}, "
        f"balanced accuracy at .5 {balanced_accuracy_score(y, predicted > 0.5):.3f}"
    )
    weights = model.fit(x, y).coef_[0]
    print("refusal:", {name: round(float(w), 3) for name, w in zip(refusal.WEIGHTS, weights, strict=True)})


if __name__ == "__main__":
    main()
