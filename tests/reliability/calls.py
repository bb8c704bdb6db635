"""The system calls by which a job changes a folder, as strace tells them, and how to strike at each."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.reliability.process import DONE, run

WRITING = ("write", "pwrite64", "writev", "pwritev")
SYNCING = ("fsync", "fdatasync")
RENAMING = ("rename", "renameat", "renameat2")
REMOVING = ("unlink", "unlinkat", "rmdir")
SIZING = ("ftruncate", "fallocate")
MAKING = ("mkdir", "mkdirat", "openat")  # openat where it makes a file
CHANGING = (*WRITING, *SYNCING, *RENAMING, *REMOVING, *SIZING, *MAKING)

_LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+|\?)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_OF_DESCRIPTOR = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})*|[^>]*)>")
_NAMED = re.compile(
    r'(?:<((?:\\x[0-9a-f]{2})*|[^>]*)>, )?"((?:\\x[0-9a-f]{2})*)"'
)  # a folder's descriptor, a name in it


@dataclass(frozen=True, slots=True)
class Call:
    """One system call: the how-manieth of its name it is, the files it names, and what it writes where."""

    name: str
    ordinal: int
    paths: tuple[str, ...]
    data: bytes
    number: int  # the offset of a write, the size of what is cut off
    result: int
    flags: str

    @property
    def changes(self) -> bool:
        """Whether it changes a file, a folder, or what of them is on the disk."""
        return self.name != "openat" or "O_CREAT" in self.flags or "O_TRUNC" in self.flags


def recorded(job: Callable[[], object], folder: Path, log: Path) -> list[Call]:
    """Do a job and return the calls with which it changed a folder."""
    traced = ",".join(f"?{name}" for name in (*CHANGING, "lseek"))
    done = run(job, ("-f", "-y", "-xx", "-s", "50000000", "-o", str(log), "-e", f"trace={traced}"))
    if done.status != DONE:
        raise RuntimeError(done.message)
    calls = parsed(log.read_text(encoding="ascii"))
    log.unlink()
    return [call for call in calls if call.changes and any(_inside(path, folder) for path in call.paths)]


def parsed(log: str) -> list[Call]:
    """The calls of a log made with ``-f -y -xx``."""
    counts, positions, calls = Counter[str](), dict[str, int](), list[Call]()
    for line in log.splitlines():
        if "unfinished" in line:
            raise RuntimeError(f"calls of two threads: {line[:80]}")
        if found := _LINE.match(line):
            name, arguments, result = found.group(1), found.group(2), int(found[3]) if found[3] != "?" else -1
            counts[name] += 1
            opened = _OF_DESCRIPTOR.match(arguments)
            if name == "lseek" and opened:
                positions[opened[1]] = result
                continue
            call = _call(name, counts[name], arguments, result)
            if name == "openat":
                positions[str(result)] = 0
            elif name in ("write", "writev") and opened:
                call = replace(call, number=positions.get(opened[1], 0))
                positions[opened[1]] = call.number + result
            calls.append(call)
    return calls


def strike(call: Call, how: str, onward: bool = False) -> tuple[str, ...]:
    """Options of strace that strike at a call, and at all of its name that follow where ``onward``.

    ``how`` is ``signal=SIGKILL`` or ``error=ENOSPC``.
    """
    when = f"{call.ordinal}+" if onward else str(call.ordinal)
    return ("-o", "/dev/null", "-e", f"trace={call.name}", "-e", f"inject={call.name}:{how}:when={when}")


def _call(name: str, ordinal: int, arguments: str, result: int) -> Call:
    opened = _OF_DESCRIPTOR.match(arguments)
    if name in WRITING + SYNCING + SIZING:
        paths: tuple[str, ...] = (_text(opened[2]),) if opened else ()
    else:
        paths = tuple(str(Path(_text(folder), _text(path))) for folder, path in _NAMED.findall(arguments))
    data = b"".join(_bytes(found) for found, _ in _STRING.findall(arguments)) if name in WRITING else b""
    rest = _STRING.sub("", arguments)
    numbers = re.findall(r"(?<![\w<])\d+(?![\w>])", rest.partition(",")[2])
    return Call(name, ordinal, paths, data, int(numbers[-1]) if numbers else 0, result, rest)


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _text(escaped: str) -> str:
    return _bytes(escaped).decode(errors="surrogateescape") if escaped.startswith("\\x") else escaped


def _inside(path: str, folder: Path) -> bool:
    # The folder above counts for what makes the folder last: its own entry.
    return path == str(folder.parent) or path == str(folder) or path.startswith(f"{folder}/")
