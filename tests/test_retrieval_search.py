"""Keyword and vector search, in one order."""

from datetime import date
from math import exp, log
from pathlib import Path

import pytest

from qa.library.store import Library
from qa.retrieval.query import Query, make_query, quoted_phrases
from qa.retrieval.search import APART, apart, as_likely, search, whole_and_parts
from qa.types import Hit, Message, Scope
from tests.conftest import MakeDesk, WordEmbedder, write_articles

TODAY = date(2031, 6, 18)
DATED = {
    "a.txt": "date 2031-01-01 Harbour fees\nThe harbour fee in Lindal is five crowns.\n",
    "b.txt": "date 2031-03-01 Harbour fees\nThe harbour fee in Lindal is six crowns.\n",
    "c.txt": "Harbour notes\n\nThe harbour fee in Lindal was four crowns once, the oldest captains of Lindal recall.\n",
    "d.txt": "date 2031-05-01 Frost\nFrost ruined the cherries of Hallin.\n",
}


def found(
    library: Path, text: str, since: str | None = None, until: str | None = None, newest: bool = False, count: int = 3
) -> list[Hit]:
    """What a search in a library brings."""
    with Library(library).snapshot() as snapshot:
        return search(snapshot, WordEmbedder(), Query(text, text, Scope(since, until), newest), 40, count)


def test_the_passage_with_the_asked_words_comes_first(articles: Path, make_desk: MakeDesk) -> None:
    """Far before the others, whatever the date phrase; its text is that stretch of the stored text."""
    desk = make_desk()
    desk.index(articles)
    best, *others = desk.search("cherry crop frost")
    assert best.article_id == "valley/orchard.txt"
    assert all(best.score > other.score + 1 for other in others)  # in logits of a choice among them
    assert desk.search("cherry crop frost in May 2031")[0].passage_id == best.passage_id
    assert desk.article(best.article_id).text[best.start : best.end] == best.text


def test_k_is_the_number_of_hits(articles: Path, make_desk: MakeDesk) -> None:
    """At most; no passage is found twice."""
    desk = make_desk()
    desk.index(articles)
    assert len(desk.search("the bridge and the frost", 2)) == 2
    hits = desk.search("the bridge and the frost", 50)
    assert len(hits) == len({hit.passage_id for hit in hits}) == sum(article.passages for article in desk.articles())


def test_of_several_rankings_a_passage_has_its_mean_chance() -> None:
    """Of one ranking the scores stay; of two, what is found in one only has half of its chance there."""
    one, other = (Hit(f"{i}.txt", "", None, None, None, "", 0, 0, score, i) for i, score in ((1, log(3)), (2, 0.0)))
    assert as_likely([[one, other]]) == [one, other]
    made = {hit.passage_id: hit.score for hit in as_likely([[one, other], [other], []])}
    assert made == pytest.approx({1: log((0.75 + 0) / 3), 2: log((0.25 + 1) / 3)})


def test_a_question_that_asks_two_things_is_searched_for_each(articles: Path, make_desk: MakeDesk) -> None:
    """Beside the whole, in the same range; what only one part asks for has a chance in that one, and is found."""
    asked = make_query("Who reopened the old bridge, and what ruined the cherry crop?", (), Scope("2020-01-01"), TODAY)
    first, second = "Who reopened the old bridge", "what ruined the cherry crop"
    assert [one.text for one in whole_and_parts(asked)] == [asked.text, first, second]
    assert {one.scope for one in whole_and_parts(asked)} == {Scope("2020-01-01")}
    desk = make_desk()
    desk.index(articles)
    one, other, both = (desk.search(question) for question in (first, second, asked.text))
    assert {one[0].passage_id, other[0].passage_id} == {hit.passage_id for hit in both[:2]}
    assert sum(exp(hit.score) for hit in both) == pytest.approx(1, abs=0.01)


