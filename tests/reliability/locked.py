"""R10: folders that may not be written, files that may not be read or are gone: served, or one line."""

import contextlib
import io
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import qa.answering.choice
import qa.answering.reader
import qa.retrieval.embedder  # noqa: F401 - the user without rights may not read the packages
from qa.cli import main
from qa.errors import LibraryError
from qa.library.database import FILE, open_to_read
from tests.reliability import made, naive
from tests.reliability.figure import Effort, Figure, counted, spread
from tests.reliability.process import BROKEN, DONE, REFUSED, run
from tests.reliability.scenarios import answers

NOBODY = 65534
SECONDS = 5


def gate(place: Path, effort: Effort) -> list[Figure]:
    """Each case, as a user without rights would meet it."""
    place.chmod(0o755)
    files = made.write(place / "files", range(12))
    made.desk_for(place / "library").index(files)
    states: list[str] = []
    cases = spread(list(CASES.items()), effort.closed)
    for name, prepare in cases:
        folder = place / "case" / "library"
        folder.parent.mkdir(mode=0o755)
        shutil.copytree(place / "library", folder)
        _give(folder)
        with contextlib.ExitStack() as stack:
            prepare(folder, stack)
            for what, job in _uses(folder, files).items():
                outcome = run(lambda: _as_nobody(job))  # noqa: B023
                end = {DONE: "served", REFUSED: "one line"}.get(outcome.status, "traceback")
                if end == "one line" and ("\n" in outcome.message.strip() or "; " not in outcome.message):
                    end = "unclear"
                if outcome.seconds > SECONDS:
                    end = "late"
                if end not in ("served", "one line"):
                    end += f" ({name}, {what}: {outcome.message.strip().splitlines()[-1:]})"
                states.append(end)
        subprocess.run(["chmod", "-R", "u+rwX", folder.parent], check=True)
        shutil.rmtree(folder.parent)
    control = _naive(place / "naive")
    return [
        Figure(
            "R10",
            "read-only folders, files of another owner and missing files end in answers or in one line within 5 s",
            f"{len(states)} commands on {len(cases)} libraries",
            counted(sorted(states)),
            "a traceback" if control == BROKEN else "",
            set(states) == {"served", "one line"} and control == BROKEN,
        )
    ]


def _naive(folder: Path) -> int:
    """How a program ends that does not look for errors, where its folder is closed."""
    naive.index(folder, {1: made.text(1)})
    _give(folder)
    folder.chmod(0o000)
    status = run(lambda: _as_nobody(lambda: naive.state(folder))).status
    folder.chmod(0o700)
    return status


def _uses(folder: Path, files: Path) -> dict[str, Callable[[], object]]:
    return {
        "search": lambda: answers(made.desk_for(folder)),
        "index": lambda: made.desk_for(folder).index(files),
        "remove": lambda: made.desk_for(folder).remove(made.name(1)),
        "upload": lambda: made.desk_for(folder).upload("sent.txt", b"Sent."),
        "create": lambda: made.desk_for(folder).create(),
        "qa list": lambda: _command("list", "--library", str(folder)),
        "qa show": lambda: _command("show", made.name(1), "--library", str(folder)),
        "qa verify": lambda: _command("verify", "--library", str(folder)),
        "qa remove": lambda: _command("remove", made.name(2), "--library", str(folder)),
    }


def _command(*arguments: str) -> None:
    """A command of the command line; what it says on stderr is the error it is meant to be."""
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        status = main(arguments)
    if status:
        raise LibraryError(said.getvalue().strip())


def _as_nobody(job: Callable[[], object]) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    job()


def _give(folder: Path) -> None:
    """All of a folder to the user without rights."""
    for path in [folder, folder.parent, *folder.rglob("*")]:
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)


def _mode(mode: int, *names: str) -> Callable[[Path, contextlib.ExitStack], None]:
    def prepare(folder: Path, stack: contextlib.ExitStack) -> None:
        for name in names:
            for path in folder.glob(name) if name else [folder]:
                path.chmod(mode)

    return prepare


def _gone(*names: str) -> Callable[[Path, contextlib.ExitStack], None]:
    def prepare(folder: Path, stack: contextlib.ExitStack) -> None:
        for name in names:
            for path in folder.glob(name):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    return prepare


def _another_owner(folder: Path, stack: contextlib.ExitStack) -> None:
    if os.geteuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, 0, 0)
            path.chmod(0o755 if path.is_dir() else 0o644)


def _mounted_read_only(folder: Path, stack: contextlib.ExitStack) -> None:
    bound = ["mount", "--bind", folder, folder]
    if subprocess.run(bound, capture_output=True, check=False).returncode == 0:
        stack.callback(subprocess.run, ["umount", "-l", folder], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)


def _log_left_behind(folder: Path, stack: contextlib.ExitStack) -> None:
    """A killed process leaves a log, and then the folder is closed."""

    def change() -> None:
        reader = open_to_read(folder)
        reader.execute("BEGIN; SELECT 1 FROM meta")  # while it reads, the log stays
        made.desk_for(folder).remove(made.name(5))
        os._exit(0)

    run(lambda: _as_nobody(change))
    assert (folder / f"{FILE}-wal").exists()
    (folder / f"{FILE}-shm").unlink()
    folder.chmod(0o555)


def _a_folder_in_its_place(folder: Path, stack: contextlib.ExitStack) -> None:
    (folder / FILE).unlink()
    (folder / FILE).mkdir()


CASES: dict[str, Callable[[Path, contextlib.ExitStack], None]] = {
    "nothing wrong": _mode(0o600),
    "read-only folder": _mode(0o555, "segments", ""),
    "read-only folder and files": lambda f, s: (_mode(0o444, FILE)(f, s), _mode(0o555, "segments", "")(f, s), None)[2],
    "closed folder": _mode(0o000, ""),
    "closed database": _mode(0o000, FILE),
    "closed index folder": _mode(0o000, "segments"),
    "closed index file": _mode(0o000, "segments/*"),
    "another owner": _another_owner,
    "mounted read-only": _mounted_read_only,
    "log left behind, read-only folder": _log_left_behind,
    "no database": _gone(FILE),
    "no index file": _gone("segments/*"),
    "no index folder": _gone("segments"),
    "no lock file": _gone("lock"),
    "closed lock file": _mode(0o000, "lock"),
    "a folder in the database's place": _a_folder_in_its_place,
}
