"""A database that cannot be read is set aside, and the library made anew from files and uploads."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import apsw
import numpy as np
import pytest

from qa.chat import Desk
from qa.cli import main
from qa.library.database import FILE, open_to_write
from qa.library.repair import repair
from qa.library.verify import verify
from qa.settings import Settings
from qa.types import Repair
from tests.conftest import MakeDesk, WordEmbedder


@pytest.fixture
def desk(articles: Path, make_desk: MakeDesk) -> Desk:
    """A desk over a library with two of the three articles, one is kept out, and an uploaded one."""
    desk = make_desk()
    desk.index(articles)
    desk.remove("library.txt")
    desk.upload("sent.txt", b"The uploaded text of the harbour.\n")
    desk.index(desk.uploads)
    return desk


def ids(desk: Desk) -> list[str]:
    """The ids of all articles."""
    return sorted(article.article_id for article in desk.articles())


def without_a_head(data: bytes) -> bytes:
    """Nothing of such a file can be read."""
    return b"no database at all, " * (len(data) // 20)


def with_a_blank_page(name: bytes) -> Callable[[bytes], bytes]:
    """The page with these bytes is empty; the others can be read."""

    def damage(data: bytes) -> bytes:
        start = data.index(name) // 4096 * 4096
        return data[:start] + bytes(4096) + data[start + 4096 :]

    return damage


def test_a_library_of_which_pages_can_be_read_knows_its_sources(desk: Desk, articles: Path) -> None:
    """Every article is back, the one that was removed is not, and the damaged file is kept as it was."""
    library, before = desk.library.folder, ids(desk)
    hits = [(hit.article_id, hit.score) for hit in desk.search("harbour bridge frost")]
    damaged = with_a_blank_page(b"uploaded text of")((library / FILE).read_bytes())
    (library / FILE).write_bytes(damaged)
    done = repair(library, WordEmbedder, Settings())
    said = done.repaired
    assert (done.ok, len(said), done.not_back) == (True, 1, None)
    assert said[0].startswith("database: ")
    assert said[0].endswith("3 articles were indexed again from 2 sources")
    assert ids(desk) == before == ["bridge.txt", "sent.txt", "valley/orchard.txt"]
    assert [(hit.article_id, hit.score) for hit in desk.search("harbour bridge frost")] == hits
    assert verify(library).ok
    assert [file.read_bytes() for file in library.glob(f"damaged-*/{FILE}")] == [damaged]
    assert desk.index(articles, desk.uploads).unchanged == 3


def test_nothing_is_lost_of_what_cannot_be_read_at_all(desk: Desk, articles: Path) -> None:
    """Uploads are indexed again, and the folders are asked for; what was kept out nobody can know."""
    library = desk.library.folder
    damaged = without_a_head((library / FILE).read_bytes())
    (library / FILE).write_bytes(damaged)
    done = repair(library, WordEmbedder, Settings())
    said, (aside,) = done.repaired, library.glob("damaged-*")
    assert done.not_back == (
        "the library is sound, but not all of its articles are back: index the folders it had again "
        f"(qa index FOLDER --library {library}); the damaged file is kept in {aside}"
    )
    assert "1 articles were indexed again from 1 sources" in said[0]
    assert said[1] == f"sources: they cannot be read; name your folders: qa index FOLDER --library {library}"
    assert said[2].startswith("removed articles: which these are cannot be read")
    assert (ids(desk), (desk.uploads / "sent.txt").read_bytes()) == (
        ["sent.txt"],
        b"The uploaded text of the harbour.\n",
    )
    assert desk.index(articles).added == 3
    assert verify(library).ok
    (library / FILE).write_bytes(damaged)
    repair(library, WordEmbedder, Settings())
    assert len(list(library.glob(f"damaged-*/{FILE}"))) == 2


def test_a_source_that_is_missing_is_named(desk: Desk, articles: Path, tmp_path: Path) -> None:
    """A disk that is not mounted now; with it back, its articles are."""
    library = desk.library.folder
    articles.rename(tmp_path / "elsewhere")
    (library / FILE).write_bytes(with_a_blank_page(b"uploaded text of")((library / FILE).read_bytes()))
    done = repair(library, WordEmbedder, Settings())
    assert str(done.not_back).startswith("the library is sound, but not all of its articles are back: ")
    assert done.repaired[1:] == (
        f"sources: {articles} is missing; put it back, and run: qa index {articles} --library {library}",
    )
    assert ids(desk) == ["sent.txt"]
    (tmp_path / "elsewhere").rename(articles)
    assert desk.index(articles).added == 2


def test_a_source_that_is_there_but_empty_is_named(desk: Desk, articles: Path) -> None:
    """As the folder is in which a disk is mounted at other times."""
    library = desk.library.folder
    for file in articles.rglob("*.txt"):
        file.unlink()
    apsw.Connection(str(library / FILE)).execute("DELETE FROM kept_out")
    (library / FILE).write_bytes(with_a_blank_page(b"uploaded text of")((library / FILE).read_bytes()))
    done = repair(library, WordEmbedder, Settings())
    assert done.repaired[1:] == (
        f"sources: {articles} has no articles now; if it had some, put them back, and run: "
        f"qa index {articles} --library {library}",
    )
    assert done.not_back


def test_what_cannot_be_indexed_again_is_listed_and_not_back(desk: Desk, articles: Path) -> None:
    """One file that is no text any more; the others are there."""
    library = desk.library.folder
    (articles / "bridge.txt").write_bytes(bytes(100))
    (library / FILE).write_bytes(with_a_blank_page(b"uploaded text of")((library / FILE).read_bytes()))
    done = repair(library, WordEmbedder, Settings())
    assert [line.partition(" ")[0] for line in done.repaired[1:]] == ["articles:"]
    assert str(done.not_back).startswith("the library is sound, but not all of its articles are back: ")
    assert ids(desk) == ["sent.txt", "valley/orchard.txt"]


class Interrupted(WordEmbedder):
    """A person presses Ctrl-C while the first text is embedded."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Raise KeyboardInterrupt."""
        raise KeyboardInterrupt


