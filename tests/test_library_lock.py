"""One writer at a time."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qa.errors import LibraryError
from qa.library.lock import writing
from tests.conftest import MakeDesk

HOLD = """
import sys, time
from pathlib import Path
from qa.library.lock import writing
with writing(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""

REFUSED = """
import sys
from qa.cli import main
status = main(sys.argv[1:])
heavy = ("torch", "transformers", "sentence_transformers", "faiss", "llama_cpp", "scipy", "datasketch", "trafilatura")
print(status, [name for name in heavy if name in sys.modules])
"""


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of a library."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_at_once_with_the_holders_number(
    make_desk: MakeDesk, articles: Path, tmp_path: Path
) -> None:
    """Indexing, removing and repairing alike; reading goes on."""
    make_desk().index(articles)
    with holder(tmp_path / "library") as process:
        for change in (lambda desk: desk.index(articles), lambda desk: desk.remove("bridge.txt")):
            with pytest.raises(
                LibraryError, match=rf"process {process.pid}\) is at work .*; wait until it has finished"
            ):
                change(make_desk())
        assert make_desk().search("bridge")
    assert make_desk().index(articles).unchanged == 3


@pytest.mark.parametrize("command", [("index", "articles"), ("remove", "bridge.txt"), ("remove", "--purge")])
def test_a_second_command_is_refused_before_anything_heavy_is_loaded(
    make_desk: MakeDesk, articles: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """It need not wait for seconds of imports to hear that it is not its turn."""
    make_desk().index(articles)
    with holder(tmp_path / "library") as process:
        done = subprocess.run(
            [sys.executable, "-c", REFUSED, *command, "--library", str(tmp_path / "library")],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert f"process {process.pid}) is at work" in done.stderr
    assert done.stdout == "1 []\n"


def test_a_killed_holder_frees_the_lock(make_desk: MakeDesk, articles: Path, tmp_path: Path) -> None:
    """The system does it, so a pid file that is left behind means nothing."""
    with holder(tmp_path / "library") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (tmp_path / "library" / "lock.owner").read_text() == str(process.pid)
        assert make_desk().index(articles).added == 3


def test_what_a_killed_holder_wrote_names_nobody(tmp_path: Path) -> None:
    """A new holder that has not written its number yet is waited for."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with writing(tmp_path):
        (tmp_path / "lock.owner").write_text(str(ended.pid))
        later = threading.Timer(0.2, (tmp_path / "lock.owner").write_text, (str(os.getpid()),))
        later.start()
        with pytest.raises(LibraryError, match=f"process {os.getpid()}"), writing(tmp_path):
            pass
        later.join()


def test_a_second_thread_is_refused_too(tmp_path: Path) -> None:
    """With the number of this very process."""
    refusals: list[str] = []

    def attempt() -> None:
        try:
            with writing(tmp_path):
                refusals.append("not refused")
        except LibraryError as error:
            refusals.append(str(error))

    with writing(tmp_path):
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    assert len(refusals) == 1
    assert f"process {os.getpid()}" in refusals[0]


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    """And nothing names a holder any more."""
    with pytest.raises(ValueError, match="inside"), writing(tmp_path):
        raise ValueError("inside")
    assert not (tmp_path / "lock.owner").exists()
    with writing(tmp_path):
        assert (tmp_path / "lock.owner").read_text() == str(os.getpid())


def test_a_holder_that_has_not_said_its_number_yet_is_unknown(tmp_path: Path) -> None:
    """Between taking the lock and writing the number down."""
    with writing(tmp_path):
        for state in ("", None):
            (tmp_path / "lock.owner").unlink() if state is None else (tmp_path / "lock.owner").write_text(state)
            with pytest.raises(LibraryError, match="process unknown"), writing(tmp_path):
                pass
        (tmp_path / "lock.owner").write_text("")
