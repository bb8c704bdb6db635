"""A database that cannot be read is set aside, and the library made anew from files and uploads."""

from collections.abc import Callable
from pathlib import Path

import pytest

from qa.chat import Desk
from qa.library.database import FILE, open_to_write
from qa.library.verify import repair, verify
from qa.settings import Settings
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
    said = repair(library, WordEmbedder, Settings())
    assert len(said) == 1
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
    said = repair(library, WordEmbedder, Settings())
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
    assert repair(library, WordEmbedder, Settings())[1:] == (
        f"sources: {articles} is missing; put it back, and run: qa index {articles} --library {library}",
    )
    assert ids(desk) == ["sent.txt"]
    (tmp_path / "elsewhere").rename(articles)
    assert desk.index(articles).added == 2


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
    assert repair(library, WordEmbedder, Settings())[1:] == (
        f"sources: {address} was not asked; what it still has comes back with: qa index {address} --library {library}",
    )
