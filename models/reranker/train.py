"""Learn in which order to put what the searches find: one command from the open sets to weights.json.

    python -m models.reranker.train DATA [--work FOLDER]

DATA holds ``squad2``, ``squad-long``, ``nq`` and ``fairytaleqa`` as .jsonl.gz (the model card says which sets these are).
Their paragraphs, put together to articles where they are of one, and the written news of models/reader become one library.
Its questions are searched as the product searches, and then two at a time as one question; a listwise loss (Cao et al., ICML
2007) brings the passages that answer to the top. WORK keeps the library and what is known of each passage, for another try.
"""

import argparse
import gzip
import hashlib
import json
import pickle
import random
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch

import qa
from models.reader import written
from qa.evaluate.scores import holds
from qa.retrieval.query import read_query, search_terms
from qa.retrieval.ranking import FEATURES, RELATIVE, features
from qa.retrieval.search import as_candidates, found_by, within_reach

TODAY = "2026-11-01"
HIDDEN, ROUNDS, BATCH, RATE, DECAY = 32, 30, 128, 0.005, 0.01
HELD_OUT = "held-out news"
OF_THE_ARTICLE = 0.3  # what a passage of the right article counts that has no answer itself; one that has it counts 1.3
WANTED = {"news": 2_500, "months": 700, "fairytaleqa": 1_500, "nq": 1_500, "squad2": 1_000, "squad-long": 1_200}
TWO = {"news": 500, "nq": 150, "squad2": 150, "squad-long": 150, "fairytaleqa": 80}  # questions asked with another one
NEAREST = 15  # articles found for the one, of which the other is asked
TOGETHER = ("{one}, and {other}?", "{one}? {Other}?", "{one} and {other}?", "{one}, while {other}?")
SMALL = frozenset(
    "what who when where which how why in on at by for was were is are did does do from to with whose".split()
)  # words that are written small behind another question


def load(file: Path) -> list[dict[str, Any]]:
    """Rows of a set."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def material(data: Path) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Articles by their ids, and questions, each with its set and its parts: the id of an article and the answers in it."""
    articles: dict[str, dict[str, Any]] = {}
    asked: dict[str, list[dict[str, Any]]] = {of: [] for of in WANTED}
    add_news(articles, asked)
    for file in ("fairytaleqa", "nq", "squad2", "squad-long"):
        add_set(articles, asked, file, load(data / f"{file}.jsonl.gz"))
    draw = random.Random(0)
    return articles, [question for of, most in WANTED.items() for question in draw.sample(asked[of], most)]


def add_news(articles: dict[str, dict[str, Any]], asked: dict[str, list[dict[str, Any]]]) -> None:
    """What was written for the reader: a question on a running story is put with the month of its article."""
    learned, held_out = (written.articles(held_out) for held_out in (False, True))
    for number, article in enumerate(learned + held_out):
        name = f"news {number}" if number < len(learned) else f"{HELD_OUT} {number}"
        articles[name] = {"title": article["title"], "date": article["date"], "text": article["text"]}
        for question, place in article["asked"]:
            if place:
                case = {"of": "news", "parts": [(name, [article["text"][place[0] : place[1]]])]}
                if article["date"] is not None:
                    case["of"] = "months"
                    question = f"{question.rstrip('?')} in {date.fromisoformat(article['date']):%B %Y}?"
                asked[case["of"]].append(case | {"question": question})


def add_set(
    articles: dict[str, dict[str, Any]], asked: dict[str, list[dict[str, Any]]], of: str, rows: list[dict[str, Any]]
) -> None:
    """The paragraphs of a set, those of one title as one article, and the questions that one article answers."""
    parts: dict[str, dict[str, None]] = {}
    for row in rows:
        texts = [passage["text"] for passage in row["passages"]]
        names = [f"{of} {p['title'] or digest(p['text'])}" for p in row["passages"]]
        for name, text in zip(names, texts, strict=True):
            parts.setdefault(name, {})[text] = None
        gold = {names[number] for number in row["gold"]}
        answers = [answer for answer in row["answers"] if any(holds(texts[n], [answer]) for n in row["gold"])]
        if len(gold) == 1 and answers:
            asked[of].append({"of": of, "question": row["question"], "parts": [(gold.pop(), answers)]})
    titled = of != "squad-long"
    for name, paragraphs in parts.items():
        title = name.removeprefix(f"{of} ") if titled else " "
        articles[name] = {"title": title, "date": None, "text": "\n\n".join(paragraphs)}


