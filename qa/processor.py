"""What this processor is good at: in which number format a network runs fastest on it, and which instructions it has."""

import threading
import time
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

_CLEARLY = 1.3  # times as fast; what is closer may be chance, and every start should choose alike
_ROUNDS = 31
_MEASURING = threading.Lock()  # two at once would each take the other's one thread for the number to go back to


def has_bfloat16() -> bool:
    """Whether this processor has instructions for bfloat16."""
    return bool(_flags() & {"avx512_bf16", "amx_bf16"})


def has_int8_tiles() -> bool:
    """Whether this processor multiplies tiles of eight-bit numbers (AMX)."""
    return "amx_int8" in _flags()


@cache
def _flags() -> frozenset[str]:
    """What Linux says that the processor can do; nothing elsewhere."""
    try:
        return frozenset(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return frozenset()


@cache
def torch_is_faster_in_bfloat16() -> bool:
    """Whether torch multiplies bfloat16 clearly faster than float32 here: measured, in about 20 ms.

    The instructions alone do not tell: three times as fast on one processor that has them, half as fast on another.
    """
    if not has_bfloat16():
        return False
    import torch

    def seconds(factors: tuple[Any, Any]) -> float:
        began = time.perf_counter()
        torch.nn.functional.linear(*factors)
        return time.perf_counter() - began

    single, half = (
        (torch.rand(128, 384, dtype=kind), torch.rand(384, 384, dtype=kind)) for kind in (torch.float32, torch.bfloat16)
    )
    with _MEASURING:
        threads = torch.get_num_threads()
        # On one thread, since threads that wait for each other measure what else the machine does.
        torch.set_num_threads(1)
        try:
            seconds(single), seconds(half)  # the first time takes longer
            return median(seconds(single) / seconds(half) for _ in range(_ROUNDS)) > _CLEARLY
        finally:
            torch.set_num_threads(threads)
