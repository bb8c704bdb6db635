"""Fit calibration.json on what was held out: what the reader's margins and the generator's reply are worth.

    python -m models.reader.calibrate EXAMPLES_FOLDER

Every held-out paragraph, with what the sets and we (left_open.py) ask of it, and every passage of made-up news of held-out
topics, becomes an article of a temporary library; of a second one, too, which holds the paragraphs trained on beside them and
so is ten times as large and has much more about the same things. Each answerable question is put to each twice, with its own
article and without, and each unanswerable one once; and each once more to its own article alone, as a reader asks who has
chosen one, the answerable ones also to the nearest other article alone. Short questions (further.py) are put to their own article only.
The product searches and reads. One logistic regression tells which of two readings has the sentence with the answer; a
second one, over the first's results, tells the answered cases from the rest, where both weigh the same in the whole library
and in one article alone; a third one adds what the default model replies.
"""

import argparse
import gzip
import json
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import GroupKFold

import qa
from models.reader.further import ALONE
from models.reader.train import load
from qa.answering.checking import Checked, checked
from qa.answering.drafting import Draft, drafts
from qa.answering.evidence import Evidence, aged, read_features
from qa.answering.prompt import as_read, build_messages, passages_for
from qa.answering.refusal import VOTES, features
from qa.retrieval.query import make_query
from qa.retrieval.search import search, what_is_searched
from qa.types import Calibration, Hit, Reading, Scope

AGES = (0.0, 0.5, 1.0, 1.5, 2.0)  # times what the age of an article takes in the product
YEARS, DRAWS = 6, 10


def write_articles(rows: list[dict], file: Path) -> dict[str, str]:
    """Every paragraph once, as JSON lines; returns text -> id."""
    ids: dict[str, str] = {}
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        for row in rows:
            for passage in row["passages"]:
                text = passage["text"].strip()
                if text not in ids:
                    ids[text] = f"p{len(ids)}"
                    article = {
                        "id": ids[text],
                        "title": passage["title"] or " ",
                        "date": passage.get("date"),
                        "text": text,
                    }
                    lines.write(json.dumps(article) + "\n")
    return ids