def digest(text: str) -> str:
    """A few letters that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def is_held_out(case: dict[str, Any]) -> bool:
    """Whether a question is for measuring: three in ten, and all of the articles by which readers are measured."""
    return int(digest(case["question"]), 16) % 10 < 3 or case["parts"][0][0].startswith(HELD_OUT)


def two_at_a_time(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Questions that need two articles, the second among the first ones found for the first; both learned, or both held out."""
    draw, asked_of, made = random.Random(1), dict[str, list[dict[str, Any]]](), list[dict[str, Any]]()
    for case in cases:
        asked_of.setdefault(case["parts"][0][0], []).append(case)
    for of, most in TWO.items():
        own = [case for case in cases if case["of"] == of]
        pairs = []
        for one in draw.sample(own, len(own)):
            found = [a for a in dict.fromkeys(one["articles"]) if a != one["parts"][0][0] and a in asked_of][:NEAREST]
            other = draw.choice(asked_of[draw.choice(found)]) if found else one
            if other is not one and is_held_out(one) == is_held_out(other):
                question = together(one["question"], other["question"], draw)
                parts = one["parts"] + other["parts"]
                pairs.append({"of": "two", "question": question, "parts": parts, "held out": is_held_out(one)})
        made += pairs[:most]
    return made


def together(one: str, other: str, draw: random.Random) -> str:
    """Two questions as one."""
    first, second = (question.strip().rstrip("?") for question in (one, other))
    small = second[0].lower() + second[1:] if second.split()[0].lower() in SMALL else second
    return draw.choice(TOGETHER).format(one=first, other=small, Other=second)


