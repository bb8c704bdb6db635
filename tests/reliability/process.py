"""A job in a process of its own, which strace may kill or deny a system call, or which is killed after a while.

The process is forked, so that it starts at once; whoever forks must have no threads.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from qa.errors import QAError

DONE, REFUSED, BROKEN = 0, 1, 70  # exit statuses: as told, an error of one line, any other exception


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a process ended: its exit status or minus the signal's number, what it said, and after how many seconds."""

    status: int
    message: str
    seconds: float


@dataclass(slots=True)
class Job:
    """A forked process that waits to be let go."""

    pid: int
    go: int
    said: socket.socket
    began: float = 0.0

    def start(self) -> None:
        """Let it go."""
        self.began = time.monotonic()
        os.write(self.go, b"g")

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> Outcome:
        """Wait for its end."""
        with self.said, self.said.makefile("rb") as said:
            message = said.read().decode(errors="replace")
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.go)
        return Outcome(status, message, time.monotonic() - self.began)


def fork(job: Callable[[], object]) -> Job:
    """A process that will do the job when it is let go."""
    wait, go = os.pipe()
    said, say = socket.socketpair()  # what it says is sent: a write may be what it is denied
    pid = os.fork()
    if pid:
        os.close(wait)
        say.close()
        return Job(pid, go, said)
    try:
        os.close(go)
        said.close()
        ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1 & (2**64 - 1)), 0, 0, 0)  # any process may trace this one
        os.read(wait, 1)
        status, message = _done(job)
        say.sendall(message.encode(errors="replace"))
        os._exit(status)
    finally:
        os._exit(BROKEN)  # never back into the caller's code, which would delete the caller's files


def _done(job: Callable[[], object]) -> tuple[int, str]:
    try:
        job()
    except QAError as error:
        return REFUSED, str(error)
    except BaseException:
        return BROKEN, traceback.format_exc()
    return DONE, ""


def run(job: Callable[[], object], trace: Sequence[str] = ()) -> Outcome:
    """Do a job; ``trace`` are the options of the strace that is attached to it, none for no strace."""
    forked = fork(job)
    tracer = attach(forked.pid, trace) if trace else None
    forked.start()
    outcome = forked.end()
    if tracer:
        tracer.communicate()
    return outcome


def attach(pid: int, options: Sequence[str]) -> subprocess.Popen[str]:
    """A strace that follows a process from now on."""
    tracer = subprocess.Popen(["strace", *options, "-p", str(pid)], stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    first = tracer.stderr.readline()
    if "attached" not in first:
        raise RuntimeError(f"strace: {first}")
    return tracer


@cache
def why_no_strace() -> str:
    """Why system calls cannot be traced here; empty where they can."""
    if not shutil.which("strace"):
        return "strace is not installed"
    try:
        done = run(lambda: None, ("-e", "trace=none", "-o", os.devnull))
    except RuntimeError as error:
        return str(error)
    return "" if done.status == DONE else "a traced process fails"
