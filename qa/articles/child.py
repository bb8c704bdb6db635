"""The process that parses HTML: run as a script, within limits, so that a hostile page costs only itself.

It imports nothing of this package. On its standard input come pages, on its standard output go JSON objects, each
behind its length as eight bytes. The first object, sent when the libraries are loaded, is empty.
"""

import contextlib
import json
import os
import re
import signal
import struct
import sys
from typing import BinaryIO

HEADER = struct.Struct(">Q")

# References to characters that XML lacks: one of them makes trafilatura give up the whole page.
_CONTROL_REFERENCE = re.compile(
    rb"&#(?:0*(?:[1-8]|1[124-9]|2[0-9]|3[01]|6553[45])(?![0-9])"
    rb"|[xX]0*(?:[1-8bBcCeEfF]|1[0-9a-fA-F]|[fF]{3}[eEfF])(?![0-9a-fA-F]));?"
)


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
    """Answer pages until there are no more, or until memory ran short: the next page shall not suffer from it."""
    memory_bytes, cpu_seconds = int(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a library that prints must not break the frames
    _limit_memory(memory_bytes)
    import trafilatura  # noqa: F401

    send(replies, b"{}")
    while (page := receive(sys.stdin.buffer)) is not None:
        _limit_cpu(cpu_seconds)
        try:
            reply = _extract(page)
            if not reply.get("text") and _is_short_of(memory_bytes):  # trafilatura hides an error of memory
                return
            send(replies, json.dumps(reply).encode())
        except MemoryError:
            return
        if _is_short_of(memory_bytes):
            return


def _extract(page: bytes) -> dict[str, str | None]:
    """Return text and metadata of a page; an object without a text where there is no main text."""
    import trafilatura

    try:
        found = trafilatura.bare_extraction(
            _CONTROL_REFERENCE.sub(b"", page),
            include_comments=False,
            with_metadata=True,
            # the extensive search takes a year in a footer for the article's date
            date_extraction_params={"extensive_search": False, "original_date": True},
        )
    except MemoryError:
        raise
    except Exception as error:
        return {"error": type(error).__name__}
    if found is None or isinstance(found, dict):
        return {}
    text = (found.text or "").strip()
    return {"text": text, "title": found.title, "date": found.date, "source": found.sitename, "url": found.url}


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
