"""Answer spans from scores, and the trained reader on a passage it has never seen."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from qa.answering.close_model import claim_logits
from qa.answering.pair_model import Found, Pairs
from qa.answering.reader import PassageReader
from qa.types import Hit


def pairs(words: int) -> Pairs:
    """One question token, then a headline of two characters and a line end, then words of three characters and a blank."""
    offsets = np.array([[[0, 0], *([3 + 4 * i, 6 + 4 * i] for i in range(words))]])
    nothing = torch.zeros(1, words + 1)
    return Pairs(nothing, nothing, nothing, offsets, (3,), np.array([[False] + [True] * words]))


def scores(starts: dict[int, float], ends: dict[int, float], tokens: int, none: float = 0.0) -> torch.Tensor:
    """Scores of start and end by token; "no answer" scores ``none`` as each."""
    values = torch.full((tokens, 2), -9.0)
    values[0] = none
    for column, given in enumerate((starts, ends)):
        for token, value in given.items():
            values[token, column] = value
    return values


def test_the_best_span_is_the_best_sum_of_start_and_end() -> None:
    """In characters of the passage; the margin is how far it beats the span at the first token."""
    found = pairs(4).best_spans(0, scores({1: 2.0, 3: 1.0}, {2: 4.0, 4: 1.0}, 5, none=1.5), 1)
    assert found == [Found(0, 7, 2.0 + 4.0 - 3.0)]


def test_a_span_ends_where_it_begins_or_later() -> None:
    """The best end lies before the best start, so the best pair in order counts."""
    found = pairs(4).best_spans(0, scores({3: 5.0, 1: 1.0}, {2: 5.0, 4: 1.5}, 5), 1)
    assert found == [Found(8, 15, 6.5)]  # 5.0 + 1.5 beats 1.0 + 5.0


def test_further_spans_share_no_token_with_better_ones() -> None:
    """As long as there are tokens left."""
    found = pairs(3).best_spans(0, scores({1: 5.0, 2: 4.0, 3: 1.0}, {2: 5.0, 3: 4.0}, 4), 3)
    assert [(f.start, f.end) for f in found] == [(0, 7), (8, 11)]


@pytest.mark.models
def test_the_trained_reader_finds_the_answer_and_tells_passages_apart() -> None:
    """In the article's own indices, in the order of the hits."""
    texts = (
        "The council met on Tuesday. Treasurer Ida Holm said that the new roof would cost 62,000 marks.",
        "A choir from Velten sang in the market square, and it rained.",
    )
    hits = [Hit(str(n), "News", None, None, None, text, 100, 100 + len(text), 1.0, n) for n, text in enumerate(texts)]
    first, second = PassageReader().read("How much will the new roof cost?", hits)
    assert "62,000" in texts[0][first[0].start - 100 : first[0].end - 100]
    assert first[0].margin > second[0].margin + 2
    assert all(100 <= r.start < r.end <= h.end for h, rs in zip(hits, (first, second), strict=True) for r in rs)


@pytest.mark.models
def test_of_a_text_too_long_to_read_beside_a_passage_what_is_asked_last_counts() -> None:
    """A question behind or before much else finds its answer; a sentence that long is never taken for supported."""
    text = "Treasurer Ida Holm said that the new roof would cost 62,000 marks."
    hits = [Hit("1", "News", None, None, None, text, 0, len(text), 1.0, 1)]
    reader, much, asked = PassageReader(), "A choir sang in the square and it rained. " * 60, "What will the roof cost?"
    for question in (much + asked, f"{asked} {much}"):
        for read in (reader.read, reader.read_closely):
            [[best, *_]] = read(question, hits)
            assert "62,000" in text[best.start : best.end]
    assert reader.supports(f"{much} The roof would cost 62,000 marks.".replace(". ", ", "), hits) == [0.0]


def test_a_claim_is_as_doubtful_as_its_most_doubtful_word() -> None:
    """Logits 2, 2, 2 stay 2; of 2, 2, -4 the last one counts, softened by how many words there are."""
    pair = Pairs(torch.zeros(2, 5), torch.ones(2, 5), torch.tensor([[0, 0, 0, 1, 1]] * 2), None, (0, 0), None)
    scores = torch.zeros(2, 5, 2)
    scores[..., 1] = torch.tensor([[2.0, 2.0, 2.0, -9.0, -9.0], [2.0, 2.0, -4.0, 9.0, 9.0]])
    same, doubtful = claim_logits(scores, pair).tolist()
    assert same == pytest.approx(2.0)
    assert doubtful == pytest.approx(-math.log((2 * math.exp(-2) + math.exp(4)) / 3))


@pytest.mark.models
def test_the_trained_checker_tells_what_is_said_from_what_is_not() -> None:
    """In the order of the hits: an exchanged figure, an opposite and another passage are less likely than what is said."""
    texts = (
        "Treasurer Ida Holm said on Tuesday that the new roof of the school would cost 62,000 marks, of which the state "
        "pays 20,000. The council approved it by nine votes to four.",
        "A choir from Velten sang in the market square, and it rained.",
    )
    hits = [Hit(str(n), "News", None, None, None, text, 100, 100 + len(text), 1.0, n) for n, text in enumerate(texts)]
    reader = PassageReader()
    said, elsewhere = reader.supports("The new roof of the school would cost 62,000 marks.", hits)
    [other_sum] = reader.supports("The new roof of the school would cost 20,000 marks.", hits[:1])
    [opposite] = reader.supports("The council did not approve the new roof of the school.", hits[:1])
    assert all(0 <= sure <= 1 for sure in (said, elsewhere, other_sum, opposite))
    assert said > max(elsewhere, other_sum, opposite)


def test_the_weights_of_a_calibration_are_those_the_features_have() -> None:
    """None is missing and none is left over."""
    from qa.answering.evidence import Evidence, read_features
    from qa.answering.refusal import features
    from qa.types import Reading, Searched, Span
    from tests.conftest import WordEmbedder

    hit = Hit("a", "News", None, None, None, "It cost 5 marks.", 0, 16, 1.0, 1)
    fitted = PassageReader().calibration
    readings = [(Reading(8, 9, 1.0),)]
    reader = SimpleNamespace(read=lambda question, hits: readings, read_closely=lambda question, hits: readings)
    ((*_, values),) = read_features("How much?", [hit], reader, WordEmbedder())  # type: ignore[arg-type]
    assert set(values) == set(fitted.evidence)
    assert list(features("How much?", Searched({}, 1), [hit], [Evidence(hit, Span(0, 16), "5", 1.0)])) == list(
        fitted.confidence
    )
    assert set(fitted.reply) == {"before", "agrees", "differs", "declines"}
    assert fitted.reply["agrees"] > fitted.reply["declines"]
    assert fitted.said >= 0
