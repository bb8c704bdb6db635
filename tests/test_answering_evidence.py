"""What the passages hold for a question."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import pytest

from qa.answering.evidence import (
    Evidence,
    aged,
    evidence_given,
    find_evidence,
    of_the_nearest,
    of_the_newest,
    read_features,
    stands_in,
    worth_quoting,
)
from qa.types import Hit, Reading, Scope, Span
from tests.conftest import EVIDENCE_FEATURES, WordEmbedder, WordReader

TEXT = "The bridge reopened. The work cost 48 million crowns. It rained."
ANSWER = (TEXT.index("48"), TEXT.index(" crowns"))
COST = "The work cost 48 million crowns."


def weighing(**given: float) -> dict[str, float]:
    """Weights that are 0 where none is given; the fitted ones are no business of these tests."""
    return dict.fromkeys(EVIDENCE_FEATURES, 0.0) | given


def hit(article_id: str = "a", text: str = TEXT, start: int = 0, date: str | None = None) -> Hit:
    """A passage."""
    return Hit(article_id, "Bridge", date, None, None, text, start, start + len(text), 1.0, start)


def evidence(answer: str, strength: float, date: str | None = None) -> Evidence:
    """Evidence whose sentence is its answer."""
    return Evidence(hit(text=answer, date=date), Span(0, len(answer)), answer, strength)


class TableReader:
    """Reads from a table: one list of starts, ends and margins for each hit, in their order.

    Closely it reads the same, or what ``close`` has for the article.
    """

    def __init__(
        self, *table: list[tuple[int, int, float]], close: Mapping[str, list[tuple[int, int, float]]] | None = None
    ) -> None:
        """Keep the table."""
        self.table, self.close = table, close or {}
        self.rows: dict[Hit, list[tuple[int, int, float]]] = {}
        self.read_once_more: list[str] = []

    def read(self, question: str, hits: Sequence[Hit]) -> list[tuple[Reading, ...]]:
        """The rows of the table."""
        self.rows = dict(zip(hits, self.table, strict=True))
        return [tuple(Reading(*entry) for entry in row) for row in self.table]

    def read_closely(self, question: str, hits: Sequence[Hit]) -> list[tuple[Reading, ...]]:
        """The rows of those articles."""
        self.read_once_more = [hit.article_id for hit in hits]
        return [tuple(Reading(*e) for e in self.close.get(hit.article_id, self.rows[hit])) for hit in hits]


def found(question: str, hits: Sequence[Hit], *table: list[tuple[int, int, float]], **weights: float) -> list[Evidence]:
    """The evidence a table gives."""
    return find_evidence(question, hits, TableReader(*table), WordEmbedder(), weighing(**weights))


def test_an_answer_brings_its_whole_sentence() -> None:
    """In the indices of the stored text, wherever the passage begins in it."""
    (best,) = found("cost?", [hit(start=70)], [(70 + ANSWER[0], 70 + ANSWER[1], 2.0)], margin=1.0)
    assert (best.answer, best.text, best.span) == ("48 million", COST, Span(70 + 21, 70 + 53))
    assert (best.strength, best.margin) == (2.0, 2.0)


def test_an_answer_over_a_full_stop_brings_both_sentences() -> None:
    """Never half of one."""
    (best,) = found("?", [hit()], [(4, 25, 0.0)])
    assert best.text == f"The bridge reopened. {COST}"


def test_no_evidence_is_longer_than_a_citation_may_be() -> None:
    """Rows count as sentences; of an answer that runs over more, what stands in the first three is kept."""
    text = "The colours are:\n- Red\n- Green\n- Blue\n- White"
    (best,) = found("?", [hit(text=text)], [(4, len(text), 0.0)])
    assert (best.text, best.answer) == (text[:30], text[4:30])


def test_every_reading_of_a_passage_is_evidence_and_the_strongest_comes_first() -> None:
    """Across hits; the order of the hits decides nothing by itself."""
    readings = [(4, 10, -1.0), (*ANSWER, 1.0)], [(54, 63, 0.5)]
    order = found("?", [hit("a"), hit("b")], *readings, margin=1.0)
    assert [(e.hit.article_id, e.answer, e.strength) for e in order] == [
        ("a", "48 million", 1.0),
        ("b", "It rained", 0.5),
        ("a", "bridge", -1.0),
    ]


def test_the_strength_is_the_weighted_sum_of_the_features() -> None:
    """Half the margin and a unit for the rank: 0.5 * 4 + 1 for the first hit, 0.5 * 4 + 1/2 for the second."""
    readings = [(*ANSWER, 4.0)], [(*ANSWER, 4.0)]
    order = found("?", [hit("a"), hit("b")], *readings, margin=0.5, rank=1.0)
    assert [(e.hit.article_id, e.strength) for e in order] == [("a", 3.0), ("b", 2.5)]


def test_age_takes_from_the_strength() -> None:
    """.4 logits for each e-fold from a month on: 30 days .4 ln 2, 210 days .4 ln 8; none from what is of the day or later."""
    today = date(2031, 6, 30)
    assert [aged(day, today) for day in ("2031-06-30", "2031-07-04")] == [0, 0]
    assert aged("2031-05-31", today) == pytest.approx(0.4 * math.log(2))
    assert aged("2030-12-02", today) == pytest.approx(0.4 * math.log(8))
    assert aged(None, today) == aged("2030-06-30", today)


def test_of_two_that_are_nearly_as_strong_the_newer_article_comes_first() -> None:
    """Without a day there is no age; .4 ln 8 is .83, .4 ln 2 is .28, and what is .7 stronger stays first."""
    hits = hit("old", date="2030-12-02"), hit("new", date="2031-05-31")
    for stronger, first in ((0.5, "new"), (0.7, "old")):
        reader = TableReader([(*ANSWER, 1.0 + stronger)], [(*ANSWER, 1.0)])
        order = [
            find_evidence("?", hits, reader, WordEmbedder(), weighing(margin=1.0), today=day)
            for day in (date(2031, 6, 30), None)
        ]
        assert [part[0].hit.article_id for part in order] == [first, "old"]
        assert {one.hit.article_id: one.strength + one.age for one in order[0]} == pytest.approx(
            {one.hit.article_id: one.strength for one in order[1]}
        )


@pytest.mark.parametrize(("feature", "first"), [("margin", "b"), ("cover", "a"), ("rank", "a"), ("misfits", "b")])
def test_a_feature_with_weight_can_put_another_reading_first(feature: str, first: str) -> None:
    """The first hit's sentence has the words of the question but no number; the second's reader is surer."""
    hits = [hit("a", "The work had a cost."), hit("b", "It was 48 million crowns.")]
    readings = [(4, 8, 1.0)], [(7, 17, 2.0)]
    sign = -1.0 if feature == "misfits" else 1.0
    order = found("How much did the work cost?", hits, *readings, **{feature: sign})
    assert order[0].hit.article_id == first


@pytest.mark.parametrize("better", [0, 1])
def test_a_sentence_in_two_overlapping_passages_counts_once(better: int) -> None:
    """With its better reading, whichever passage that is from."""
    hits = [hit(), hit(text=TEXT[21:], start=21)]
    readings = [(*ANSWER, 1.0 - better)], [(21, 29, float(better))]
    (best,) = found("?", hits, *readings, margin=1.0)
    assert (best.text, best.answer, best.strength) == (COST, ("48 million", "The work")[better], 1.0)


def test_without_hits_or_readings_there_is_no_evidence() -> None:
    """And nothing is embedded."""
    embedder = WordEmbedder()
    for hits, reader in (([], TableReader()), ([hit()], TableReader([]))):
        assert find_evidence("cost?", hits, reader, embedder, weighing()) == []
        assert read_features("cost?", hits, reader, embedder) == []
    assert embedder.encoded == []


def test_the_most_promising_passages_are_read_closely_and_only_those_readings_count() -> None:
    """Six of eight: the two most relevant; then a margin of 1.0 makes up for half a logit of relevance."""
    hits = [replace(hit(str(n)), score=-0.1 * n) for n in range(8)]
    margins = [
        -5.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.5,
        5.0,
    ]  # with twice the relevance: -5, -.2, -.4, -.6, -.8, -1, -.7, 3.6
    table = TableReader(*([(*ANSWER, margin)] for margin in margins), close={"7": [(54, 63, -2.0)]})
    evidence = find_evidence("cost?", hits, table, WordEmbedder(), weighing(margin=1.0))
    assert table.read_once_more == ["0", "1", "7", "2", "3", "6"]
    assert {one.hit.article_id for one in evidence} == set(table.read_once_more)
    assert [(one.answer, one.margin) for one in evidence if one.hit.article_id == "7"] == [("It rained", -2.0)]


def test_what_the_first_reader_thought_of_a_sentence_is_a_feature() -> None:
    """Its best margin there, wherever in the sentence; twelve below where it saw nothing in it."""
    text = TEXT.index("The work"), TEXT.index(" cost")
    table = TableReader([(*text, 0.5), (*ANSWER, 1.5)], close={"a": [(*ANSWER, 3.0), (54, 63, -1.0)]})
    (*_, first), (*_, second) = read_features("?", [hit()], table, WordEmbedder())
    assert (first["margin"], first["glance"]) == (3.0, 1.5)
    assert (second["margin"], second["glance"]) == (-1.0, -12.0)


def test_the_features_can_be_computed_by_hand() -> None:
    """Asked are crowns, reopened, bridge, cost and Hallin; headline and sentence hold three of them among six stems."""
    question = "How many crowns did the reopened bridge cost Hallin?"
    table = TableReader([(*ANSWER, 2.0)], [(54, 63, -3.0)])
    hits = [hit("a"), replace(hit("b"), score=hit("a").score - 1.5)]
    (_, span, answer, first), (*_, second) = read_features(question, hits, table, WordEmbedder())
    assert (span, answer) == (Span(21, 53), "48 million")
    assert first == {
        "margin": 2.0, "glance": 2.0, "similarity": pytest.approx(3 / math.sqrt(5 * 6)), "cover": 3 / 5, "cover_near": 4 / 5,
        "rank": 1.0, "relevance": 0.0, "fits": 1.0, "misfits": 0.0, "missing_names": 1.0,
    }  # fmt: skip
    assert set(first) == set(EVIDENCE_FEATURES)
    assert second | {"similarity": None} == {
        "margin": -3.0, "glance": -3.0, "similarity": None, "cover": 1 / 5, "cover_near": 4 / 5,
        "rank": 1 / 2, "relevance": -1.5, "fits": 0.0, "misfits": 1.0, "missing_names": 1.0,
    }  # fmt: skip


def test_what_the_question_does_not_tell_is_no_feature() -> None:
    """No kind is asked for, no name and no word that carries content."""
    ((*_, values),) = read_features("Why is it?", [hit()], TableReader([(*ANSWER, 0.0)]), WordEmbedder())
    assert {name: values[name] for name in ("fits", "misfits", "missing_names", "cover", "cover_near")} == {
        "fits": 0.0, "misfits": 0.0, "missing_names": 0.0, "cover": 0.0, "cover_near": 0.0,
    }  # fmt: skip


def test_no_margin_is_too_large() -> None:
    """Beyond twelve logits it says no more."""
    for margin, kept in ((1000.0, 12.0), (12.0, 12.0), (11.0, 11.0), (-1000.0, -12.0)):
        assert found("?", [hit()], [(*ANSWER, margin)], margin=1.0)[0].strength == kept


def test_the_fake_reader_is_what_it_says() -> None:
    """Two of the three stems of the question stand in the second sentence: 10 * 2/3 - 5."""
    (best,) = find_evidence(
        "What did the work cost Hallin?", [hit()], WordReader(), WordEmbedder(), weighing(margin=1.0)
    )
    assert (best.text, best.strength) == (COST, pytest.approx(10 * 2 / 3 - 5))


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        ('"The Mill"', '"The Mill"'),
        ('The Mill"', "The Mill"),
        ("(a mill", "a mill"),
        ("a mill (old)", "a mill (old)"),
        ("“The Mill", "The Mill"),
        ("the mill – ", "the mill"),
        ("–5 degrees,", "–5 degrees"),
        ("BBB-", "BBB-"),
        ('21" wide', '21" wide'),
        ("“The Mill”", "“The Mill”"),
        ("„Die Mühle“", "„Die Mühle“"),
        ("The Mill,”", "The Mill"),
        ("48 %", "48 %"),
        ("“", "“"),
    ],
)
def test_an_answer_has_no_mark_of_what_stands_around_it(read: str, answer: str) -> None:
    """Half a pair of quotation marks or brackets, a dash or a comma at its end; where nothing else is left it stays."""
    text = f"It was {read} that burned."
    start = len("It was ")
    [best] = found("?", [hit(text=text)], [(start, start + len(read), 1.0)])
    assert best.answer == answer


def test_the_newest_article_speaks_among_those_that_answer() -> None:
    """With all it says, also what is weaker; an undated one is older than any."""
    old, new, more, undated, far = (
        Evidence(hit(article_id, text, date=date), Span(0, len(text)), text, strength)
        for article_id, text, date, strength in (
            ("old", "v", "2031-01-01", 5.0),
            ("new", "w", "2031-06-01", 4.0),
            ("new", "x", "2031-06-01", -4.0),
            ("undated", "y", None, 4.5),
            ("far", "z", "2032-01-01", 3.5),
        )
    )

    def newest(*given: Evidence, above: float) -> list[Evidence]:
        return of_the_newest(given, lambda part: part[0].strength > above)

    assert newest(old, undated, new, far, more, above=3.9) == [new, more]
    assert newest(old, undated, new, far, more, above=3.4) == [far]
    assert newest(old, undated, new, far, more, above=9.0) == [old]  # none: the best one
    assert newest(undated, above=1.0) == [undated]
    assert newest(above=1.0) == []


def test_of_a_range_that_nothing_in_it_answers_the_closest_article_speaks() -> None:
    """Of those that answer, on either side; where the best of all is in the range, everything is kept."""
    before, inside, after, more, undated = (
        Evidence(hit(article_id, text, date=date), Span(0, len(text)), text, strength)
        for article_id, text, date, strength in (
            ("before", "v", "2031-02-23", 5.0),
            ("inside", "w", "2031-03-10", 4.0),
            ("after", "x", "2031-04-02", 3.5),
            ("after", "y", "2031-04-02", -4.0),
            ("undated", "z", None, 4.5),
        )
    )
    march = Scope("2031-03-01", "2031-03-31")

    def closest(*given: Evidence, above: float = 3.0) -> list[Evidence]:
        return of_the_nearest(given, march, lambda part: part[0].strength > above)

    assert closest(before, undated, inside, after, more) == [after, more]  # two days after it, the other six before
    assert closest(before, undated, inside, after, more, above=4.2) == [before]
    assert closest(before, after, above=9.0) == [before]  # none: the best one
    assert closest(undated, before, above=1.0) == [undated, before]
    assert closest(inside, after) == [inside, after]
    assert closest() == []


def test_of_articles_about_as_far_from_a_range_the_best_speaks() -> None:
    """What an archive of 2030 says of 1998 is in what its articles tell, not in their dates."""
    later = Evidence(hit("later", "v", date="2031-06-01"), Span(0, 1), "v", 5.0)
    sooner = Evidence(hit("sooner", "w", date="2030-01-01"), Span(0, 1), "w", 4.0)

    def closest(scope: Scope) -> list[Evidence]:
        return of_the_nearest([later, sooner], scope, lambda part: True)

    assert closest(Scope("1998-01-01", "1998-12-31")) == [later]
    assert closest(Scope("2029-10-01", "2029-12-01")) == [sooner]


def test_a_rival_is_quoted_too_where_it_is_half_as_likely() -> None:
    """One that gives the same answer is none."""
    best, same, rival = evidence("48 million", 1.0), evidence("48 Million", 0.9), evidence("49 million", 0.4)
    assert worth_quoting([best, same, rival]) == [best, rival]
    assert worth_quoting([best, same, evidence("49 million", 0.2)]) == [best]
    assert worth_quoting([best]) == [best]


GIVEN = [evidence("48 million crowns", 4.0), evidence("Mayor Edda Quist of Lindal", 3.0), evidence("Hallin", 1.9)]


@pytest.mark.parametrize(
    ("sentence", "given"),
    [
        ("It cost 48 million.", 0),
        ("It cost forty-eight million.", 0),
        ("It cost 49 million.", None),
        ("The bridge reopened.", None),
        ("Edda Quist opened it.", 1),  # half of the stems of the second answer
        ("of Lindal", 1),  # as it stands there
        ("Hallin is a valley.", None),  # too far behind the best
        ("", None),
    ],
)
def test_a_sentence_gives_the_numbers_or_half_the_words_of_good_evidence(sentence: str, given: int | None) -> None:
    """The first that fits, within two logits of the best."""
    assert evidence_given(sentence, GIVEN, 2.0) == (None if given is None else GIVEN[given])
    assert evidence_given(sentence, [], 2.0) is None


def test_words_stand_in_others_one_after_the_other() -> None:
    """None stand nowhere."""
    whole = ["the", "work", "cost", "48"]
    assert [stands_in(part.split(), whole) for part in ("work cost", "the work cost 48", "the cost", "48 the", "")] == [
        True, True, False, False, False,
    ]  # fmt: skip
