"""When the library does not answer, and what is said then."""

import math
from dataclasses import replace

import pytest

from qa.answering.evidence import Evidence
from qa.answering.refusal import confidence, features, missing_words, nearest_articles, refusal_text, settled
from qa.types import Hit, Nearest, Searched, Span
from tests.conftest import CONFIDENCE_FEATURES


def hit(
    article_id: str,
    text: str = "The work cost 48 million crowns.",
    title: str = "Bridge",
    date: str | None = "2031-04-02",
) -> Hit:
    """A passage."""
    return Hit(article_id, title, date, None, None, text, 0, len(text), 1.0, 1)


QUESTION = "What did the work cost?"
SEARCHED = Searched({"work": 1.0, "bridg": 2.0, "cost": 2.0, "hallin": 5.0}, 10_000)
HITS = [hit("first", "The council met."), hit("second")]


def evidence(strength: float, best: Hit = HITS[1], margin: float = 0.0) -> Evidence:
    """Evidence of a strength and a margin, whose sentence is all of its hit."""
    return Evidence(best, Span(0, len(best.text)), best.text, strength, margin)


def weighing(**given: float) -> dict[str, float]:
    """Weights that are 0 where none is given; the fitted ones are no business of these tests."""
    return dict.fromkeys(CONFIDENCE_FEATURES, 0.0) | given


def test_the_confidence_is_a_probability_that_grows_with_the_strength() -> None:
    """0 without evidence; a half where the weighted features cancel out; never an overflow."""
    weights = weighing(bias=-1.0, strength=0.5)
    strengths = (-8.0, 0.0, 2.0, 4.0, 8.0)
    values = [confidence(QUESTION, SEARCHED, HITS, [evidence(strength)], weights) for strength in strengths]
    assert values == pytest.approx([1 / (1 + math.exp(-(0.5 * strength - 1))) for strength in strengths])
    assert values[2] == 0.5
    assert [confidence(QUESTION, SEARCHED, HITS, [evidence(far)], weights) for far in (-1e6, 1e6)] == [0.0, 1.0]
    assert confidence(QUESTION, SEARCHED, HITS, [], weighing(bias=9.0)) == 0.0


def test_an_old_article_answers_as_surely_as_a_new_one() -> None:
    """What its age took from the strength is no doubt."""
    weights = weighing(strength=0.5, second=0.25)
    new, other = evidence(2.0), evidence(1.0, HITS[0])
    old, older = (replace(one, strength=one.strength - age, age=age) for one, age in ((new, 1.0), (other, 1.5)))
    assert confidence(QUESTION, SEARCHED, HITS, [old, older], weights) == confidence(
        QUESTION, SEARCHED, HITS, [new, other], weights
    )


def test_the_generators_reply_settles_the_confidence() -> None:
    """Half the logit before it, and what the kind of reply is worth; certainty stays."""
    weights = {"before": 0.5, "agrees": 1.0, "differs": -0.5, "declines": -2.0}
    for vote, worth in (("agrees", 1.0), ("differs", -0.5), ("declines", -2.0)):
        assert settled(0.9, vote, weights) == pytest.approx(1 / (1 + math.exp(-(0.5 * math.log(9) + worth))))
        assert [settled(sure, vote, weights) for sure in (0.0, 1.0)] == [0.0, 1.0]


def test_every_feature_has_its_weight() -> None:
    """Strength 2, second -3, three of five stems, half by weight, Hallin and 1999 missing: each feature alone gives its logit."""
    question = "What did the work on the bridge cost Hallin in 1999?"
    found = [evidence(2.0, margin=1.5), evidence(-3.0, HITS[0])]
    of_both = (1.0, 2.0, -3.0, 3 / 5, 1 / 2, 1.0, 1.0, 1.5, 3 / 5, 1 / 2, 4.0, 0.0, 0.0)
    of_one = (1.0, 2.0, -3.0, 0.0, 0.0, 1.0, 1.0, 1.5, 3 / 5, 1 / 2, 0.0, 1.0, 1.5)
    for hits, logits in ((HITS, of_both), (HITS[1:], of_one)):
        for feature, logit in zip(CONFIDENCE_FEATURES, logits, strict=True):
            value = confidence(question, SEARCHED, hits, found, weighing(**{feature: 1.0}))
            assert value == pytest.approx(1 / (1 + math.exp(-logit)))


