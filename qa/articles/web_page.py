"""Articles in ``.html`` files, parsed by a process within limits."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from qa.articles import child
from qa.articles.draft import Draft
from qa.errors import InputError

REPLY_BYTES = 50_000_000
START_SECONDS = 60.0

_Process = subprocess.Popen[bytes]


class WebPageReader:
    """Owns the process that parses pages: started for the first page, and again after one that ended it.

    Not for use by several threads at once.
    """

    def __init__(self, seconds: float, memory_bytes: int) -> None:
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._process: _Process | None = None

    def read(self, page: bytes) -> Draft:
        """Return the main text of a page with its title, date, site name and canonical address.

        Raises InputError when there is none, or when finding it takes too much time or memory.
        """
        used_before = self._process is not None
        reply = self._ask(page)
        if reply is None and used_before:  # what earlier pages left in its memory must not count against this one
            reply = self._ask(page)
        if reply is None:
            megabytes = self._memory_bytes // 1_000_000
            raise InputError(f"needs too much memory (over {megabytes} MB) or breaks the HTML parser; save it as text")
        if "error" in reply:
            raise InputError(f"cannot be parsed as HTML ({reply['error']}); save it as text")
        text = reply.pop("text", None)
        if not text:
            raise InputError("has no main text that could be found in the HTML; save it as text")
        return Draft(text, **reply)

    def close(self) -> None:
        """End the process; the next page starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self, page: bytes) -> dict[str, str] | None:
        """Return the process's reply, None where it ended without one."""
        process = self._process = self._process or self._start()
        reply = None
        with _deadline(process, self._seconds) as overdue:
            try:
                child.send(_pipe(process.stdin), page)
                reply = child.receive(_pipe(process.stdout), REPLY_BYTES)
            except BrokenPipeError:
                pass  # it ended before it had read the page: no reply
            except OverflowError as error:
                raise InputError(f"holds more than {REPLY_BYTES // 1_000_000} MB of text; split it") from error
            finally:
                if reply is None:  # whatever came between, a late reply must not be taken for the next page's
                    self.close()
        if overdue.is_set():
            self.close()
        if reply is None and overdue.is_set():
            raise InputError(f"took longer than {self._seconds:g} seconds to parse; save it as text")
        return cast(dict[str, str], json.loads(reply)) if reply is not None else None

    def _start(self) -> _Process:
        # -P keeps this folder, whose files are named like modules, off the module path
        command = [sys.executable, "-P", str(Path(child.__file__).resolve())]
        limits = [str(self._memory_bytes), str(int(self._seconds) + 2)]
        process = subprocess.Popen(  # noqa: S603
            command + limits, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        with _deadline(process, START_SECONDS):
            ready = child.receive(_pipe(process.stdout))
        if ready is None:
            process.kill()
            process.communicate()
            raise InputError("cannot be parsed, as the HTML parser does not start; reinstall Newsdesk")
        return process


@contextmanager
def _deadline(process: _Process, seconds: float) -> Iterator[threading.Event]:
    """End the process when the time is over, and say so by the event; reads from it then find its end."""
    overdue = threading.Event()

    def end() -> None:
        overdue.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield overdue
    finally:
        timer.cancel()
        timer.join()


def _pipe(stream: object) -> BinaryIO:
    return cast(BinaryIO, stream)
