"""Cases put to a desk with fakes: what is recorded, and that planted faults show in the right figure."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qa.chat import Desk
from qa.errors import InputError
from qa.evaluate.asking import Record, ask, make_record, records
from qa.evaluate.cases import Case, given_article
from qa.evaluate.corpora import PACKAGE, corpus_digest, index_corpus, index_given, indexing_code
from qa.evaluate.figures import differences
from qa.evaluate.looking import Ranking, lost_at, rank_of_answer, rank_of_article, words_to_answer
from qa.library.store import Snapshot
from qa.retrieval.query import Query
from qa.settings import Settings
from qa.types import Answer, Citation, Hit, Sentence
from tests.conftest import MakeDesk, write_articles

TOWNS = "Ardel Brenn Cosk Dunmar Essel Forven Gorlan Hallin Istra Jolm Kerrin Lindal".split()
COUNTED = {f"{town}.txt": f"date 2031-04-02 {town}\nThe bridge of {town} has cost {number} crowns.\n"
           for number, town in enumerate(TOWNS, start=41)}  # fmt: skip
ASKED = [
    Case(town, f"How much has the bridge of {town} cost?", (f"{number} crowns",), True, "", frozenset({f"{town}.txt"}))
    for number, town in enumerate(TOWNS, start=41)
]
ABSENT = [Case(f"no {town}", f"Who governs the castle in {town}?", (), False, "", frozenset()) for town in TOWNS]


@pytest.fixture
def towns(make_desk: MakeDesk, tmp_path: Path) -> Callable[..., Desk]:
    """A function that makes a desk over the articles on twelve bridges."""
    make_desk().index(write_articles(tmp_path / "towns", COUNTED))
    return make_desk


def difference(before: Sequence[Record], after: Sequence[Record], name: str) -> tuple[float, float, float]:
    """A paired difference with its interval."""
    (found,) = [figure for figure in differences(before, after) if figure.name == name]
    assert found.low is not None and found.high is not None
    return found.low, found.value, found.high


def test_a_case_becomes_a_record(towns: Callable[..., Desk]) -> None:
    """The answer as the command line prints it, and every measure of it."""
    made, refused = records(towns(), [ASKED[0], ABSENT[0]])
    assert made["answer"]["text"] == "The bridge of Ardel has cost 41 crowns. [1]"
    assert made["citations"] == [{"origin": "quoted", "gold_quote": True, "gold_article": True, "exact": True}]
    assert (made["scores"]["contains_gold"], made["scores"]["right_citation"], made["scores"]["not_refused"]) == (
        1,
        1,
        1,
    )
    assert (made["scores"]["refused_rightly"], made["scores"]["rouge_l"]) == (None, None)
    assert made["retrieval"] == {
        "articles": made["retrieval"]["articles"],
        "rank_of_article": 1,
        "gold_found": 1,
        "rank_of_answer": 1,
        "words_to_answer": 8,
        "lost_at": None,
    }
    assert refused["answer"]["abstained"] and refused["scores"]["refused_rightly"] == 1
    assert (refused["retrieval"], refused["citations"], refused["scores"]["contains_gold"]) == (None, [], None)


def test_a_case_is_put_to_its_own_passages_only(make_desk: MakeDesk) -> None:
    """Though others in the same library answer better; indexed once, and found again."""
    right, other = (given_article({"text": f"The bridge has cost {n} crowns."}) for n in (41, 42))
    third = given_article({"text": "Frost ruined the cherries."})
    cases = [
        Case(name, "How much has the bridge cost?", (gold,), True, "", frozenset({own.article_id}), given=(own, third))
        for name, gold, own in (("a", "41 crowns", right), ("b", "42 crowns", other))
    ]
    desk = make_desk()
    took = index_given(desk, cases)
    assert (took["added"], took["passages"]) == (3, 3)
    assert [record["scores"]["contains_gold"] for record in records(desk, cases)] == [1, 1]
    assert [record["retrieval"]["articles"][0] for record in records(desk, cases)] == [
        right.article_id,
        other.article_id,
    ]
    assert index_given(make_desk(), cases) == took


def test_articles_that_are_held_out_are_not_asked(towns: Callable[..., Desk]) -> None:
    """As for questions made with their article left out."""
    case = replace(ASKED[0], without=frozenset({"Ardel.txt"}))
    made = make_record(towns(), case, ask(towns(), case))
    assert "Ardel.txt" not in {hit["article_id"] for hit in made["answer"]["passages"]}
    assert made["retrieval"]["rank_of_article"] is None


def test_a_corpus_of_facts_is_indexed_once(make_desk: MakeDesk, tmp_path: Path) -> None:
    """Its facts are the texts; the second time nothing is read."""
    file = tmp_path / "facts.jsonl"
    file.write_text(
        '{"id": "f-1", "title": "Bridge", "date": "2031-04-02", "fact": "The bridge has cost 41 crowns."}\n'
    )
    took = index_corpus(make_desk(), file)
    assert make_desk().article("f-1").text == "The bridge has cost 41 crowns."
    file.unlink()
    (tmp_path / "folder").mkdir()
    assert index_corpus(make_desk(), tmp_path / "folder") == took


def shifted(desk: Desk, case: Case) -> Answer:
    """A planted fault: every citation is that of the next town."""
    answer = ask(desk, case)
    names = [article.article_id for article in desk.articles()]
    wrong = []
    for citation in answer.citations:
        article = desk.article(names[(names.index(citation.article_id) + 1) % len(names)])
        end = min(citation.end, len(article.text))
        wrong.append(
            replace(
                citation,
                article_id=article.article_id,
                title=article.title,
                quote=article.text[citation.start : end],
                end=end,
            )
        )
    return replace(answer, citations=tuple(wrong))


def test_citations_shifted_by_one_show(towns: Callable[..., Desk]) -> None:
    """In the citations, and nowhere else."""
    sound, faulty = list(records(towns(), ASKED)), list(records(towns(), ASKED, shifted))
    assert difference(sound, faulty, "right citation")[2] < -0.9
    assert difference(sound, faulty, "contains gold")[1] == 0
    assert not any(citation["gold_quote"] for record in faulty for citation in record["citations"])


class Backwards(Desk):
    """A planted fault: the fused order the wrong way round."""

    def found(self, snapshot: Snapshot, query: Query, count: int) -> list[Hit]:
        """The worst first."""
        return super().found(snapshot, query, 40)[::-1][:count]


def test_a_reversed_fusion_shows(towns: Callable[..., Desk]) -> None:
    """In the ranks, and as lost in the fusion; the answers are wrong, too, since too few passages are read."""
    desk = towns(shown_passages=3)
    faulty_desk = Backwards(
        desk.library.folder, desk.settings, lambda: desk.embedder, lambda: desk.reader, lambda: desk.generator
    )
    sound, faulty = list(records(desk, ASKED)), list(records(faulty_desk, ASKED))
    assert difference(sound, faulty, "hit@5, gold article")[2] < -0.5
    assert difference(sound, faulty, "contains gold")[2] < -0.9
    assert {record["retrieval"]["lost_at"] for record in sound} == {None}
    assert {record["retrieval"]["lost_at"] for record in faulty} == {"fused away"}


def test_a_refusal_that_never_fires_shows(towns: Callable[..., Desk]) -> None:
    """In the questions that nothing answers, and not in the others."""
    sound = list(records(towns(), ASKED + ABSENT))
    faulty = list(records(towns(refuse_below=0.0), ASKED + ABSENT))
    assert difference(sound, faulty, "refused rightly")[2] < -0.9
    assert difference(sound, faulty, "not refused")[1] >= 0


def test_passages_that_all_answer_are_no_search(make_desk: MakeDesk) -> None:
    """Their ranks would be right whatever the search does."""
    right = given_article({"text": "The bridge has cost 41 crowns."})
    case = Case(
        "a", "How much has the bridge cost?", ("41 crowns",), True, "", frozenset({right.article_id}), given=(right,)
    )
    desk = make_desk()
    index_given(desk, [case])
    (record,) = records(desk, [case])
    assert record["retrieval"] is None and record["scores"]["contains_gold"] == 1


def test_a_citation_is_judged_by_its_quote_alone(towns: Callable[..., Desk]) -> None:
    """Not by its headline, once for each origin that cites it, and as not exact where there is no such article."""
    quote = "The bridge of Ardel has cost 41 crowns."
    text = towns().article("Ardel.txt").text
    cited = Citation(
        1, "Ardel.txt", "Ardel", "2031-04-02", None, None, quote, text.index(quote), text.index(quote) + 39
    )
    unknown = replace(cited, number=2, article_id="none.txt", quote="It has cost")
    told = tuple(
        Sentence(quote, numbers, True, 1.0, origin) for numbers, origin in (((1, 2), "quoted"), ((1,), "generated"))
    )
    answer = replace(ask(towns(), ASKED[0]), sentences=told, citations=(cited, unknown))
    judged = make_record(towns(), replace(ASKED[0], answers=("41 crowns", "Ardel")), answer)["citations"]
    assert [(c["origin"], c["gold_quote"], c["gold_article"], c["exact"]) for c in judged] == [
        ("quoted", True, True, True),
        ("quoted", False, False, False),
        ("generated", True, True, True),
    ]
    assert make_record(towns(), replace(ASKED[0], answers=("yes",)), answer)["scores"]["contains_gold"] is None


def test_a_corpus_is_known_by_its_content_and_its_places(tmp_path: Path) -> None:
    """Another folder for the same file gives other ids, another embedder other vectors."""
    for place in ("one/a", "two/b", "three/a"):
        write_articles(tmp_path / place, {"x.txt": "The bridge has cost 41 crowns.\n"})
    one, two, three = (corpus_digest(tmp_path / name, "words", Settings()) for name in ("one", "two", "three"))
    assert one == three != two
    assert one != corpus_digest(tmp_path / "one", "other", Settings())
    assert one != corpus_digest(tmp_path / "one", "words", Settings(passage_words=80))


def test_a_corpus_is_made_anew_where_code_that_makes_it_changed(tmp_path: Path) -> None:
    """What reads, cuts and stores; not what asks."""
    names = {file.relative_to(PACKAGE).as_posix() for file in indexing_code()}
    assert {"articles/parsers/html.py", "language/sentences.py", "library/segments.py"} <= names
    assert {"retrieval/passages.py", "retrieval/embedder.py"} <= names
    assert not names & {"retrieval/search.py", "answering/reader.py", "chat.py"}


def test_a_corpus_may_be_one_article(make_desk: MakeDesk, tmp_path: Path) -> None:
    """Of any format; only files of lines are read as lines."""
    folder = write_articles(tmp_path / "towns", {"Ardel.txt": "The bridge has cost 41 crowns.\n"})
    assert index_corpus(make_desk(), folder / "Ardel.txt")["added"] == 1


def test_a_corpus_without_articles_is_one_clear_error(make_desk: MakeDesk, tmp_path: Path) -> None:
    """A report on nothing would look like one."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no articles"):
        index_corpus(make_desk(), tmp_path / "empty")