def observed(desk: qa.Desk, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is known of the passages that are found for each question, and which of them answer it."""
    cases = []
    for number, asked in enumerate(questions, start=1):
        with desk.library.snapshot() as snapshot:
            query, _ = within_reach(snapshot, read_query(asked["question"], today=TODAY))
            found = found_by(snapshot, desk.embedder, query, desk.settings.candidates)
            candidates = as_candidates(snapshot, query, found)
            if candidates:
                known = features(query.text, snapshot.rarity(search_terms(query.text)), candidates)
                right = [[c.hit.article_id == article for c in candidates] for article, _ in asked["parts"]]
                answers = [
                    [own and holds(c.hit.text, answers) for own, c in zip(part, candidates, strict=True)]
                    for part, (_, answers) in zip(right, asked["parts"], strict=True)
                ]
                cases.append(
                    {
                        **asked,
                        "features": known.astype(np.float32),
                        "right": np.any(right, 0),
                        "holds": np.any(answers, 0),
                        "holds each": np.array(answers),
                        "articles": [c.hit.article_id for c in candidates],
                    }
                )
        if number % 100 == 0:
            print(f"\r{number} of {len(questions)} questions", end="", file=sys.stderr)
    return cases


def fit(cases: list[dict[str, Any]], seed: int = 0) -> dict[str, Any]:
    """The network's weights, from the cases of which the right article was found; each set weighs the same."""
    cases = [case for case in cases if case["right"].any()]
    every = np.concatenate([case["features"] for case in cases]).astype(np.float64)
    mean, scale = every.mean(axis=0), every.std(axis=0) + 1e-6
    longest, many = max(len(case["right"]) for case in cases), dict.fromkeys(map(group, cases), 0.0)
    for case in cases:
        many[group(case)] += share(case)
    values = torch.zeros(len(cases), longest, every.shape[1])
    there, wanted = torch.zeros(len(cases), longest, dtype=torch.bool), torch.zeros(len(cases), longest)
    for at, case in enumerate(cases):
        size = len(case["right"])
        values[at, :size] = torch.tensor((case["features"] - mean) / scale)
        there[at, :size] = True
        target = case["holds"] + OF_THE_ARTICLE * case["right"]
        wanted[at, :size] = torch.tensor(target / target.sum())
    weight = torch.tensor([share(case) * len(cases) / len(many) / many[group(case)] for case in cases])
    torch.manual_seed(seed)
    network = torch.nn.Sequential(
        torch.nn.Linear(every.shape[1], HIDDEN),
        torch.nn.GELU(approximate="tanh"),
        torch.nn.Linear(HIDDEN, 1, bias=False),
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    batches = -(-len(cases) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, ROUNDS * batches)
    for _ in range(ROUNDS):
        for some in torch.randperm(len(cases)).split(BATCH):
            chosen = network(values[some])[..., 0].masked_fill(~there[some], -1e9)
            loss = -((wanted[some] * torch.log_softmax(chosen, 1)).sum(1) * weight[some]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    first, last = network[0], network[2]
    return {
        "mean": mean,
        "scale": scale,
        "hidden": first.weight.detach().numpy().T,
        "hidden bias": first.bias.detach().numpy(),
        "output": last.weight.detach().numpy()[0],
    }


def group(case: dict[str, Any]) -> str:
    """The set whose weight a case shares: a question that names the month is one about news."""
    return "news" if case["of"] == "months" else str(case["of"])


def share(case: dict[str, Any]) -> float:
    """What a case weighs in its set: a phrase that is the date of the article is not more frequent than any other."""
    return 0.5 if case["of"] == "months" else 1.0


def ranked(case: dict[str, Any], weights: dict[str, Any] | None) -> list[int]:
    """The passages of a case in the order of weights; of None, by reciprocal rank fusion."""
    if weights is None:
        score = case["features"][:, 0] + case["features"][:, 1]
    else:
        hidden = (case["features"] - weights["mean"]) / weights["scale"] @ weights["hidden"] + weights["hidden bias"]
        active = torch.nn.functional.gelu(torch.tensor(hidden), approximate="tanh").numpy()
        score = active @ weights["output"]
    return [int(at) for at in np.argsort(-score, kind="stable")]


def figures(case: dict[str, Any], order: list[int]) -> list[float]:
    """A right article first, among five, its nDCG@10; an answer in the first passage, in five; all answers in ten."""
    articles, wanted = list(dict.fromkeys(case["articles"][at] for at in order)), {name for name, _ in case["parts"]}
    rank = next((place for place, name in enumerate(articles, start=1) if name in wanted), None)
    at_answer = next((place for place, at in enumerate(order, start=1) if case["holds"][at]), 1_000)
    gain = 1 / np.log2(1 + rank) if rank is not None and rank <= 10 else 0.0
    return [
        float(rank == 1),
        float(rank is not None and rank <= 5),
        float(gain),
        float(at_answer == 1),
        float(at_answer <= 5),
        float(case["holds each"][:, order[:10]].any(1).all()),
    ]


def table(ways: dict[str, list[list[int]]], cases: list[dict[str, Any]]) -> str:
    """Mean figures of each set."""
    sets = list(dict.fromkeys(case["of"] for case in cases))
    lines = ["| | " + " | ".join(sets) + " |", "|---" * (len(sets) + 1) + "|"]
    for name, orders in ways.items():
        cells = []
        for of in sets:
            values = [figures(case, order) for case, order in zip(cases, orders, strict=True) if case["of"] == of]
            cells.append(" ".join(f"{value:.3f}" for value in np.mean(values, axis=0)))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Build, search, fit, measure, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("reranker-work"))
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    kept = given.work / "cases.pickle"
    if not kept.exists():
        articles, questions = material(given.data)
        with (given.work / "articles.jsonl").open("w", encoding="utf-8") as out:
            for name, article in articles.items():
                print(json.dumps({"id": name, **{k: v for k, v in article.items() if v}}), file=out)
        desk = qa.open(given.work / "library")
        desk.index(given.work / "articles.jsonl")
        single = [case | {"held out": is_held_out(case)} for case in observed(desk, questions)]
        kept.write_bytes(pickle.dumps(single + observed(desk, two_at_a_time(single))))
    cases = pickle.loads(kept.read_bytes())
    learned = [case for case in cases if not case["held out"]]
    held_out = [case for case in cases if case["held out"]]
    weights = fit(learned)
    ways = {"reciprocal ranks": [ranked(case, None) for case in held_out]}
    ways["learned"] = [ranked(case, weights) for case in held_out]
    for of in dict.fromkeys(case["of"] for case in cases):
        without = fit([case for case in learned if case["of"] != of])
        ways[f"learned without {of}"] = [ranked(case, without) for case in held_out]
    print(f"\n{len(learned)} questions learned, {len(held_out)} held out\n\n{table(ways, held_out)}")
    names = [*FEATURES, *(f"{FEATURES[at]}, to the best" for at in RELATIVE)]
    lines = [f'"features": {json.dumps(names)}']
    lines += [f'"{name}": {json.dumps(np.round(values, 5).tolist())}' for name, values in weights.items()]
    text = "{" + ",\n ".join(lines) + "}\n"
    (Path(__file__).parent / "weights.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
