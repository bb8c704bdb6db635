"""R4: a damaged file is refused or does no harm; no wrong answer comes of it."""

import random
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import faiss
import numpy as np

from qa.errors import LibraryError, QAError
from qa.library.database import FILE, open_to_read
from qa.library.verify import verify
from tests.conftest import WordEmbedder
from tests.reliability import made, naive
from tests.reliability.figure import Effort, Figure, counted
from tests.reliability.process import DONE, run
from tests.reliability.scenarios import answers

Damage = Callable[[bytearray, random.Random], None]


def cut_short(data: bytearray, draw: random.Random) -> None:
    """The end is missing."""
    del data[draw.randrange(len(data)) :]


def flipped(data: bytearray, draw: random.Random) -> None:
    """One to eight bits are others."""
    for _ in range(draw.randint(1, 8)):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)


def blanked(data: bytearray, draw: random.Random) -> None:
    """A page is empty."""
    start = draw.randrange(0, len(data), 4096)
    data[start : start + 4096] = bytes(len(data[start : start + 4096]))


def another_head(data: bytearray, draw: random.Random) -> None:
    """A byte among the first hundred is another."""
    data[draw.randrange(min(100, len(data)))] ^= draw.randint(1, 255)


DAMAGES: tuple[Damage, ...] = (cut_short, flipped, blanked, another_head)


def gate(place: Path, effort: Effort) -> list[Figure]:
    """Damaged index files, database files and logs, and files of another build."""
    library = place / "library"
    made.desk_for(library).index(_files(place / "files"))
    whole = Library(library, place / "damaged")
    index = next((library / "segments").iterdir()).relative_to(library)
    found = {name: whole.damaged(name, effort.damages) for name in (index, Path(FILE))}
    logged = Library(_with_log(library, place), place / "damaged")
    found[Path(f"{FILE}-wal")] = logged.damaged(Path(f"{FILE}-wal"), effort.damages)
    naive_index = _naive_index(library / index, effort.damages)
    naive_rows = _naive_rows(place / "naive", effort.damages)
    swapped = _swapped(library, index, place)
    controls = {index: naive_index, Path(FILE): naive_rows}
    names = {index: "an index file", Path(FILE): "the database", Path(f"{FILE}-wal"): "the database's log"}
    return [
        Figure(
            "R4",
            f"{names[path]}, cut short, with flipped bits, an empty page or another head, gives no wrong answer",
            f"{len(states)} damaged files",
            counted(sorted(states)),
            f"{counted(sorted(controls[path]))}" if path in controls else "",
            not set(states) - {"refused", "harmless", "harmless, and verify tells"}
            and ("wrong" in controls[path] if path in controls else True)
            and (path != index or set(states) == {"refused"}),
        )
        for path, states in found.items()
    ] + [
        Figure(
            "R4",
            "files of another build are refused",
            f"{len(swapped)} exchanges",
            counted(swapped),
            "",
            set(swapped) == {"refused"},
        )
    ]


def _files(folder: Path) -> Path:
    """Short articles, and some that fill several pages of the database."""
    made.write(folder, range(30))
    for number in range(100, 108):
        text = "\n\n".join(made.text(other).partition("\n")[2] for other in range(number * 50, number * 50 + 12))
        (folder / f"long{number}.txt").write_text(text)
    return folder


