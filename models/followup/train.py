"""Fit which words of the turns before a follow-up question gets: weights.json.

    python -m models.followup.train DATA

DATA holds rewrites.jsonl.gz (`history`, `question`, `rewrite`, one object a line); conversations.jsonl and held_out.jsonl lie
beside this script. A logistic regression with an L1 penalty tells the words of the history that the rewritten question has
from those it has not; prints content-word F1 by five folds of whole conversations, and on what is held out.
"""

import argparse
import gzip
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import mean

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from qa.evaluate.scores import content_f1
from qa.language.words import content_stems, stem, words
from qa.retrieval.followup import completed, mentioned_words
from qa.types import Message

HERE = Path(__file__).parent
NEWS_WEIGHT = 4.0  # of a conversation on news against one of the open set
PENALTY = 0.05
FOLDS = 5


def read(lines: Iterable[str], name: str) -> list[dict]:
    """Follow-ups with the turns before as Messages; ``group`` is the conversation they belong to."""
    read = []
    for row in map(json.loads, lines):
        history = [Message(turn["role"], turn["content"]) for turn in row["history"]]
        rewrite = row["rewrite"] if "rewrite" in row else row["standalone"]
        group = row["file"] if "file" in row else next((m.content for m in history if m.role == "user"), "")
        kinds = [name, f"{name}, {row['kind']}"] if "kind" in row else [name]
        read.append(
            {"question": row["question"], "history": history, "rewrite": rewrite, "group": group, "kinds": kinds}
        )
    return read


def fit(rows: list[dict]) -> dict[str, float]:
    """The weights by their features, those that are not 0."""
    values, repeated, weigh = [], [], []
    for row in rows:
        wanted = set(content_stems(row["rewrite"]))
        for word, features in mentioned_words(row["question"], row["history"]):
            values.append(features)
            repeated.append(stem(words(word)[-1]) in wanted)
            weigh.append(NEWS_WEIGHT if "news" in row["kinds"] else 1.0)
    vectors = DictVectorizer(sparse=False)
    x = vectors.fit_transform(values)
    model = LogisticRegression(
        C=PENALTY, l1_ratio=1.0, solver="liblinear", fit_intercept=False, max_iter=500, random_state=0
    )
    model.fit(x, np.array(repeated), sample_weight=np.array(weigh))
    fitted = zip(vectors.get_feature_names_out(), model.coef_[0], strict=True)
    return {name: round(float(weight), 3) for name, weight in fitted if round(float(weight), 3)}


def report(title: str, rows: list[dict], weights: list[dict[str, float]]) -> None:
    """Print the mean content-word F1 of the question as it is and as it is completed, by kind."""
    scores = defaultdict(list)
    for row, own in zip(rows, weights, strict=True):
        made = completed(row["question"], row["history"], own)
        pair = [content_f1(text, row["rewrite"]) for text in (row["question"], made)]
        for kind in row["kinds"]:
            scores[kind].append([*pair, float(made != row["question"])])
    for kind, found in sorted(scores.items()):
        alone, after, changed = (mean(column) for column in zip(*found, strict=True))
        print(f"{title}: {kind}: {len(found)}, as asked {alone:.3f}, completed {after:.3f}, changed {changed:.2f}")


def main() -> None:
    """Fit, report, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    with gzip.open(data / "rewrites.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = read(lines, "open set")
    rows += read((HERE / "conversations.jsonl").read_text(encoding="utf-8").splitlines(), "news")
    held_out = read((HERE / "held_out.jsonl").read_text(encoding="utf-8").splitlines(), "held out")
    groups = list(dict.fromkeys(row["group"] for row in rows))
    random.Random(0).shuffle(groups)
    fold = {group: number % FOLDS for number, group in enumerate(groups)}
    folds = [fit([row for row in rows if fold[row["group"]] != number]) for number in range(FOLDS)]
    report("five-fold", rows, [folds[fold[row["group"]]] for row in rows])
    weights = fit(rows)
    report("held out", held_out, [weights] * len(held_out))
    text = json.dumps(weights, indent=1, sort_keys=True) + "\n"
    (HERE / "weights.json").write_text(text, encoding="utf-8")
    print(f"{len(weights)} weights, sha256 {hashlib.sha256(text.encode()).hexdigest()}")


if __name__ == "__main__":
    main()
