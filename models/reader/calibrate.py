"""Fit the weights of qa/answering/refusal.py: how sure the product may be that an answer is one.

    python models/reader/calibrate.py EXAMPLES_FOLDER

Every held-out paragraph becomes an article of a temporary library. Each answerable question is put to it twice, with
its own article and without, and each unanswerable one once; the product searches and reads, and a logistic regression
over its features, both classes weighing the same, tells the first case from the others. Five-fold figures are printed.
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
from qa.answering.evidence import find_evidence
from qa.answering.refusal import WEIGHTS, features
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
    values, labels = [], []
    with tempfile.TemporaryDirectory() as folder:
        ids = write_articles(rows, Path(folder) / "paragraphs.jsonl.gz")
        desk = qa.open(Path(folder) / "library")
        desk.index(Path(folder) / "paragraphs.jsonl.gz")
        shown = desk.settings.shown_passages
        for row in rows:
            query = make_query(row["question"], (), None, None, date.today())
            with desk.library.snapshot() as snapshot:
                hits = search(snapshot, desk.embedder, query, desk.settings.candidates, 2 * shown)
            golds = {ids[row["passages"][number]["text"].strip()] for number in row["gold"]}
            cases = [(hits[:shown], bool(golds))]
            if golds:
                cases.append(([hit for hit in hits if hit.article_id not in golds][:shown], False))
            for found, answerable in cases:
                evidence = find_evidence(query.text, found, desk.reader)
                if not evidence:
                    continue
                if answerable and not any(a in h.text for h in found if h.article_id in golds for a in row["answers"]):
                    continue  # not found, or cut apart: neither a good answer nor a good refusal
                values.append(list(features(query.text, found, evidence).values()))
                labels.append(answerable)
    x, y = np.array(values), np.array(labels)
    model = LogisticRegression(fit_intercept=False, C=1.0, class_weight="balanced", max_iter=1000)
    predicted = cross_val_predict(model, x, y, cv=5, method="predict_proba")[:, 1]
    print(
        f"{len(y)} cases, {y.sum()} answerable; five-fold AUROC {roc_auc_score(y, predicted):.3f}, "
        f"balanced accuracy at .5 {balanced_accuracy_score(y, predicted > 0.5):.3f}"
    )
    print({name: round(float(weight), 3) for name, weight in zip(WEIGHTS, model.fit(x, y).coef_[0], strict=True)})


if __name__ == "__main__":
    main()