def test_what_was_cut_short_is_gone_on_with(desk: Desk) -> None:
    """The database is a new one by then, in which nothing is wrong; what was said of the damaged one is not forgotten."""
    library, before = desk.library.folder, ids(desk)
    (library / FILE).write_bytes(with_a_blank_page(b"uploaded text of")((library / FILE).read_bytes()))
    with pytest.raises(KeyboardInterrupt):
        repair(library, Interrupted, Settings())
    assert (verify(library).ok, verify(library).articles) == (True, 0)
    done = repair(library, WordEmbedder, Settings())
    assert (len(done.repaired), done.not_back) == (1, None)
    assert done.repaired[0].startswith("database: ")
    assert done.repaired[0].endswith("3 articles were indexed again from 2 sources")
    assert ids(desk) == before
    assert repair(library, WordEmbedder, Settings()) == Repair(True)


def test_the_command_says_that_the_articles_are_not_back_and_exits_3(
    articles: Path, make_desk: MakeDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nothing can be read of the database and nothing was uploaded."""
    desk = make_desk()
    desk.index(articles)
    library = desk.library.folder
    damaged = bytes(4096) + (library / FILE).read_bytes()[4096:]
    sentence = (
        "the library is sound, but its articles are not back: index the folders it had again "
        f"(qa index FOLDER --library {library}); the damaged file is kept in "
    )
    (library / FILE).write_bytes(damaged)
    assert main(["repair", "--library", str(library)]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert "0 articles were indexed again from 0 sources" in lines[0]
    assert lines[-1].startswith(sentence)
    (library / FILE).write_bytes(damaged)
    assert main(["repair", "--library", str(library), "--json"]) == 3
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert (set(document), document["ok"]) == ({"ok", "repaired", "not_back"}, True)
    assert document["not_back"].startswith(sentence)
    assert sentence in printed.err
    assert desk.index(articles).added == 3


def test_what_is_purged_leaves_the_kept_file_too(desk: Desk) -> None:
    """It holds texts as the database did."""
    library = desk.library.folder
    (library / FILE).write_bytes(with_a_blank_page(b"uploaded text of")((library / FILE).read_bytes()))
    repair(library, WordEmbedder, Settings())
    desk.remove("bridge.txt", purge=True)
    assert list(library.glob("damaged-*")) == []
    assert b"48 million crowns" not in b"".join(path.read_bytes() for path in library.rglob("*") if path.is_file())


def test_an_address_is_named_and_not_asked(desk: Desk) -> None:
    """Nothing is fetched by a repair."""
    library, address = desk.library.folder, "https://feed.example/news"
    connection = open_to_write(library)
    connection.execute("INSERT INTO sources (root, name) VALUES (?1, ?1)", (address,))
    connection.close()
    (library / FILE).write_bytes(with_a_blank_page(b"uploaded text of")((library / FILE).read_bytes()))
    assert repair(library, WordEmbedder, Settings()).repaired[1:] == (
        f"sources: {address} was not asked; what it still has comes back with: qa index {address} --library {library}",
    )