def main() -> None:
    """Index, ask, fit, write calibration.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("examples", type=Path)
    parser.add_argument("--rows", type=int, default=500, help="held-out rows of the open sets")
    parser.add_argument("--news", type=int, default=200, help="rows of made-up news")
    parser.add_argument("--open", type=int, default=150, help="our own questions on held-out paragraphs")
    parser.add_argument("--short", type=int, default=150, help="short questions on held-out news")
    parser.add_argument("--quiz", type=int, default=150, help="questions of a quiz on held-out news")
    parser.add_argument("--replies", type=int, default=450, help="cases that the generator is asked")
    arguments = parser.parse_args()
    kinds = ("held-out", "news", "left-open", "short", "quiz")
    sets = [load(arguments.examples / f"{name}-rows.jsonl") for name in kinds]
    wanted = (arguments.rows, arguments.news, arguments.open, arguments.short, arguments.quiz)
    asked = [row for of, most in zip(sets, wanted, strict=True) for row in random.Random(0).sample(of, most)]
    random.Random(1).shuffle(asked)
    rows, cases = [row for of in sets for row in of], []
    for beside in ([], load(arguments.examples / "train-rows.jsonl")):
        with tempfile.TemporaryDirectory() as folder:
            ids = write_articles([*rows, *beside], Path(folder) / "paragraphs.jsonl.gz")
            desk = qa.open(Path(folder) / "library")
            desk.index(Path(folder) / "paragraphs.jsonl.gz")
            cases += [case for row in asked for case in row_cases(desk, row, ids)]
    evidence_weights = fit_evidence(cases)
    print_ages(cases, evidence_weights)
    for case in cases:
        found = [Evidence(h, s, a, strength(v, evidence_weights), v["margin"]) for h, s, a, v in case["readings"]]
        order = sorted(range(len(found)), key=lambda i, f=found: -f[i].strength)
        case["evidence"], case["holds"] = [found[i] for i in order], [case["holds"][i] for i in order]
    confidence_weights = fit_confidence(cases)
    heard = random.Random(0).sample(cases, min(len(cases), arguments.replies))
    for number, case in enumerate(heard, start=1):
        case["used"], case["drafts"] = replied(desk, case)
        print(f"\r{number} of {len(heard)} replies", end="", file=sys.stderr)
    said = fit_said(desk, heard)
    reply_weights = fit_reply(desk, heard, said, confidence_weights)
    fitted = Calibration(evidence_weights, confidence_weights, reply_weights, said)
    (Path(__file__).parent / "calibration.json").write_text(json.dumps(asdict(fitted), indent=1) + "\n")


def row_cases(desk: qa.Desk, row: dict, ids: dict[str, str]) -> list[dict]:
    """One row's cases: question, hits, readings with features, whether each holds the answer, whether one should."""
    query = make_query(row["question"], (), Scope(), date.today())
    shown = desk.settings.shown_passages
    texts = [passage["text"].strip() for passage in row["passages"]]
    golds = {ids[texts[number]] for number in row["gold"]}
    with desk.library.snapshot() as snapshot:
        searched = what_is_searched(snapshot, query)

        def found_in(*articles: str) -> list[Hit]:
            scoped = replace(query, scope=Scope(articles=frozenset(articles) or None))
            return search(snapshot, desk.embedder, scoped, desk.settings.candidates, 2 * shown)

        asked = [(found_in(*(golds or (ids[text] for text in texts))), bool(golds), True)]
        if not row["id"].startswith(ALONE):
            hits = found_in()
            others = [hit for hit in hits if hit.article_id not in golds]
            asked.append((others, False, False))
            if golds:
                asked.append((hits, True, False))
                if others:
                    asked.append((found_in(others[0].article_id), False, True))
    cases, once = [], Once(desk)
    for all_found, should, alone in asked:
        found = all_found[:shown]
        if found:
            readings = read_features(query.text, found, once, once)
            says = [
                any(a in hit.text[span.start - hit.start : span.end - hit.start] for a in row["answers"])
                for hit, span, _, _ in readings
            ]
            if golds and not should and any(says):
                continue  # another article may answer it, too
            holds = [hit.article_id in golds and one for (hit, *_), one in zip(readings, says, strict=True)]
            if should and not any(a in h.text for h in found if h.article_id in golds for a in row["answers"]):
                continue  # not found, or cut apart: neither a good answer nor a good refusal
            cases.append(
                {
                    "question": query.text,
                    "searched": searched,
                    "hits": found,
                    "readings": readings,
                    "holds": holds,
                    "should": should,
                    "golds": golds,
                    "answers": row["answers"],
                    "of": "news" if row["id"].startswith("news-") else "paragraphs",
                    "alone": alone,
                }
            )
    return cases


class Once:
    """The reader and the embedder for one question: of what is asked several times, each passage and text is read once."""

    def __init__(self, desk: qa.Desk) -> None:
        """Remember nothing yet."""
        self.desk, self.calibration = desk, desk.reader.calibration
        self.name, self.fingerprint, self.dimension = "once", "once", desk.embedder.dimension
        self.readings: dict[int, tuple[Reading, ...]] = {}
        self.close: dict[int, tuple[Reading, ...]] = {}
        self.vectors: dict[str, np.ndarray] = {}

    def read(self, question: str, hits: Sequence[Hit]) -> list[tuple[Reading, ...]]:
        """As the reader does."""
        return _once(self.readings, self.desk.reader.read, question, hits)

    def read_closely(self, question: str, hits: Sequence[Hit]) -> list[tuple[Reading, ...]]:
        """As the reader does."""
        return _once(self.close, self.desk.reader.read_closely, question, hits)

    def supports(self, sentence: str, hits: Sequence[Hit]) -> list[float]:
        """As the reader does."""
        return self.desk.reader.supports(sentence, hits)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """As the embedder does."""
        new = [text for text in dict.fromkeys(texts) if text not in self.vectors]
        if new:
            self.vectors |= dict(zip(new, self.desk.embedder.encode(new), strict=True))
        return np.array([self.vectors[text] for text in texts])


