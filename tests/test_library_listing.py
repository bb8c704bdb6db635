"""The list of articles: filters, orders and pages."""

import json
from pathlib import Path

import pytest

from qa.chat import Desk
from qa.cli import main
from qa.errors import InputError
from qa.library.store import Library
from tests.commands import document, error
from tests.conftest import MakeDesk, write_articles

LINES = (
    {"id": "1", "title": "Éclair bakery opens", "date": "2031-03-01", "source": "Lindal Post", "text": "Bread. " * 200},
    {"id": "2", "title": "abbey closes", "date": "2031-01-01", "source": "Hallin Gazette", "text": "Monks of Hallin left."},
    {"id": "3", "title": "Zoo opens", "date": None, "source": None, "text": "A zebra arrived at Lindal."},
    {"id": "4", "title": "Ferry delayed", "date": "2031-02-01", "source": "Lindal Post", "text": "Fog over the bakeries."},
)  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path, make_desk: MakeDesk) -> Desk:
    """A desk over a library of the four LINES."""
    lines = "".join(json.dumps(line) + "\n" for line in LINES)
    desk = make_desk()
    desk.index(write_articles(tmp_path / "articles", {"lines.jsonl": lines}))
    return desk


def ids(desk: Desk, **chosen: object) -> str:
    """The ids of a page, in order, as one string."""
    return "".join(article.article_id for article in desk.listing(**chosen).articles)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, "1423"),
        ({"reverse": True}, "2413"),  # what has no date is last either way
        ({"sort": "title"}, "2143"),  # neither case nor accents count
        ({"sort": "title", "reverse": True}, "3412"),
        ({"sort": "source"}, "2143"),
        ({"sort": "source", "reverse": True}, "1423"),
        ({"sort": "passages"}, "1234"),  # one has several, ties go by id
        ({"sort": "passages", "reverse": True}, "2341"),
        ({"since": "2031-02-01"}, "14"),
        ({"until": "2031-02-01"}, "42"),
        ({"since": "2031-02-01", "until": "2031-02-01"}, "4"),
        ({"source": "lindal post"}, "14"),
        ({"source": "Lindal"}, ""),
        ({"match": "bakery"}, "14"),  # in a headline, and "bakeries" in a text
        ({"match": "BAKERY opens"}, "1"),
        ({"match": "Lindal"}, "3"),  # a source is no text
        ({"match": "eclair"}, "1"),
        ({"match": 'bakery" OR "zebra'}, ""),  # words are words, never a query
        ({"match": "bakery", "source": "Lindal Post", "until": "2031-02-28"}, "4"),
        ({"limit": 2}, "14"),
        ({"limit": 2, "offset": 1}, "42"),
        ({"offset": 3}, "3"),
        ({"offset": 9}, ""),
    ],
)
def test_a_list_is_filtered_sorted_and_cut(desk: Desk, chosen: dict[str, object], expected: str) -> None:
    """In this order."""
    assert ids(desk, **chosen) == expected


def test_the_total_counts_what_matches_on_all_pages(desk: Desk) -> None:
    """A page is at most as long; beyond the last one nothing is listed."""
    page = desk.listing(source="Lindal Post", limit=1)
    assert (len(page.articles), page.total) == (1, 2)
    assert desk.listing(offset=9) == type(page)((), 4)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"since": "yesterday"}, "'yesterday' is not a date; write it as YYYY-MM-DD"),
        ({"since": "2031-02-02", "until": "2031-02-01"}, "no day lies between 2031-02-02 and 2031-02-01; give the earlier"),
        ({"match": " ?! "}, "no word to match; give words"),
        ({"sort": "size"}, "nothing is sorted by 'size'; give one of date, title, source, passages"),
    ],
)  # fmt: skip
def test_what_cannot_be_listed_is_said(desk: Desk, chosen: dict[str, object], message: str) -> None:
    """In one sentence."""
    with pytest.raises(InputError, match=message):
        ids(desk, **chosen)


def test_articles_older_than_a_day_are_told_from_those_without_a_date(desk: Desk, tmp_path: Path) -> None:
    """The day itself is not older."""
    with Library(tmp_path / "library").snapshot(vectors=False) as snapshot:
        assert snapshot.older_than("2031-03-01") == (("2", "4"), 1)
        assert snapshot.older_than("2031-01-01") == ((), 1)


def test_the_command_lists_a_page(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON of the same shape as the whole list, and as lines."""
    place = ("--library", str(tmp_path / "library"))
    found = document(capsys, "list", "--sort", "title", "--limit", "1", *place)
    assert found == {
        "articles": [
            {
                "article_id": "2",
                "title": "abbey closes",
                "date": "2031-01-01",
                "source": "Hallin Gazette",
                "url": None,
                "passages": 1,
                "uploaded": False,
                "path": "lines.jsonl",
                "language": "und",
            }
        ],
        "total": 4,
    }
    assert document(capsys, "list", "--match", "zebra", *place)["total"] == 1
    assert main(["list", "--source", "Lindal Post", "--limit", "1", "--reverse", *place]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["2031-02-01    1 passages  4  Ferry delayed", "2 articles, 1 of them listed"]
    assert "no word to match" in error(capsys, "list", "--match", "?", *place)


def test_words_are_found_as_they_are_read(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Soft hyphens and blanks of no width part no word; the text keeps them."""
    text = "The ferry of Gren\u200bville cost nine mil\u00adlion crowns."
    desk = make_desk()
    desk.index(write_articles(tmp_path / "hidden", {"ferry.txt": text}))
    for words in ("million", "Grenville"):
        assert desk.listing(match=words).total == 1
    assert desk.article("ferry.txt").text == text
