"""The process that parses files: run as a script, within limits, so that a hostile file costs only itself.

It imports nothing of this package but the folder ``parsers``, by itself. On its standard input come pairs of frames,
the name of a parser and a file; behind the name may stand, after a blank, the encoding in which to read what is in none
that the file names. On its standard output go JSON objects: an empty one when the parser is loaded, then
what it found. Every frame stands behind its length as eight bytes.
"""

import base64
import contextlib
import importlib
import json
import os
import signal
import struct
import sys
from typing import Any, BinaryIO

HEADER = struct.Struct(">Q")


def send(stream: BinaryIO, data: bytes) -> None:
    """Write a frame; raises OSError when nobody reads it."""
    stream.write(HEADER.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: BinaryIO, limit: int | None = None) -> bytes | None:
    """Return the next frame, None where the stream ends before it is whole; raises OverflowError beyond the limit."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (size,) = HEADER.unpack(header)
    if limit is not None and size > limit:
        raise OverflowError(size)
    data = stream.read(size)
    return data if len(data) == size else None


def main() -> None:
    """Answer files until there are no more, or until memory ran short: the next file shall not suffer from it."""
    memory_bytes, cpu_seconds = int(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a library that prints must not break the frames
    _limit_memory(memory_bytes)
    # Where it can be imported, trafilatura does so, and numpy with it: memory and time for what is not asked here.
    sys.modules["py3langid"] = None  # type: ignore[assignment]
    parsers = _parsers()
    while (kind := receive(sys.stdin.buffer)) is not None:
        name, _, encoding = kind.decode().partition(" ")
        parser = importlib.import_module(f"{parsers.__name__}.{name}")
        send(replies, b"{}")
        data = receive(sys.stdin.buffer)
        if data is None:
            return
        _limit_cpu(cpu_seconds)
        try:
            reply = _reply(parser, data, encoding, parsers)
            if not any(map(reply.get, ("text", "entries", "undecoded"))) and _is_short_of(memory_bytes):
                return  # some libraries hide an error of memory
            # halves of surrogate pairs are what json.loads takes from bytes
            send(replies, json.dumps(reply, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        except MemoryError:
            return
        if _is_short_of(memory_bytes):
            return


def _parsers() -> Any:
    """The folder ``parsers`` as a package of its own: as a part of ``qa`` it would bring what needs far more memory."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    try:
        return importlib.import_module("parsers")
    finally:
        del sys.path[0]  # the other files here are named like modules


def _reply(parser: Any, data: bytes, encoding: str, parsers: Any) -> dict[str, Any]:
    """Return what a parser finds, or why it finds nothing, or what it cannot decode."""
    try:
        found: dict[str, Any] = parser.parse(data, encoding) if encoding else parser.parse(data)
    except MemoryError:
        raise
    except parsers.RefusedError as error:
        return {"refused": str(error)}
    except parsers.UndecodedError as error:
        return {"undecoded": base64.b64encode(error.data).decode()}
    except Exception as error:
        return {"error": type(error).__name__}
    return found


def _limit_memory(memory_bytes: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of the address space
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _is_short_of(memory_bytes: int) -> bool:
    """Return whether half of the memory was in use at some time."""
    return _most_used() > memory_bytes / 2


def _most_used() -> int:
    """Return the most bytes in memory so far; on Linux what getrusage says begins with the peak of the parent."""
    import resource

    with contextlib.suppress(OSError, ValueError, IndexError), open("/proc/self/status", encoding="ascii") as status:
        return int(status.read().partition("VmHWM:")[2].split()[0]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _limit_cpu(seconds: int) -> None:
    """Allow that much more processor time, should the parent not be there to end this process."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, hard))


if __name__ == "__main__":
    main()