def test_the_features_can_be_computed_by_hand() -> None:
    """Of work, bridge, cost and the name Hallin, all but the name stand in headline or passage."""
    found = features(
        f"{QUESTION[:-1]} on the bridge at Hallin?", SEARCHED, HITS, [evidence(2.0), evidence(1.0, HITS[0])]
    )
    assert found == {
        "bias": 1.0, "strength": 2.0, "second": 1.0, "cover": 0.75, "rare_cover": 0.5, "missing_names": 1.0,
        "missing_numbers": 0.0, "margin": 0.0, "sentence_cover": 0.75, "rare_sentence_cover": 0.5, "size": 4.0,
        "one_article": 0.0, "one_article_margin": 0.0,
    }  # fmt: skip
    assert tuple(found) == CONFIDENCE_FEATURES
    unweighed = features(QUESTION, Searched({}, 0), HITS, [evidence(2.0)])
    assert (unweighed["rare_cover"], unweighed["rare_sentence_cover"]) == (0.0, 0.0)
    for passages, size in ((0, 2.0), (99, 2.0), (1_000, 3.0), (10**7, 5.0)):  # within a decade of what was fitted
        assert features(QUESTION, Searched({}, passages), HITS, [evidence(2.0)])["size"] == pytest.approx(size)
    for others in ([], [evidence(-3.5)], [evidence(-30.0)]):  # five logits behind is as far as none
        assert features("What?", SEARCHED, HITS, [evidence(2.0), *others])["second"] == -3.0
    within = [evidence(2.0), evidence(1.0, margin=-0.5), evidence(0.0, margin=2.5)]
    alone = features("What did the bridge cost?", SEARCHED, HITS[1:], within)
    assert alone == {
        "bias": 1.0, "strength": 2.0, "second": 1.0, "cover": 0.0, "rare_cover": 0.0, "missing_names": 0.0,
        "missing_numbers": 0.0, "margin": 0.0, "sentence_cover": 1.0, "rare_sentence_cover": 1.0, "size": 0.0,
        "one_article": 1.0, "one_article_margin": 2.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("Did it cost 48 million?", 0.0),
        ("Did it cost forty-eight million in 2031?", 0.0),  # the year stands in the date
        ("Did it cost 49 million?", 1.0),
        ("Did it cost 48 million in 1999?", 1.0),
        ("Did it cost much?", 0.0),
    ],
)
def test_a_number_of_the_question_is_missing_unless_the_article_has_it(question: str, missing: float) -> None:
    """By value, in headline, date or hits; one that lacks is enough."""
    assert features(question, SEARCHED, HITS, [evidence(0.0)])["missing_numbers"] == missing


def test_the_other_hits_of_the_best_article_count_and_other_articles_do_not() -> None:
    """Quist stands in another hit of the article, Hallin in another article."""
    hits = [hit("other", "Hallin lies in a valley."), hit("best", "Edda Quist spoke."), hit("best")]
    for question, cover, missing in (("Did Quist work?", 1.0, 0.0), ("Did Hallin work?", 0.5, 1.0)):
        found = features(question, SEARCHED, hits, [evidence(0.0, hits[2])])
        assert (found["cover"], found["missing_names"]) == (cover, missing)


def test_the_first_word_of_a_question_is_no_name() -> None:
    """Its capital says nothing."""
    assert features("Work cost what?", SEARCHED, HITS, [evidence(0.0)])["missing_names"] == 0.0
    assert features("Hallin paid what?", SEARCHED, HITS, [evidence(0.0)])["missing_names"] == 0.0
    assert features("And Hallin?", SEARCHED, HITS, [evidence(0.0)])["missing_names"] == 1.0


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
