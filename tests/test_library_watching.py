"""Indexing whenever files change."""

import argparse
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest

from qa.chat import Desk
from qa.commands.watching import Told, watch_command
from qa.errors import InputError, LibraryError, QAError
from qa.library.lock import writing
from qa.library.watching import next_changes
from qa.types import Failure, SyncReport
from tests.conftest import MakeDesk, write_articles

PATIENCE = 30.0  # seconds; a round takes two
Outcomes = "Queue[SyncReport | QAError]"


@contextmanager
def watched(desk: Desk, *paths: Path) -> Iterator[Outcomes]:
    """What is told by a desk that watches in a thread of its own; its first two rounds are over."""
    outcomes: Outcomes = Queue()
    stop = threading.Event()
    thread = threading.Thread(target=lambda: desk.watch(*paths, told=outcomes.put, stop=stop))
    thread.start()
    try:
        for _ in range(2):
            assert isinstance(outcomes.get(timeout=PATIENCE), SyncReport)
        yield outcomes
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def next_change(outcomes: Outcomes) -> tuple[int, int, int]:
    """Added, updated, removed of the next rounds, until there is anything."""
    while True:
        outcome = outcomes.get(timeout=PATIENCE)
        assert isinstance(outcome, SyncReport), outcome
        if any(counts := (outcome.added, outcome.updated, outcome.removed)):
            return counts


def next_error(outcomes: Outcomes) -> QAError:
    """The next error."""
    while True:
        if isinstance(outcome := outcomes.get(timeout=PATIENCE), QAError):
            return outcome


def test_a_running_desk_sees_each_change_with_its_next_question(articles: Path, make_desk: MakeDesk) -> None:
    """New, changed, renamed and deleted files; a folder of them that is moved in or out."""
    chat = make_desk()
    with watched(make_desk(), articles) as outcomes:
        write_articles(articles, {"tram.txt": "The tram to Lenvik returned.\n"})
        assert next_change(outcomes) == (1, 0, 0)
        assert chat.search("tram Lenvik")[0].article_id == "tram.txt"
        write_articles(articles, {"tram.txt": "The tram broke down near Hareid.\n"})
        assert next_change(outcomes) == (0, 1, 0)
        assert "Hareid" in chat.search("tram")[0].text
        (articles / "tram.txt").rename(articles / "streetcar.txt")
        assert next_change(outcomes) == (1, 0, 1)
        (articles / "valley").rename(articles.parent / "outside")
        assert next_change(outcomes) == (0, 0, 1)
        (articles.parent / "outside").rename(articles / "inside")
        assert next_change(outcomes) == (1, 0, 0)
        (articles / "streetcar.txt").unlink()
        assert next_change(outcomes) == (0, 0, 1)
    assert {article.article_id for article in chat.articles()} == {"bridge.txt", "library.txt", "inside/orchard.txt"}