def _once(
    known: dict[int, tuple[Reading, ...]],
    read: Callable[[str, Sequence[Hit]], list[tuple[Reading, ...]]],
    question: str,
    hits: Sequence[Hit],
) -> list[tuple[Reading, ...]]:
    new = [hit for hit in hits if hit.passage_id not in known]
    known |= {hit.passage_id: found for hit, found in zip(new, read(question, new), strict=True)}
    return [known[hit.passage_id] for hit in hits]


def fit_evidence(cases: list[dict]) -> dict[str, float]:
    """The weights of a reading: which of two readings of a question has the sentence that holds the answer."""
    asked = [case for case in cases if case["should"] and not case["alone"]]
    names = list(asked[0]["readings"][0][3])
    unseen: dict[int, dict[str, float]] = {}
    for train, test in GroupKFold(5).split(asked, groups=[case["question"] for case in asked]):
        unseen |= dict.fromkeys(test.tolist(), fit_pairs([asked[at] for at in train], names))
    for of in ("paragraphs", "news"):
        first = {"asked": 0, "reader alone": 0, "with the weights, five-fold": 0}
        for at, case in enumerate(asked):
            if case["of"] == of:
                margins = [values["margin"] for *_, values in case["readings"]]
                strengths = [strength(values, unseen[at]) for *_, values in case["readings"]]
                first["asked"] += 1
                first["reader alone"] += case["holds"][int(np.argmax(margins))]
                first["with the weights, five-fold"] += case["holds"][int(np.argmax(strengths))]
        print(f"first reading right, {of}: {first}", flush=True)
    return fit_pairs(asked, names)


def print_ages(cases: list[dict], weights: dict[str, float]) -> None:
    """What it costs that new articles go before old ones, where dates tell nothing: they are dealt by chance."""
    asked, today = [case for case in cases if case["should"] and not case["alone"]], date.today()
    for of in ("paragraphs", "news"):
        right = dict.fromkeys(AGES, 0.0)
        for draw in range(DRAWS):
            rng = random.Random(draw)
            ages = defaultdict[str, float](lambda rng=rng: aged(dealt(rng, today), today))
            for case in (case for case in asked if case["of"] == of):
                known = [(strength(v, weights), ages[hit.article_id]) for hit, _, _, v in case["readings"]]
                for times in AGES:
                    best = int(np.argmax([value - times * age for value, age in known]))
                    right[times] += case["holds"][best] / DRAWS
        told = {times: round(count, 1) for times, count in right.items()}
        print(
            f"first reading right, {of}, dated by chance over {YEARS} years, by how much age counts: {told}", flush=True
        )


def dealt(rng: random.Random, today: date) -> str:
    """A day of the last years."""
    return (today - timedelta(days=rng.randrange(YEARS * 365))).isoformat()


def fit_pairs(asked: list[dict], names: list[str]) -> dict[str, float]:
    """A logistic regression over differences of readings of one question (Joachims 2002); every question weighs the same."""
    differences, weights = [], []
    for case in asked:
        x = np.array([list(values.values()) for *_, values in case["readings"]])
        held = np.array(case["holds"])
        pairs = (x[held][:, None] - x[~held][None]).reshape(-1, x.shape[1])
        differences.append(pairs)
        weights += [1 / max(1, len(pairs))] * len(pairs)
    x = np.concatenate(differences)
    y = np.tile([True, False], len(x))
    both = np.stack([x, -x], axis=1).reshape(-1, x.shape[1])
    model = LogisticRegression(fit_intercept=False, C=10.0, max_iter=2000)
    return named(names, model.fit(both, y, sample_weight=np.repeat(weights, 2)).coef_[0])


def strength(values: dict[str, float], weights: dict[str, float]) -> float:
    """The logit of a reading."""
    return sum(weights[name] * value for name, value in values.items())


def named(names: list[str], weights: Any) -> dict[str, float]:
    """Weights by their names, as short as they need be."""
    return {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)}


def fit_confidence(cases: list[dict]) -> dict[str, float]:
    """The weights of a whole question: does the library answer it."""
    rows = [known_of(case) for case in cases]
    fitted = balanced_fit("before the reply", cases, np.array([list(row.values()) for row in rows]))
    return named(list(rows[0]), fitted.coef_[0])