def test_what_an_interruption_left_is_not_counted_as_speed(make_desk: MakeDesk, tmp_path: Path) -> None:
    """Some passages were embedded before."""
    corpus = write_articles(tmp_path / "towns", COUNTED)
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "begun").touch()
    took = index_corpus(make_desk(), corpus)
    assert (took["seconds"], took["passages"]) == (None, 12)


def hit(article_id: str, text: str) -> Hit:
    """A hit with only what counts here."""
    return Hit(article_id, "", None, None, None, text, 0, len(text), 0.0, 0)


def test_where_a_search_lost_the_answer() -> None:
    """A passage answers that holds the answer and is of a gold article."""
    case = Case("1", "?", ("six crowns",), True, "", frozenset({"gold"}))
    gold, same_words, other = hit("gold", "It was six crowns."), hit("copy", "six crowns"), hit("other", "Nothing.")
    found = Ranking((other, same_words, gold), (gold, other, same_words))
    assert (rank_of_article(found, case), rank_of_answer(found, case), words_to_answer(found, case)) == (3, 2, 3)
    three, two = Settings(shown_passages=3), Settings(shown_passages=2)
    right = Answer("?", "?", "It was six crowns. [1]", passages=found.hits)
    refused = replace(right, text="The articles do not say.", abstained=True)
    assert lost_at(found, case, three, replace(right, prompted=(2,))) is None
    assert lost_at(found, case, three, refused) == "refused"  # before anything was put before the generator
    assert lost_at(found, case, three, replace(refused, prompted=(2, 1))) == "refused"
    assert lost_at(found, case, three, replace(right, text="Nothing. [1]", prompted=(2, 0))) == "answered otherwise"
    assert lost_at(found, case, three, replace(right, prompted=(1,), cut=(2,))) == "cut by the budget"
    assert lost_at(found, case, three, replace(right, prompted=(1, 0))) == "reranked away"
    assert lost_at(found, case, three, replace(right, prompted=(1,))) == "reranked away"  # narrowed to the newest
    assert lost_at(found, case, two, refused) == "fused away"
    assert lost_at(Ranking((other,), (other, same_words)), case, three, right) == "not found"
    nothing = Ranking((), ())
    assert (rank_of_article(nothing, case), rank_of_answer(nothing, case), words_to_answer(nothing, case)) == (
        None,
        None,
        None,
    )
