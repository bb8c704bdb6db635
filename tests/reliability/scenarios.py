"""What is struck at: a change of a library, the state before and after, and how to tell which of them a folder is in."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import apsw

from qa.errors import LibraryError
from qa.library.database import FILE
from qa.library.segments import ids_of, read_segment
from qa.library.store import UPLOADS, listed_segments
from qa.library.verify import verify
from tests.reliability import made, naive

Change = Callable[[Path], object]
State = tuple[Any, ...] | None  # None: there is no library


class MixedError(Exception):
    """Parts of a library that do not belong together."""


def leftovers(folder: Path) -> list[str]:
    """Files of a library that nothing needs."""
    connection = apsw.Connection(str(folder / FILE), flags=apsw.SQLITE_OPEN_READONLY)
    listed = {segment.file for segment in listed_segments(connection)}
    connection.close()
    segments = [file.name for file in (folder / "segments").iterdir() if file.name not in listed]
    return segments + [file.name for file in folder.rglob("*.part")] + [file.name for file in folder.rglob("*.tmp")]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A change of the folder ``start`` (which need not exist), and its states before and after.

    ``left`` names what is in the folder, once the change is done, and nothing needs.
    """

    name: str
    start: Path
    change: Change
    state: Callable[[Path], State]
    left: Callable[[Path], list[str]] = leftovers
    old: State = None
    new: State = None

    def copy(self, place: Path) -> Path:
        """The folder before the change, copied to ``place``; what was there is deleted."""
        shutil.rmtree(place, ignore_errors=True)
        if self.start.exists():
            shutil.copytree(self.start, place)
            _tell_uploads(place, self.start)
        return place

    def found(self, folder: Path) -> str:
        """Which state a folder is in: old, new, mixed or unreadable."""
        try:
            state = self.state(folder)
        except MixedError:
            return "mixed"
        except (LibraryError, OSError, RuntimeError, ValueError, apsw.Error):
            return "unreadable"
        return "old" if state == self.old else "new" if state == self.new else "mixed"


def library_scenarios(place: Path, names: Sequence[str], articles: int = 12) -> list[Scenario]:
    """The changes of these names: first build, add, update, delete, remove, upload, reembed."""

    def scenario(name: str) -> Scenario:
        prepare, change = changes[name]
        files, start = place / name / "files", place / name / "start"
        made.write(files, range(articles))
        if name != "first build":
            made.desk_for(start).index(files)
        prepare(files)
        return completed(Scenario(name, start, lambda library: change(library, files), library_state), place / name)

    def index(library: Path, files: Path) -> None:
        made.desk_for(library).index(files)

    def remove(library: Path, files: Path) -> None:
        desk = made.desk_for(library)
        if any(article.article_id == made.name(1) for article in desk.articles()):
            desk.remove(made.name(1))
        else:  # an article that is gone needs no second command; the next run of any sweeps up
            desk.index(files)

    def upload(library: Path, files: Path) -> None:
        desk = made.desk_for(library)
        desk.upload("sent.txt", made.text(99).encode())
        desk.index(desk.uploads)

    changes: dict[str, tuple[Callable[[Path], object], Callable[[Path, Path], None]]] = {
        "first build": (lambda files: None, index),
        "add": (lambda files: made.write(files, range(articles, articles + 3)), index),
        "update": (lambda files: made.write(files, range(2, 5), version=1), index),
        "delete": (lambda files: [(files / made.name(number)).unlink() for number in (3, 4)], index),
        "remove": (lambda files: None, remove),
        "upload": (lambda files: None, upload),
        "reembed": (lambda files: None, lambda library, files: made.desk_for(library).reembed(made.FewWords)),
    }
    return [scenario(name) for name in names]


def naive_scenario(place: Path) -> Scenario:
    """The same update of a library that commits its rows and then overwrites its index in place."""
    start = place / "naive" / "start"
    naive.index(start, {number: made.text(number) for number in range(12)})
    changed = {number: made.text(number, int(number in (2, 3, 4))) for number in range(13)}
    scenario = Scenario("naive", start, lambda f: naive.index(f, changed), naive.state, lambda f: [])
    return completed(scenario, place / "naive")


def library_state(folder: Path) -> State:
    """Everything a library holds and what it finds. Raises MixedError where its parts do not belong together."""
    desk = made.desk_for(folder)
    try:
        listed = desk.articles()
    except LibraryError as error:
        if "there is no library" in str(error):
            return None
        raise
    _hold_together(folder)
    if not listed:
        return None  # a library without articles is as good as none
    with desk.library.snapshot(vectors=False) as snapshot:
        texts = tuple((one.article_id, one.title, one.date, snapshot.article(one.article_id)[0].text) for one in listed)
    return texts, tuple(answers(desk))


def answers(desk: Any, searches: tuple[str, ...] = made.SEARCHES) -> list[tuple[tuple[str, int, int, float], ...]]:
    """The ten best passages of each search."""
    return [tuple((h.article_id, h.start, h.end, round(h.score, 6)) for h in desk.search(s)) for s in searches]


def _tell_uploads(folder: Path, start: Path) -> None:
    """Let a copied library know where its uploaded files lie now."""
    if (folder / UPLOADS).exists():
        connection = apsw.Connection(str(folder / FILE))
        moved = (str((folder / UPLOADS).resolve()), str((start / UPLOADS).resolve()))
        connection.execute("UPDATE sources SET root = ? WHERE root = ?", moved)
        connection.close()


def _hold_together(folder: Path) -> None:
    connection = apsw.Connection(str(folder / FILE), flags=apsw.SQLITE_OPEN_READONLY)
    try:

        def ids(query: str) -> set[int]:
            return {number for (number,) in connection.execute(query)}

        passages = ids("SELECT passage_id FROM passages")
        keywords = ids("SELECT id FROM keywords_docsize")
        files = [read_segment(folder, segment) for segment in listed_segments(connection)]
        vectors = {number for file in files for number in ids_of(file).tolist()} - ids("SELECT * FROM tombstones")
    finally:
        connection.close()
    if not passages == keywords == vectors:
        raise MixedError(f"{len(passages)} passages, {len(keywords)} in the keyword index, {len(vectors)} vectors")
    report = verify(folder)
    if not report.ok:
        raise MixedError(str(report.problems))


def completed(scenario: Scenario, place: Path) -> Scenario:
    """The scenario with its two states."""
    after = scenario.copy(place / "after")
    old = scenario.state(after)
    scenario.change(after)
    new = scenario.state(after)
    assert old != new and not scenario.left(after), scenario.name
    return replace(scenario, old=old, new=new)
