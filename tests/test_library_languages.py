"""Articles in several languages in one library."""

from pathlib import Path

import apsw
import pytest

from qa.library.database import FILE, get_meta, open_to_read, set_meta
from tests.commands import document
from tests.conftest import MakeDesk, write_articles
from tests.test_articles_language import NEWS

TEXTS = {"crane.txt": NEWS["en"], "kran.txt": NEWS["de"], "short.txt": "Edda Quist, Hareid."}
QUESTION = "Was beschloss der Hafenausschuss von Hareid am Montag?"


@pytest.fixture
def library(make_desk: MakeDesk, tmp_path: Path) -> Path:
    """A library of three articles."""
    assert make_desk().index(write_articles(tmp_path / "news", TEXTS)).added == 3
    return tmp_path / "library"


def languages(make_desk: MakeDesk) -> dict[str, str | None]:
    """The language of each article in the list."""
    return {article.article_id: article.language for article in make_desk().articles()}


def test_the_list_says_in_which_language_an_article_is(
    library: Path, make_desk: MakeDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a person only where the embedder does not know it; for programs of all."""
    from qa.cli import main

    assert languages(make_desk) == {"crane.txt": "en", "kran.txt": "de", "short.txt": "und"}
    listed = document(capsys, "list", "--library", str(library))
    assert {one["article_id"]: one["language"] for one in listed["articles"]} == languages(make_desk)
    assert document(capsys, "show", "kran.txt", "--library", str(library))["language"] == "de"
    (library / "settings.toml").write_text('embedder_languages = "en"\n')
    main(["list", "--library", str(library)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.endswith("(German)") for line in lines] == [False, True, False, False, False]
    assert lines[4] == "1 of these are in languages that the embedder does not know: searches find them by keyword only"
    (library / "settings.toml").write_text('embedder_languages = "en de"\n')
    main(["list", "--library", str(library)])
    assert "(German)" not in capsys.readouterr().out


def test_an_answer_that_rests_on_another_language_says_so(library: Path, make_desk: MakeDesk) -> None:
    """In its note, and in each citation; not where the embedder is said to know it."""
    answer = make_desk(embedder_languages="en").ask(QUESTION)
    assert [citation.language for citation in answer.citations] == ["de"]
    assert (
        answer.reason
        == "[1] is in German, which the search by meaning does not know: it may have missed other articles."
    )
    assert make_desk(embedder_languages="de").ask(QUESTION).reason is None
    english = make_desk(embedder_languages="en").ask(
        "What did the harbour board of Hareid agree to buy for the east quay?"
    )
    assert ([citation.language for citation in english.citations], english.reason) == (["en"], None)


def test_a_changed_article_has_the_language_of_its_new_text(library: Path, make_desk: MakeDesk, tmp_path: Path) -> None:
    """The others keep theirs."""
    write_articles(tmp_path / "news", {"crane.txt": NEWS["fr"]})
    assert make_desk().index().updated == 1
    assert languages(make_desk) == {"crane.txt": "fr", "kran.txt": "de", "short.txt": "und"}


def test_in_a_library_of_before_nobody_has_looked(library: Path, make_desk: MakeDesk, tmp_path: Path) -> None:
    """It answers as before, and learns of each article when its file changes."""
    connection = apsw.Connection(str(library / FILE))
    connection.execute("ALTER TABLE articles DROP COLUMN language; DROP TABLE visits; DROP TABLE files")
    set_meta(connection, "format", "3")
    connection.close()
    assert set(languages(make_desk).values()) == {None}
    assert make_desk().article("kran.txt").language is None
    answer = make_desk().ask(QUESTION)
    assert ([citation.language for citation in answer.citations], answer.reason) == ([None], None)
    write_articles(tmp_path / "news", {"kran.txt": NEWS["de"] + " Edda Quist."})
    assert make_desk().index().unchanged == 2
    assert get_meta(open_to_read(library), "format") == "4"
    assert languages(make_desk) == {"crane.txt": None, "kran.txt": "de", "short.txt": None}