class Library:
    """A library whose files are damaged one at a time, in a copy."""

    def __init__(self, folder: Path, copy: Path) -> None:
        self.folder, self.copy = folder, copy
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        self.right = _read(copy)
        self._restore()

    def damaged(self, name: Path, times: int) -> list[str]:
        """What comes of each damage to a file."""
        draw, whole, states = random.Random(str(name)), (self.folder / name).read_bytes(), []
        while len(states) < times:
            data = bytearray(whole)
            DAMAGES[len(states) % len(DAMAGES)](data, draw)
            if data != whole:
                (self.copy / name).write_bytes(data)
                states.append(self.state())
                self._restore()
        return states

    def state(self) -> str:
        """Refused in one line, harmless, or wrong; and whether ``verify`` tells of what was harmless."""
        try:
            found = _read(self.copy)
        except QAError as error:
            return "refused" if "\n" not in str(error) and "; " in str(error) else f"unclear: {error}"
        except Exception as error:
            return f"broken: {type(error).__name__}"
        if found != self.right:
            return "wrong"
        try:
            return "harmless" if verify(self.copy).ok else "harmless, and verify tells"
        except LibraryError:
            return "harmless, and verify tells"

    def _restore(self) -> None:
        for name in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
            (self.copy / name).unlink(missing_ok=True)
            if (self.folder / name).exists() and not name.endswith("-shm"):
                shutil.copy(self.folder / name, self.copy / name)
        shutil.copytree(self.folder / "segments", self.copy / "segments", dirs_exist_ok=True)


def _read(folder: Path) -> tuple[Any, ...]:
    """All that a person could be shown."""
    desk = made.desk_for(folder)
    found = answers(desk)
    listed = desk.articles()
    return found, listed, [desk.article(one.article_id) for one in listed]


def _with_log(library: Path, place: Path) -> Path:
    """The library as a process that was killed leaves it: its last commit stands in the log only."""
    folder, files = place / "logged", place / "files"
    shutil.copytree(library, folder)

    def change() -> None:
        reader = open_to_read(folder)
        reader.execute("BEGIN; SELECT 1 FROM meta")  # while it reads, the log stays
        made.desk_for(folder).index(files)

    made.write(files, range(2, 5), version=1)
    done = run(change)
    made.write(files, range(2, 5))
    assert done.status == DONE, done.message
    assert (folder / f"{FILE}-wal").stat().st_size
    return folder


def _naive_rows(folder: Path, times: int) -> list[str]:
    """What SQLite alone makes of damaged rows."""
    naive.index(folder, {number: made.text(number) for number in range(30)})
    right, states = naive.state(folder), []
    whole, draw = (folder / naive.ROWS).read_bytes(), random.Random(0)
    for number in range(times):
        data = bytearray(whole)
        DAMAGES[number % len(DAMAGES)](data, draw)
        (folder / naive.ROWS).write_bytes(data)
        try:
            states.append("harmless" if naive.state(folder) == right else "wrong")
        except (apsw.Error, UnicodeDecodeError):
            states.append("refused")
    return states


def _naive_index(file: Path, times: int) -> list[str]:
    """What FAISS alone makes of damaged index files; in a process with little memory, since it may take much."""
    whole, draw, questions = file.read_bytes(), random.Random(file.name), WordEmbedder().encode(made.SEARCHES)
    right = _nearest(whole, questions)

    def judge() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
        states: list[str] = []
        for number in range(times):
            data = bytearray(whole)
            DAMAGES[number % len(DAMAGES)](data, draw)
            try:
                states.append("harmless" if _nearest(bytes(data), questions) == right else "wrong")
            except Exception:
                states.append("refused")
        raise LibraryError("\n".join(states))

    return run(judge).message.splitlines()


def _nearest(data: bytes, questions: Any) -> list[list[int]]:
    found: list[list[int]] = (
        faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8)).search(questions, 10)[1].tolist()
    )
    return found


def _swapped(library: Path, index: Path, place: Path) -> list[str]:
    """What comes of an index file or a database that belongs to another library."""
    other, files = place / "other", place / "others"
    made.desk_for(other).index(made.write(files, range(30), version=1))
    states = []
    for name, source in ((index, next((other / "segments").iterdir())), (Path(FILE), other / FILE)):
        mixed = Library(library, place / "damaged")
        shutil.copy(source, mixed.copy / name)
        states.append(mixed.state())
    gone = Library(library, place / "damaged")
    (gone.copy / index).unlink()
    return [*states, gone.state()]