def test_what_is_no_article_leads_to_no_round(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Not the library itself, though it lies in the folder; not hidden files or those of other kinds."""
    write_articles(tmp_path, {"a.txt": "First.\n"})
    with watched(make_desk(), tmp_path) as outcomes:
        write_articles(tmp_path, {".hidden.txt": "x", "log.bin": "x", ".git/b.txt": "x", "library/note.txt": "x"})
        with pytest.raises(Empty):
            outcomes.get(timeout=4)
        write_articles(tmp_path, {"b.txt": "Second.\n"})
        assert next_change(outcomes) == (1, 0, 0)


def test_a_file_is_watched_also_when_another_takes_its_place(tmp_path: Path, make_desk: MakeDesk) -> None:
    """As editors save; with no path all that is known is watched."""
    folder = write_articles(tmp_path / "f", {"a.txt": "First.\n", "b.txt": "Second.\n"})
    desk = make_desk()
    desk.index(folder / "a.txt")
    with watched(desk) as outcomes:
        for number in range(2):
            (folder / ".a.swp").write_text(f"Version {number}.\n")
            (folder / ".a.swp").replace(folder / "a.txt")
            assert next_change(outcomes) == (0, 1, 0)
        (folder / "a.txt").write_text("Written in place.\n")
        assert next_change(outcomes) == (0, 1, 0)


def test_an_error_is_told_and_the_round_repeated(articles: Path, make_desk: MakeDesk, tmp_path: Path) -> None:
    """Another process is indexing; when it has finished, no further change is needed."""
    with watched(make_desk(), articles) as outcomes:
        with writing(tmp_path / "library"):
            write_articles(articles, {"tram.txt": "The tram returned.\n"})
            assert "another indexing run" in str(next_error(outcomes))
        while not isinstance(outcome := outcomes.get(timeout=PATIENCE), SyncReport):
            pass
        assert outcome.added == 1


def test_a_folder_that_is_gone_for_a_while_loses_nothing(articles: Path, make_desk: MakeDesk) -> None:
    """As a disk that is unplugged; what changed meanwhile is found, and the new folder is watched."""
    chat = make_desk()
    with watched(make_desk(), articles) as outcomes:
        articles.rename(articles.parent / "away")
        assert isinstance(next_error(outcomes), InputError)
        assert len(chat.articles()) == 3
        shutil.copytree(articles.parent / "away", articles)
        write_articles(articles, {"new.txt": "Something new.\n"})
        while not isinstance(outcome := outcomes.get(timeout=PATIENCE), SyncReport) or not outcome.added:
            pass
        assert (outcome.added, outcome.removed) == (1, 0)
        write_articles(articles, {"newer.txt": "Something newer.\n"})
        assert next_change(outcomes) == (1, 0, 0)


def test_what_is_wrong_from_the_beginning_is_raised(tmp_path: Path, make_desk: MakeDesk) -> None:
    """A path that is not there is a mistake, not a change."""
    with pytest.raises(InputError, match="there is no file or folder"):
        make_desk().watch(tmp_path / "absent", told=pytest.fail)


def failing(error: Exception) -> Iterator[set[object]]:
    """A system that cannot watch."""
    yield set()
    raise error


def test_a_system_that_cannot_watch_is_said() -> None:
    """With what to do; a folder that has just gone is none, and an end is an end."""
    for error in (OSError(28, "OS file watch limit reached"), RuntimeError("too many")):
        rounds = failing(error)
        assert next_changes(rounds) == set()
        with pytest.raises(LibraryError, match=r"does not tell of changes \(.*\); set WATCHFILES_FORCE_POLLING=1"):
            next_changes(rounds)
    rounds = failing(FileNotFoundError())
    assert [next_changes(rounds), next_changes(rounds), next_changes(iter(()))] == [set(), None, None]


def interrupted(after: Callable[[], bool]) -> threading.Thread:
    """A thread that presses Ctrl-C when something has come true."""

    def press() -> None:
        end = time.monotonic() + PATIENCE
        while not after() and time.monotonic() < end:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C counts, also where the tests run in the background of a shell, which lets its jobs ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_ends_the_command_with_a_summary(
    articles: Path, make_desk: MakeDesk, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    """And with status 0; with --json the summary is the one document."""
    chat, desk = make_desk(), make_desk()
    desk.index(articles)
    write_articles(articles, {"empty.txt": " \n", "tram.txt": "The tram returned.\n"})

    def seen() -> bool:  # what the round before the last one did has been told by then; the last may be cut short
        there = len(chat.articles())
        if there in (4, 5):
            write_articles(articles, {f"ferry-{there}.txt": f"Ferry {there} sank.\n"})
        return there == 6

    thread = interrupted(seen)
    options = argparse.Namespace(paths=[articles], json=as_json, allow_empty=False, full=False, watch=True, every=None)
    assert watch_command(desk, options) == 0
    thread.join()
    printed = capsys.readouterr()
    assert printed.err.startswith("qa: watching; Ctrl-C ends it\n")
    assert printed.err.count("empty.txt: is empty") == 1
    if as_json:
        summary = json.loads(printed.out)
        assert set(summary) == {"added", "updated", "removed", "rounds", "errors", "failures", "seconds"}
        assert [(failure["path"], failure["reason"][:8]) for failure in summary["failures"]] == [
            ("empty.txt", "is empty")
        ]
        assert summary["added"] == printed.err.count(" 1 added, ") in (2, 3)
        assert (summary["updated"], summary["removed"], summary["errors"]) == (0, 0, 0)
        assert summary["rounds"] >= 2
        assert summary["seconds"] > 0
    else:
        *lines, last = printed.out.splitlines()
        assert [line.partition(" ")[2].partition(",")[0] for line in lines] == ["1 added"] * len(lines)
        assert len(lines) in (2, 3)
        assert last.startswith("watched for ")
        assert last.endswith(f" rounds, {len(lines)} added, 0 updated, 0 removed, 0 errors")


@pytest.mark.usefixtures("ctrl_c")
def test_every_so_often_ends_with_the_same_summary(
    articles: Path, make_desk: MakeDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rounds that changed nothing are not printed."""
    chat, desk = make_desk(), make_desk()
    desk.index(articles)
    write_articles(articles, {"tram.txt": "The tram returned.\n"})
    thread = interrupted(lambda: len(chat.articles()) == 4)
    options = argparse.Namespace(paths=[articles], json=False, allow_empty=False, full=False, watch=False, every=1)
    assert watch_command(desk, options) == 0
    thread.join()
    printed = capsys.readouterr()
    assert printed.err == "qa: again every 1 seconds; Ctrl-C ends it\n"
    assert printed.out.splitlines()[-1].startswith("watched for ")


def test_an_error_or_failure_that_stays_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """And again when it was gone in between."""
    told, bad = Told(quiet=False), SyncReport(failed=1, failures=(Failure("a.txt", "is empty"),))
    for outcome in (LibraryError("locked; wait"), LibraryError("locked; wait"), bad, bad, SyncReport(), bad):
        told(outcome)
    told(LibraryError("locked; wait"))
    printed = capsys.readouterr()
    assert printed.err == "qa: locked; wait\nqa: a.txt: is empty\nqa: a.txt: is empty\nqa: locked; wait\n"
    assert printed.out == ""
    assert (told.rounds, told.errors) == (7, 3)
