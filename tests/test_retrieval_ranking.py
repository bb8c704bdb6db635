"""The order of what the searches found."""

from math import log
from pathlib import Path

import numpy as np
import pytest

from qa.library.store import Library
from qa.retrieval.ranking import FEATURES, RELATIVE, Candidate, features, scores
from qa.types import Hit
from tests.conftest import MakeDesk, WordEmbedder, write_articles

RARITY = {"ferri": 3.0, "cost": 1.0}


def candidate(
    article: str,
    text: str,
    title: str = "",
    ranks: tuple[int | None, int | None] = (1, 1),
    cosine: float = 0.5,
    preferred: bool = False,
    source: str | None = None,
) -> Candidate:
    """A passage that was found."""
    hit = Hit(article, title, "2031-04-02", source, None, text, 0, len(text), 0.0, len(text))
    return Candidate(hit, *ranks, cosine, preferred)


def known(question: str, *candidates: Candidate) -> list[dict[str, float]]:
    """What is known of each by itself, by its names."""
    return [dict(zip(FEATURES, map(float, row), strict=False)) for row in features(question, RARITY, candidates)]


def test_what_is_known_of_a_passage() -> None:
    """Computed by hand: "ferry" weighs 3 of 4, "cost" 1; both passages have four stems, the mean."""
    first, second = known(
        "What did the ferry cost?",
        candidate("a", "The new ferry sails. It sails daily.", "Ferry", (1, 3), 0.7),
        candidate("b", "Its cost rose. Everybody noticed it.", "", (None, 2), 0.4, preferred=True),
    )
    # "new ferri sail sail daili" has five stems, "cost rose everybodi notic" four: 4.5 in the mean.
    length = [1.2 * (0.25 + 0.75 * count / 4.5) for count in (5, 4)]
    bm25 = [3 / 4 * 2 * 2.2 / (2 + length[0]), 1 / 4 * 1 * 2.2 / (1 + length[1])]  # "Ferry" stands in the headline, too
    assert first == pytest.approx(
        {
            "keyword rank": 1 / 6,
            "vector rank": 1 / 8,
            "share of the best BM25": 1,
            "BM25": bm25[0],
            "cosine": 0.7,
            "passage covers": 3 / 4,
            "headline covers": 3 / 4,
            "both cover": 3 / 4,
            "article covers": 3 / 4,
            "names covered": 1,
            "best sentence covers": 3 / 4,
            "pairs of words": 0,
            "ranks of the article's others": 0,
            "best BM25 of the article": 1,
            "best cosine of the article": 0.7,
            "in the range": 0,
            "question has names": 0,
            "question has numbers": 0,
            "question's words": log(3),
        }
    )
    assert second["keyword rank"] == 0
    assert second["share of the best BM25"] == pytest.approx(bm25[1] / bm25[0])
    assert (second["passage covers"], second["headline covers"]) == (1 / 4, 0)
    assert (second["in the range"], second["vector rank"]) == (1, 1 / 7)


def test_the_passages_of_an_article_speak_for_one_another() -> None:
    """What one covers and how it ranks counts for the other."""
    first, second = known(
        "What did the ferry cost?",
        candidate("a", "The ferry sails.", ranks=(1, None)),
        candidate("a", "Its cost rose.", ranks=(None, 2), cosine=0.6),
    )
    assert (first["passage covers"], first["article covers"]) == (3 / 4, 1)
    assert first["ranks of the article's others"] == pytest.approx(1 / 7)
    assert second["ranks of the article's others"] == pytest.approx(1 / 6)
    assert first["best cosine of the article"] == 0.6


def test_names_numbers_and_pairs_of_words() -> None:
    """Half of the names are there; "ferry cost" stands so in one of the two."""
    first, second = known(
        "Did the ferry cost 48 million in Port Lindal?",
        candidate("a", "In Port, ferry costs rose."),
        candidate("b", "The cost of a ferry rose in Port Lindal."),
    )
    assert (first["question has names"], first["question has numbers"]) == (1, 1)
    assert (first["names covered"], second["names covered"]) == (1 / 2, 1)
    assert (first["pairs of words"], second["pairs of words"]) == (1, 0)


def test_each_is_held_against_the_best() -> None:
    """The columns after FEATURES: never above 0, and 0 for the best."""
    values = features(
        "What did the ferry cost?", RARITY, [candidate("a", "The ferry cost."), candidate("b", "The ferry.")]
    )
    relative = values[:, len(FEATURES) :]
    assert relative.shape == (2, len(RELATIVE))
    assert (relative.max(axis=0) == 0).all()
    covers = RELATIVE.index(FEATURES.index("passage covers"))
    assert relative[:, covers] == pytest.approx([0, -1 / 4])


def test_a_question_without_any_known_word_is_put_in_some_order() -> None:
    """Nothing is divided by 0."""
    values = features("What is it?", {}, [candidate("a", "..."), candidate("b", "", cosine=0.1)])
    assert np.isfinite(values).all()
    assert scores("What is it?", {}, []) == []


def test_the_passage_that_has_the_words_counts_most_and_what_is_alike_counts_alike() -> None:
    """With the weights that are shipped."""
    full, half, other = scores(
        "What did the ferry cost?",
        RARITY,
        [
            candidate("a", "The ferry had a cost of 48 million crowns.", ranks=(1, 1), cosine=0.8),
            candidate("b", "The ferry sails at nine.", ranks=(2, 2), cosine=0.5),
            candidate("c", "Frost ruined the cherries.", ranks=(None, 3), cosine=0.1),
        ],
    )
    assert full > half > other
    twins = [candidate(name, "The ferry sails at nine.", ranks=(None, 2)) for name in ("a", "b")]
    assert len(set(scores("What did the ferry cost?", RARITY, twins))) == 1


def test_a_passage_in_the_range_of_a_phrase_counts_more() -> None:
    """All else alike."""
    inside, outside = scores(
        "What did the ferry cost?",
        RARITY,
        [candidate(name, "The ferry had its cost.", preferred=name == "a") for name in ("a", "b")],
    )
    assert inside > outside


def test_where_a_question_names_a_source_its_passages_count_more() -> None:
    """All else alike; with the weights that are shipped."""
    rarity = {**RARITY, "courier": 2.0}
    named, other = scores(
        "What did the ferry cost according to the Courier?",
        rarity,
        [candidate(name, "The ferry had its cost.", source=name) for name in ("Osten Courier", "Osten Herald")],
    )
    assert named > other


def test_a_library_tells_how_rare_a_word_is_and_how_near_a_passage(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Of two passages one has "harbour", both have "fees", and none has "tunnel"."""
    texts = {"a.txt": "Harbour fees\n\nThe harbour fees rose.\n", "b.txt": "Fees\n\nNothing is said of fees.\n"}
    make_desk().index(write_articles(tmp_path / "fees", texts))
    with Library(tmp_path / "library").snapshot() as snapshot:
        assert snapshot.rarity(["harbour", "fees", "tunnel"]) == pytest.approx(
            {"harbour": log(1 + 1.5 / 1.5), "fee": log(1 + 0.5 / 2.5), "tunnel": log(1 + 2.5 / 0.5)}
        )
        [vector] = WordEmbedder().encode(["Harbour fees\nThe harbour fees rose."])
        near = snapshot.vector_search(vector, 2)
        assert snapshot.cosines([passage_id for passage_id, _ in near], vector) == pytest.approx(dict(near), abs=1e-3)
