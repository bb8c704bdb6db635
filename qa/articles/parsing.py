"""The limited process seen from outside: a file of some kind goes in, what its parser found comes back."""

import json
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from qa.articles import child
from qa.articles.encoding import guess_notes, likely_encoding
from qa.errors import InputError

SECONDS = 20.0
MEMORY_BYTES = 1_000_000_000
REPLY_BYTES = 50_000_000
START_SECONDS = 60.0
# A page takes a tenth of a second, and books have hundreds; archives may be large.
PATIENCE = {"pdf": 6, "epub": 6, "zip": 6, "warc": 6}
NAMES = {
    "html": "HTML", "fragment": "HTML", "pdf": "PDF", "docx": "Word", "eml": "e-mail", "epub": "EPUB",
    "mbox": "mailbox", "csv": "CSV", "json": "JSON", "feed": "feed", "zip": "zip", "warc": "WARC", "capture": "WARC",
    "robots": "robots.txt",
}  # fmt: skip
SEVERAL = ("mbox", "csv", "json", "feed", "zip", "warc")

_Process = subprocess.Popen[bytes]


class Parsing:
    """Owns the process that parses files: started for the first one, and again after one that ended it.

    Not for use by several threads at once.
    """

    def __init__(self, seconds: float = SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._process: _Process | None = None

    def parse(self, kind: str, data: bytes) -> dict[str, Any]:
        """Return what the parser of a kind, a file of ``parsers/``, found in a file.

        Raises InputError when it finds nothing, or when finding it takes too much time or memory.
        """
        reply = self._answered(kind, data)
        if reply and "undecoded" in reply:
            encoding = likely_encoding(b64decode(reply["undecoded"]))
            reply = self._answered(kind, data, encoding)
            if reply and "refused" not in reply:
                reply["notes"] = [*reply.get("notes", ()), *guess_notes(encoding)]
        name, advice = NAMES[kind], _advice(kind)
        if reply is None:
            megabytes = self._memory_bytes // 1_000_000
            raise InputError(f"needs too much memory (over {megabytes} MB) or breaks the {name} parser; {advice}")
        if "error" in reply:
            raise InputError(f"cannot be parsed as {name} ({reply['error']}); {advice}")
        if "refused" in reply:
            raise InputError(reply["refused"])
        return reply

    def _answered(self, kind: str, data: bytes, encoding: str = "") -> dict[str, Any] | None:
        """Return the process's reply, None where even a new one ends without."""
        used_before = self._process is not None
        reply = self._ask(kind, data, encoding)
        if reply is None and used_before:  # what earlier files left in its memory must not count against this one
            reply = self._ask(kind, data, encoding)
        return reply

    def close(self) -> None:
        """End the process; the next file starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self, kind: str, data: bytes, encoding: str) -> dict[str, Any] | None:
        """Return the process's reply, None where it ended without one."""
        if not self._is_ready(kind, encoding):
            return None
        process, seconds = cast(_Process, self._process), self._seconds * PATIENCE.get(kind, 1)
        reply = None
        with _deadline(process, seconds) as overdue:
            try:
                child.send(_pipe(process.stdin), data)
                reply = child.receive(_pipe(process.stdout), REPLY_BYTES)
            except BrokenPipeError:
                pass  # it ended before it had read the file: no reply
            except OverflowError as error:
                raise InputError(f"holds more than {REPLY_BYTES // 1_000_000} MB of text; split it") from error
            finally:
                if reply is None:  # whatever came between, a late reply must not be taken for the next file's
                    self.close()
        if overdue.is_set():
            self.close()
        if reply is None and overdue.is_set():
            raise InputError(f"took longer than {seconds:g} seconds to parse; {_advice(kind)}")
        return cast(dict[str, Any], json.loads(reply)) if reply is not None else None

    def _is_ready(self, kind: str, encoding: str) -> bool:
        """Have the parser loaded, by a new process where there is none; False where the one there was has ended.

        Raises InputError where a new process cannot load it.
        """
        new = self._process is None
        process = self._process = self._process or self._start()
        ready = None
        with _deadline(process, START_SECONDS):
            try:
                child.send(_pipe(process.stdin), f"{kind} {encoding}".encode())
                ready = child.receive(_pipe(process.stdout))
            except BrokenPipeError:
                pass
            finally:
                if ready is None:
                    self.close()
        if ready is None and new:
            raise InputError(f"cannot be parsed, as the {NAMES[kind]} parser does not start; reinstall Newsdesk")
        return ready is not None

    def _start(self) -> _Process:
        # -P keeps this folder, whose files are named like modules, off the module path
        command = [sys.executable, "-P", str(Path(child.__file__).resolve())]
        limits = [str(self._memory_bytes), str(int(self._seconds * max(PATIENCE.values())) + 2)]
        return subprocess.Popen(  # noqa: S603
            command + limits, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )


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


def _advice(kind: str) -> str:
    return "split it, or replace it where it is damaged" if kind in SEVERAL else "save it as text"


def _pipe(stream: object) -> BinaryIO:
    return cast(BinaryIO, stream)