def known_of(case: dict) -> dict[str, float]:
    """What the confidence of a case is computed from."""
    return features(case["question"], case["searched"], case["hits"], case["evidence"])


def balanced_fit(what: str, cases: list[dict], x: np.ndarray) -> LogisticRegression:
    """A regression in which answered cases and others weigh the same, in the whole library and in one article.

    Five-fold figures are printed; all cases of a question are in one fold.
    """
    y, alone = (np.array([case[name] for case in cases]) for name in ("should", "alone"))
    weights = np.ones(len(y))
    for part in (alone, ~alone):
        for side in (y, ~y):
            weights[part & side] = part.sum() / 2 / (part & side).sum()
    model = LogisticRegression(fit_intercept=False, C=1.0, max_iter=1000)
    predicted = np.zeros(len(y))
    for train, test in GroupKFold(5).split(x, y, [case["question"] for case in cases]):
        predicted[test] = model.fit(x[train], y[train], sample_weight=weights[train]).predict_proba(x[test])[:, 1]
    for name, part in (("whole library", ~alone), ("one article", alone)):
        print(
            f"{what}, {name}: {part.sum()} cases, {y[part].sum()} answerable; "
            f"five-fold AUROC {roc_auc_score(y[part], predicted[part]):.3f}, "
            f"balanced accuracy at .5 {balanced_accuracy_score(y[part], predicted[part] > 0.5):.3f}, refused "
            f"{np.mean(predicted[part & y] < 0.5):.2f} of the answerable, {np.mean(predicted[part & ~y] < 0.5):.2f} of the others"
        )
    return model.fit(x, y, sample_weight=weights)


def replied(desk: qa.Desk, case: dict) -> tuple[list[Hit], list[Draft]]:
    """The passages the generator was shown, as in qa/chat.py, and what it replied."""
    settings, generator = desk.settings, desk.generator
    best = passages_for([*(e.hit for e in case["evidence"]), *case["hits"]], settings.context_passages)
    messages, used = build_messages(case["question"], best, 1900, generator.count_tokens)
    said = generator.stream(messages, settings.answer_tokens, list(map(as_read, used)))
    return used, list(drafts(said, len(used)))


def results(desk: qa.Desk, case: dict, within: float) -> list[Checked]:
    """What becomes of a reply."""
    above = desk.settings.support_above
    return list(checked(iter(case["drafts"]), case["used"], case["evidence"], desk.reader, above, within))


def fit_said(desk: qa.Desk, cases: list[dict]) -> float:
    """How far behind the best evidence the generator's answer may lie: where most first sentences hold the answer."""
    asked = [case for case in cases if case["should"]]
    right: dict[float, int] = {}
    for within in (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0):
        right[within] = 0
        for case in asked:
            shown = next((found.support for found in results(desk, case, within) if found.shown), None)
            if shown is None:
                right[within] += case["holds"][0]
            else:
                right[within] += shown.hit.article_id in case["golds"] and any(a in shown.text for a in case["answers"])
    print(
        f"first sentence right, of {len(asked)} answerable, by how far behind the generator's answer may lie: {right}"
    )
    return max(right, key=lambda within: right[within])


def fit_reply(desk: qa.Desk, cases: list[dict], said: float, weights: dict[str, float]) -> dict[str, float]:
    """What the generator's reply adds to the confidence before it."""
    x = []
    for case in cases:
        values = known_of(case)
        found = results(desk, case, said)
        agrees, declines = any(f.shown for f in found), any(f.declines for f in found)
        vote = "agrees" if agrees else "declines" if declines else "differs"
        x.append([sum(weights[n] * v for n, v in values.items()), *(float(vote == name) for name in VOTES)])
    y = np.array([case["should"] for case in cases])
    print(
        {
            vote: f"{np.array(x)[:, i + 1].sum():.0f}, {y[np.array(x)[:, i + 1] > 0].sum()} answerable"
            for i, vote in enumerate(VOTES)
        }
    )
    return named(["before", *VOTES], balanced_fit("after the reply", cases, np.array(x)).coef_[0])


if __name__ == "__main__":
    main()