def test_the_newest_comes_first_only_where_asked(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Two passages that are about as good: the better one by relevance, the newer one where the date counts, too."""
    turned = DATED | {"b.txt": DATED["b.txt"].replace("2031-03-01", "2030-12-01")}
    make_desk().index(write_articles(tmp_path / "dated", turned))

    def two(newest: bool) -> list[Hit]:
        hits = found(tmp_path / "library", "harbour fee in Lindal", newest=newest)
        return [hit for hit in hits if hit.article_id in ("a.txt", "b.txt")]

    better, newer = two(newest=False)
    assert (better.article_id, newer.article_id) == ("b.txt", "a.txt")
    assert 0 < better.score - newer.score < 1  # logits
    assert two(newest=True) == [newer, better]


def test_an_irrelevant_newer_article_does_not_overtake(tmp_path: Path, make_desk: MakeDesk) -> None:
    """The date is one ranking among three."""
    make_desk().index(write_articles(tmp_path / "dated", DATED))
    ordered = [hit.article_id for hit in found(tmp_path / "library", "harbour fee Lindal crowns", newest=True, count=4)]
    assert ordered.index("b.txt") < ordered.index("d.txt")


def test_a_range_shuts_out_other_dates_and_the_undated(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Both searches obey it, both ends included."""
    make_desk().index(write_articles(tmp_path / "dated", DATED))
    library, asked = tmp_path / "library", "harbour fee in Lindal"
    assert {hit.article_id for hit in found(library, asked, "2031-01-01", "2031-03-01")} == {"a.txt", "b.txt"}
    assert {hit.article_id for hit in found(library, asked, "2031-01-02", None)} == {"b.txt", "d.txt"}
    assert {hit.article_id for hit in found(library, asked, None, "2031-02-28")} == {"a.txt"}
    assert found(library, asked, "2032-01-01", None) == []


def test_a_range_that_a_phrase_names_is_preferred(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Its articles come first, for what they say and for their date; others and undated ones are found all the same."""
    make_desk().index(write_articles(tmp_path / "dated", DATED))
    asked = make_query("What is the harbour fee in Lindal in March?", (), Scope(), TODAY)
    assert asked.phrased
    with Library(tmp_path / "library").snapshot() as snapshot:
        hits = search(snapshot, WordEmbedder(), asked, 40, 4)
    assert hits[0].article_id == "b.txt"
    assert {hit.article_id for hit in hits} == set(DATED)


def test_of_copies_the_newest_in_the_range_speaks(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Where a phrase names a range, a later copy does not push out the one that lies in it."""
    body = (
        "The harbour fee in Lindal is six crowns, said the council, and the ferry stays free for pupils of the town.\n"
    )
    make_desk().index(
        write_articles(
            tmp_path / "copies",
            {f"{day}.txt": f"date 2031-{day} Harbour fees\n{body}" for day in ("03-05", "05-05")},
        )
    )

    def ids(question: str) -> list[str]:
        asked = make_query(question, (), Scope(), TODAY)
        assert asked.newest
        with Library(tmp_path / "library").snapshot() as snapshot:
            return [hit.article_id for hit in search(snapshot, WordEmbedder(), asked, 40, 4)]

    assert ids("What is the latest harbour fee in Lindal?") == ["05-05.txt"]
    assert ids("What is the latest harbour fee in Lindal in March 2031?") == ["03-05.txt"]


def test_a_range_covers_its_days() -> None:
    """Both ends included; an undated article lies only in a range that is open on both sides."""
    march = Scope("2031-03-01", "2031-03-31")
    assert [march.covers(day) for day in ("2031-02-28", "2031-03-01", "2031-03-31", "2031-04-01", None)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert Scope(since="2031-03-01").covers("2040-01-01")
    assert not Scope(until="2031-03-01").covers("2040-01-01")
    assert Scope().covers(None)
    assert Scope().covers("2031-03-01")


def test_each_further_passage_of_an_article_counts_less() -> None:
    """The third of the first article counts twice as much less; others keep what they have."""
    hits = [
        Hit(article, "", None, None, None, "", 0, 0, score, number)
        for number, (article, score) in enumerate([("a", 5.0), ("a", 4.0), ("b", 3.5), ("a", 3.4)])
    ]
    assert [hit.score for hit in apart(hits)] == pytest.approx([5.0, 4.0 - APART, 3.5, 3.4 - 2 * APART])


def test_scores_never_rise_down_the_list(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Best first; where the newest is asked for, the date counts, too, and they may."""
    make_desk().index(write_articles(tmp_path / "dated", DATED))
    scores = [hit.score for hit in found(tmp_path / "library", "harbour frost", count=9)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '""" OR',
        "a AND b",
        "NEAR(bridge cost)",
        "title:bridge",
        "bridge*",
        "^bridge",
        "-bridge",
        "{title text}: x",
        "(",
        "'; DROP TABLE x",
        "bridge\0cost",
        "😀",
        "Мост и порт",
        "橋はいくら",
        "جسر",
        "?",
        "...",
        "%",
        "\u202ebridge",
        "e\u0301" * 100,
        "ß ﬁ ½ ²",
        "\ud800 bridge",
        "bridge " * 571,
        "x" * 4000,
        "what is it",
        "AND",
        "o'brien's U.S. 3.5",
    ],
)
def test_any_string_is_legal(articles: Path, make_desk: MakeDesk, text: str) -> None:
    """Operators of the keyword index are words, and no character breaks a search."""
    desk = make_desk()
    desk.index(articles)
    assert isinstance(desk.search(text), list)


def test_operators_are_searched_as_words(articles: Path, make_desk: MakeDesk) -> None:
    """A NOT does not shut out what follows it."""
    desk = make_desk()
    desk.index(articles)
    assert desk.search("frost NOT cherry")[0].article_id == "valley/orchard.txt"


def test_an_empty_library_has_no_hits(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Nothing stored, nothing found."""
    folder = write_articles(tmp_path / "news", {"a.txt": "The text of one.\n"})
    desk = make_desk()
    desk.index(folder)
    (folder / "a.txt").unlink()
    desk.index(folder, allow_empty=True)
    assert desk.search("text") == []


@pytest.mark.parametrize(
    ("question", "phrases"),
    [
        ('Who said "no  comment" in May?', ("no  comment",)),
        ("Who wrote “Salt Road” and „Winter“ and «Été»?", ("Salt Road", "Winter", "Été")),
        ('"frost" or "frost"', ("frost",)),
        ('"What does the bridge cost?"', ()),
        ('an inch is 1", a foot 12', ()),
        ('"?!" or ""', ()),
        ("the miners' 'no'", ()),
    ],
)
def test_words_in_quotation_marks_are_a_phrase(question: str, phrases: tuple[str, ...]) -> None:
    """Not in single ones, which are apostrophes, and not where the whole question stands in them."""
    assert quoted_phrases(question) == phrases


def test_a_phrase_keeps_the_search_to_the_articles_that_say_it(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Word for word, in the headline or the text, whatever the case and the punctuation between."""
    desk = make_desk()
    desk.index(write_articles(tmp_path / "dated", DATED))

    def ids(query: str) -> set[str]:
        return {hit.article_id for hit in desk.search(query, 9)}

    assert ids('harbour fee "in lindal is six"') == {"b.txt"}
    assert ids('fee "harbour notes"') == {"c.txt"}
    assert ids('fee "once the oldest"') == {"c.txt"}
    assert ids('"harbour fee" "four crowns"') == {"c.txt"}
    # The same stems are not the same words; where nothing says it, everything is searched.
    assert ids('fee "harbours fee"') == ids("fee harbours") == set(DATED)


def test_a_query_is_searched_without_its_date_phrase() -> None:
    """The phrase became the range."""
    assert make_query("What was said of the frost last month?", (), Scope(), TODAY) == Query(
        "What was said of the frost last month?",
        "What was said of the frost?",
        Scope("2031-05-01", "2031-05-31"),
        newest=False,
        phrased=True,
    )


def test_a_range_that_is_given_up_is_remembered() -> None:
    """What has no range gives up nothing, and what gave up once keeps that."""
    query = make_query("What was said of the frost last month?", (), Scope(articles=frozenset("a")), TODAY)
    wide = query.of_all_dates()
    assert (wide.text, wide.scope, wide.near) == (query.standalone, Scope(articles=frozenset("a")), query.scope)
    assert wide.of_all_dates() == wide
    assert make_query("What of the frost?", (), Scope(), TODAY).of_all_dates().near is None


def test_a_query_that_is_nothing_but_its_date_phrase_keeps_it() -> None:
    """Something has to be searched for."""
    query = make_query("last month", (), Scope(), TODAY)
    assert (query.text, query.scope.since) == ("last month", "2031-05-01")


def test_an_explicit_range_goes_before_a_phrase() -> None:
    """The phrase then stays in the question; an order that is asked for holds all the same."""
    query = make_query("What is the latest since March?", (), Scope(until="2031-02-01"), TODAY)
    assert query == Query(
        "What is the latest since March?",
        "What is the latest since March?",
        Scope(until="2031-02-01"),
        True,
    )


def test_a_phrase_can_be_left_in_the_question() -> None:
    """No range, the words are searched like others, and an order holds."""
    asked = "What is the latest since March?"
    assert make_query(asked, (), Scope(), TODAY, any_date=True) == Query(asked, asked, Scope(), True, today=TODAY)


def test_a_follow_up_is_completed_before_it_is_searched() -> None:
    """The words of the turn before are searched too."""
    query = make_query("And who paid?", (Message("user", "What did the Lindal bridge cost?"),), Scope(), TODAY)
    assert query.standalone == query.text == "And who paid? (Lindal bridge cost)"


def test_a_range_that_a_phrase_names_does_not_limit_what_is_searched() -> None:
    """One that was set does."""
    chosen = frozenset({"a"})
    phrased = make_query("What did it cost in March 2025?", (), Scope(articles=chosen), date(2026, 1, 1))
    assert phrased.phrased
    assert phrased.reach == Scope(articles=chosen)
    given = Scope("2025-03-01", "2025-03-31", chosen)
    assert make_query("What did it cost?", (), given, date(2026, 1, 1)).reach == given
