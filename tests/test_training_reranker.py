"""The script that learns the order of passages."""

import random
import re
from typing import Any

import numpy as np
import pytest

from qa.retrieval.ranking import FEATURES, RELATIVE

pytest.importorskip("torch")

from models.reranker.train import add_set, figures, fit, group, is_held_out, ranked, share, together, two_at_a_time

COLUMNS = len(FEATURES) + len(RELATIVE)


def case(number: int, of: str = "news") -> dict[str, Any]:
    """Four passages of four articles; the third feature, and nothing else, tells which one answers."""
    draw = np.random.default_rng(number)
    values = draw.normal(size=(4, COLUMNS)).astype(np.float32)
    right = np.arange(4) == values[:, 2].argmax()
    return {
        "of": of,
        "question": f"question {number}",
        "parts": [("abcd"[int(right.argmax())], ["48"])],
        "features": values,
        "right": right,
        "holds": right,
        "holds each": right[None],
        "articles": list("abcd"),
    }


def test_it_learns_what_tells_the_right_passage() -> None:
    """On cases that it has not seen; the order of the searches tells nothing there."""
    weights = fit([case(number) for number in range(400)])
    assert {name: values.shape[-1] for name, values in weights.items() if name in ("mean", "scale")} == {
        "mean": COLUMNS,
        "scale": COLUMNS,
    }
    unseen = [case(number) for number in range(400, 500)]
    learned = np.mean([figures(one, ranked(one, weights))[0] for one in unseen])
    searched = np.mean([figures(one, ranked(one, None))[0] for one in unseen])
    assert learned > 0.7 > 0.5 > searched


def test_figures_of_an_order() -> None:
    """The right article, c, is second of three; its passage with the answer is the third."""
    answers = np.array([[False, False, True, False]])
    one = {
        "articles": ["a", "c", "c", "b"],
        "parts": [("c", ["48"])],
        "holds": answers[0],
        "holds each": answers,
    }
    assert figures(one, [0, 1, 2, 3]) == pytest.approx([0, 1, 1 / np.log2(3), 0, 1, 1])
    assert figures(one, [2, 1, 0, 3]) == pytest.approx([1, 1, 1, 1, 1, 1])
    missed = one | {"parts": [("z", ["48"])], "holds": np.zeros(4, bool), "holds each": np.zeros((1, 4), bool)}
    assert figures(missed, [0, 1, 2, 3]) == [0, 0, 0, 0, 0, 0]


def test_all_answers_of_two_questions_are_asked_for() -> None:
    """Twelve passages of twelve articles; the answer of the one is in the first, that of the other in the last."""
    each = np.eye(12, dtype=bool)[[0, 11]]
    names = [f"article {number}" for number in range(12)]
    one = {
        "articles": names,
        "parts": [(names[0], ["48"]), (names[11], ["50"])],
        "holds": each.any(0),
        "holds each": each,
    }
    assert figures(one, list(range(12)))[-1] == 0
    assert figures(one, [11, *range(11)])[-1] == 1


def test_questions_are_put_together_with_one_on_an_article_found_for_them() -> None:
    """Both learned or both held out; the other has its own article and answers."""
    made = two_at_a_time([case(number) for number in range(300)])
    assert len(made) > 100
    for pair in made:
        one, other = (case(int(number)) for number in re.findall(r"\d+", pair["question"]))
        assert pair["of"] == "two"
        assert pair["parts"] == one["parts"] + other["parts"]
        assert one["parts"] != other["parts"]
        assert is_held_out(one) == is_held_out(other) == pair["held out"]


def test_two_questions_become_one() -> None:
    """A question word behind another question is written small, a name is not."""
    draws = {together("Who paid?", "What did Ostlund cost?", random.Random(seed)) for seed in range(20)}
    assert draws == {
        "Who paid, and what did Ostlund cost?",
        "Who paid? What did Ostlund cost?",
        "Who paid and what did Ostlund cost?",
        "Who paid, while what did Ostlund cost?",
    }
    assert together("Who paid?", "Ostlund opened when?", random.Random(0)).endswith("Ostlund opened when?")


def test_months_share_the_weight_of_the_news_by_halves() -> None:
    """Any other set weighs by itself."""
    assert [(group(case(0, of)), share(case(0, of))) for of in ("news", "months", "nq")] == [
        ("news", 1.0),
        ("news", 0.5),
        ("nq", 1.0),
    ]


def test_three_in_ten_and_the_held_out_articles_are_for_measuring() -> None:
    """By the words of the question, so that the same ones are in every run."""
    held_out = [is_held_out(case(number)) for number in range(1_000)]
    assert 250 < sum(held_out) < 350
    assert all(is_held_out(case(number) | {"parts": [("held-out news 7", ["48"])]}) for number in range(20))


def test_paragraphs_of_a_title_become_an_article() -> None:
    """Each once; a question of an answer that does not stand there is left out."""
    articles: dict[str, dict[str, Any]] = {}
    asked: dict[str, list[dict[str, Any]]] = {"nq": []}
    texts = ["The ferry sails at nine.", "It cost 48 million crowns."]
    passages = [{"title": "Ferry", "text": text} for text in (*texts, texts[0])]
    rows = [
        {"question": "What did the ferry cost?", "passages": passages, "gold": [1], "answers": ["48 million crowns"]},
        {"question": "When does it sail?", "passages": passages, "gold": [0], "answers": ["ten"]},
        {"question": "Who paid?", "passages": passages, "gold": [], "answers": []},
    ]
    add_set(articles, asked, "nq", rows)
    assert articles == {"nq Ferry": {"title": "Ferry", "date": None, "text": "\n\n".join(texts)}}
    assert asked["nq"] == [
        {"of": "nq", "question": "What did the ferry cost?", "parts": [("nq Ferry", ["48 million crowns"])]}
    ]
