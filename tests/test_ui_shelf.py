"""Files taken in, everything read again, an article removed, without a page."""

from pathlib import Path

import pytest

from qa.errors import InputError, LibraryError
from qa.types import Failure, ListedArticle, Progress, SyncReport
from ui.shelf import Shelf
from ui.talk import UNEXPECTED


class Desk:
    """Every stored file is an article, except one that says "broken"."""

    def __init__(self, library: Path) -> None:
        self.uploads = library / "articles"
        self.uploads.mkdir(parents=True)
        self.fault: Exception | None = None
        self.indexed: list[tuple[Path, ...]] = []
        self.known: set[str] = set()

    def articles(self) -> tuple[ListedArticle, ...]:
        """List what was indexed."""
        if self.fault:
            raise self.fault
        return tuple(ListedArticle(name, name, None, None, None, 1) for name in sorted(self.known))

    def upload(self, name: str, data: bytes) -> Path:
        """Store a text file."""
        if not name.endswith((".txt", ".jsonl", ".mbox")):
            raise InputError(f"{name} is of no known type; upload .txt")
        path = self.uploads / name
        path.write_bytes(data)
        return path

    def index(self, *paths: Path, progress: Progress) -> SyncReport:
        """Index the uploads."""
        if self.fault:
            raise self.fault
        self.indexed.append(paths)
        progress("Embedding", 1, 2)
        broken = [file.name for file in self.uploads.iterdir() if file.read_text(encoding="utf-8") == "broken"]
        self.known |= {file.name for file in self.uploads.iterdir()} - set(broken)
        return SyncReport(
            added=len(self.known), failed=len(broken), failures=tuple(Failure(name, "is empty") for name in broken)
        )

    def remove(self, *article_ids: str) -> tuple[str, ...]:
        """Forget articles."""
        if self.fault:
            raise self.fault
        self.known -= set(article_ids)
        return article_ids


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk with an empty library."""
    return Desk(tmp_path / "library")


def waiting(tmp_path: Path, name: str, text: str = "News") -> str:
    """Return the path of a file that waits to be taken in."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_uploads_are_indexed_as_a_source_of_their_own(desk: Desk, tmp_path: Path) -> None:
    """Progress comes first and the report last; the temporary file is gone and the stored one is there."""
    path = waiting(tmp_path, "a.txt")
    shown = list(Shelf(desk).add([path]))  # type: ignore[arg-type]
    assert any("Embedding <span>1 of 2</span>" in line for line in shown)
    assert "1 added" in shown[-1]
    assert desk.indexed == [(desk.uploads,)]
    assert not Path(path).exists()
    assert (desk.uploads / "a.txt").exists()


def test_an_upload_that_is_no_article_is_reported_and_not_kept(desk: Desk, tmp_path: Path) -> None:
    """A refused type and an unreadable file are named with their reasons; the good file stays."""
    paths = [
        waiting(tmp_path, "a.txt"),
        waiting(tmp_path, "b.txt", "broken"),
        waiting(tmp_path, "c.exe"),
    ]
    report = list(Shelf(desk).add(paths))[-1]  # type: ignore[arg-type]
    assert "1 added, 2 failed" in report
    assert "c.exe is of no known type; upload .txt" in report
    assert [file.name for file in desk.uploads.iterdir()] == ["a.txt"]


def test_a_bad_upload_under_another_name_is_not_kept_either(desk: Desk, tmp_path: Path) -> None:
    """The library may store a file under a name of its own; a file of lines stays for its other lines."""
    store = desk.upload
    desk.upload = lambda name, data: store(name.replace("note", "note-2"), data)  # type: ignore[method-assign]
    for name in ("note.txt", "wire.jsonl"):
        (tmp_path / name).write_text("broken", encoding="utf-8")
        list(Shelf(desk).add([str(tmp_path / name)]))  # type: ignore[arg-type]
    assert [file.name for file in desk.uploads.iterdir()] == ["wire.jsonl"]


def test_a_new_version_that_fails_does_not_delete_its_article(desk: Desk, tmp_path: Path) -> None:
    """A file whose article is still listed is left alone."""
    desk.known.add("a.txt")
    assert "1 failed" in list(Shelf(desk).add([waiting(tmp_path, "a.txt", "broken")]))[-1]  # type: ignore[arg-type]
    assert (desk.uploads / "a.txt").exists()


def test_a_mailbox_of_which_articles_are_listed_is_kept(desk: Desk, tmp_path: Path) -> None:
    """Their ids are their own, so it is the path that tells; a mailbox of none is not kept."""
    desk.articles = lambda: (ListedArticle("1@post.example", "Mail", None, None, None, 1, True, "held.mbox"),)  # type: ignore[method-assign]
    files = [waiting(tmp_path, name, "broken") for name in ("held.mbox", "other.mbox")]
    assert "2 failed" in list(Shelf(desk).add(files))[-1]  # type: ignore[arg-type]
    assert [file.name for file in desk.uploads.iterdir()] == ["held.mbox"]


def test_nothing_is_indexed_when_every_file_is_refused(desk: Desk, tmp_path: Path) -> None:
    """The report names the refused files and the library is left alone."""
    assert "1 failed" in list(Shelf(desk).add([waiting(tmp_path, "c.exe")]))[-1]  # type: ignore[arg-type]
    assert desk.indexed == []


def test_reindex_reads_every_known_source(desk: Desk) -> None:
    """No path is named, which means all of them."""
    assert "nothing to do" in list(Shelf(desk).reindex())[-1]  # type: ignore[arg-type]
    assert desk.indexed == [()]


@pytest.mark.parametrize(
    ("fault", "line"),
    [(LibraryError("the library is in use; wait"), "the library is in use; wait"), (KeyError("secret"), UNEXPECTED)],
)
def test_what_goes_wrong_is_one_line(desk: Desk, fault: Exception, line: str) -> None:
    """A known error shows its message, an unexpected one a plain sentence, in both actions."""
    desk.fault = fault
    shelf = Shelf(desk)  # type: ignore[arg-type]
    for shown in (list(shelf.reindex())[-1], shelf.remove("a.txt")):
        assert line in shown
        assert "secret" not in shown


def test_a_removed_article_is_named(desk: Desk) -> None:
    """The line says what is gone."""
    desk.known.add("a.txt")
    assert "a.txt is no longer in the library." in Shelf(desk).remove("a.txt")  # type: ignore[arg-type]
    assert desk.known == set()


def test_a_library_that_cannot_be_read_says_why(desk: Desk, tmp_path: Path) -> None:
    """In the list and in the empty conversation; an upload is not taken for one that failed."""
    desk.fault = LibraryError("it is damaged; index again")
    shelf = Shelf(desk)  # type: ignore[arg-type]
    assert "it is damaged; index again" in shelf.listing("")
    assert "it is damaged; index again" in shelf.welcome()
    desk.fault = None
    assert "Your library is empty" in shelf.welcome() and "No articles yet" in shelf.listing("")


def test_an_index_that_cannot_run_names_the_refused_and_keeps_the_others(desk: Desk, tmp_path: Path) -> None:
    """What was stored waits for the next time; the same file sent twice is one."""
    desk.fault = LibraryError("another run goes on; wait")
    good = waiting(tmp_path, "a.txt")
    *_, said = Shelf(desk).add([good, good, waiting(tmp_path, "bad.exe")])  # type: ignore[arg-type]
    assert "another run goes on; wait What was uploaded is stored; read all sources again" in said
    assert "bad.exe" in said and said.count("<li>") == 1
    assert [file.name for file in desk.uploads.iterdir()] == ["a.txt"]
