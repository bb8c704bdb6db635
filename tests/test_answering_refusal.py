"""When the library does not answer, and what is said then."""

import math

import pytest

from qa.answering.evidence import Evidence
from qa.answering.refusal import WEIGHTS, confidence, features, missing_words, nearest_articles, refusal_text
from qa.types import Hit, Nearest, Span


def hit(
    article_id: str,
    text: str = "The work cost 48 million crowns.",
    title: str = "Bridge",
    date: str | None = "2031-04-02",
) -> Hit:
    """A passage."""
    return Hit(article_id, title, date, None, None, text, 0, len(text), 1.0, 1)


HITS = [hit("first", "The council met."), hit("second")]


def evidence(margin: float, best: Hit = HITS[1]) -> Evidence:
    """Evidence with a margin."""
    return Evidence(best, Span(0, len(best.text)), best.text, margin)


def test_the_confidence_is_a_probability_that_grows_with_the_margin() -> None:
    """0 without evidence; the logistic function of the weighted features with it."""
    question = "What did the work cost?"
    values = [confidence(question, HITS, [evidence(margin)]) for margin in (-8.0, -2.0, 0.0, 2.0, 8.0)]
    assert confidence(question, HITS, []) == 0.0
    assert 0 < values[0] < values[1] < values[2] < values[3] < values[4] < 1
    logit = sum(WEIGHTS[name] * value for name, value in features(question, HITS, [evidence(2.0)]).items())
    assert values[3] == pytest.approx(1 / (1 + math.exp(-logit)))


def test_no_margin_is_too_large() -> None:
    """Beyond twelve logits it says no more."""
    for bound in (-12.0, 12.0):
        assert confidence("What?", HITS, [evidence(1000 * bound)]) == confidence("What?", HITS, [evidence(bound)])


def test_the_features_can_be_computed_by_hand() -> None:
    """Of "work", "bridge", "cost" and the name Hallin, all but the name stand in headline or passage."""
    found = features("What did the work on the bridge cost Hallin?", HITS, [evidence(2.0), evidence(-3.0, HITS[0])])
    assert found == {"bias": 1.0, "margin": 2.0, "second": -3.0, "cover": 0.75, "missing_names": 1.0, "rank": 0.5}
    alone = features("What did the bridge cost?", HITS, [evidence(2.0)])
    assert alone == {"bias": 1.0, "margin": 2.0, "second": -12.0, "cover": 1.0, "missing_names": 0.0, "rank": 0.5}


def test_articles_are_named_once_and_three_at_most() -> None:
    """In the order of the hits."""
    hits = [hit(name, title=name.upper()) for name in "aabacde"]
    assert nearest_articles(hits) == tuple(Nearest(name, name.upper(), "2031-04-02") for name in "abc")
    assert nearest_articles([]) == ()


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What did the works cost?", None),
        ("What did Hallin's cherries cost?", "hallin, cherries"),
        ("Hallin, hallin or HALLIN?", "hallin"),
        ("Who is it?", None),
    ],
)
def test_missing_are_the_words_that_no_passage_holds(question: str, missing: str | None) -> None:
    """As the question has them, each once; stems are compared."""
    assert missing_words(question, [hit("a"), hit("b")]) == missing


def test_a_refusal_names_what_came_nearest() -> None:
    """Or says that there is nothing to come near."""
    text = refusal_text([Nearest("a", "Frost in Hallin", "2031-05-19"), Nearest("b", "A note", None)])
    assert (
        text
        == "The articles do not say. The nearest are: \u201cFrost in Hallin\u201d (2031-05-19); \u201cA note\u201d (undated)."
    )
    assert refusal_text([]) == "The library holds no articles yet."
