"""What this machine, its packages and the models are, and how fast they run here."""

import platform
import shutil
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import apsw
import psutil

from qa.chat import Desk
from qa.errors import QAError
from qa.library.database import exists
from qa.library.drift import SAME
from qa.settings import usable_cores
from qa.types import Check, Message
from qa.weights import file_sha256

_PACKAGES = ("sentence-transformers", "torch", "faiss-cpu", "llama-cpp-python", "gradio", "trafilatura")
_SAFE_SQLITE = (3, 51, 3)  # the write-ahead log of earlier ones can be corrupted by two connections at once
_NEEDED_MEMORY = 1.5  # GiB for both default models and a small library
_NEEDED_DISK = 0.5  # GiB


def diagnose(desk: Desk) -> tuple[Check, ...]:
    """Every check, in the order in which it helps to read them; none of them changes anything."""
    return tuple(
        check
        for part in (
            _versions(),
            _machine(desk.library.folder),
            _library(desk),
            _guarded("embedder", lambda: _embedder(desk)),
            _guarded("reader", lambda: _reader(desk)),
            _guarded("model", lambda: _generator(desk)),
        )
        for check in part
    )


def _versions() -> Iterator[Check]:
    yield Check("python", True, platform.python_version())
    sqlite = apsw.sqlite_lib_version()
    safe = tuple(int(part) for part in sqlite.split(".")) >= _SAFE_SQLITE
    yield Check("sqlite", safe, sqlite, None if safe else "run: pip install --upgrade apsw")
    for package in _PACKAGES:
        try:
            yield Check(package, True, version(package))
        except PackageNotFoundError:
            yield Check(package, False, "not installed", f"run: pip install {package}")


def _machine(folder: Path) -> Iterator[Check]:
    yield Check(
        "processor",
        True,
        f"{platform.machine()}, {usable_cores()} cores, {', '.join(_features()) or 'no vector extensions known'}",
    )
    free = psutil.virtual_memory().available / 2**30
    yield Check(
        "memory",
        free >= _NEEDED_MEMORY,
        f"{free:.1f} GiB free",
        None if free >= _NEEDED_MEMORY else "close other programs",
    )
    place = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    disk = shutil.disk_usage(place).free / 2**30
    yield Check(
        "disk",
        disk >= _NEEDED_DISK,
        f"{disk:.1f} GiB free",
        None if disk >= _NEEDED_DISK else f"free some space on the disk of {place}",
    )


def _features() -> list[str]:
    try:
        flags = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return []
    return [
        flag for flag in ("avx2", "f16c", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd") if flag in flags
    ]


def _library(desk: Desk) -> Iterator[Check]:
    folder = desk.library.folder
    if not exists(folder):
        yield Check("library", True, f"none at {folder} yet", f"make one with: qa index FOLDER --library {folder}")
        return
    try:
        yield Check("library", True, f"{folder}, {len(desk.articles())} articles")
        with desk.library.snapshot(vectors=False) as snapshot:
            begun = snapshot.reembedding()
        if begun:
            yield Check(
                "reembed",
                True,
                f"{begun[1]} of {begun[2]} passages have a vector of {begun[0]}, none of which is in use yet",
                "go on with the same qa reembed, or give it the present embedder to drop them",
            )
    except QAError as error:
        yield Check("library", False, *str(error).partition("; ")[::2])


def _guarded(name: str, checks: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """A model that cannot be used is one failed check, not the end of the report."""
    try:
        yield from checks()
    except QAError as error:
        yield Check(name, False, *str(error).partition("; ")[::2])


def _embedder(desk: Desk) -> Iterator[Check]:
    texts = ["The council approved the new ferry terminal on Wednesday after a long debate about its cost. " * 6] * 16
    yield Check("embedder", True, desk.embedder.fingerprint)
    desk.embedder.encode(texts[:1])
    began = time.perf_counter()
    desk.embedder.encode(texts)
    yield Check("embedding speed", True, f"{len(texts) / (time.perf_counter() - began):.0f} passages/s")
    if exists(desk.library.folder):
        yield from _vectors(desk)


def _vectors(desk: Desk) -> Iterator[Check]:
    with desk.library.snapshot(vectors=False) as snapshot:
        cosines = snapshot.cosines_anew(desk.embedder_of(snapshot.embedder))
    if cosines.size:
        same = bool(cosines.min() >= SAME)
        yield Check(
            "vectors",
            same,
            f"{cosines.size} passages embedded again, cosine to what is stored {cosines.min():.4f} at least",
            None if same else f"embed everything anew with: qa repair --reembed --library {desk.library.folder}",
        )


def _reader(desk: Desk) -> Iterator[Check]:
    from qa.answering.reader import PassageReader

    if isinstance(desk.reader, PassageReader):
        for name, file in (("reader", desk.reader.file), ("close reader", desk.reader.close_file)):
            yield Check(name, True, f"{file.name}, sha256 {file_sha256(file)}")


def _generator(desk: Desk) -> Iterator[Check]:
    from qa.answering.choice import model_file

    generator, model = desk.generator, desk.settings.model
    is_server = model.startswith(("http://", "https://"))
    yield Check(
        "model", True, generator.name if is_server else f"{generator.name}, sha256 {file_sha256(model_file(model))}"
    )
    prompt = (
        "The ferry left the harbour at nine and came back in the evening. " * 30
        + "\n\nWrite a long story about a harbour."
    )
    context = generator.context_size  # loads the model, which is not to be timed
    began = time.perf_counter()
    first, written = None, 0
    for _ in generator.stream([Message("user", prompt)], 64):
        first = first or time.perf_counter() - began
        written += 1
    whole = time.perf_counter() - began
    if first is None or written < 2:
        yield Check("model speed", False, "it wrote nothing", "give another model with --model")
        return
    reading = generator.count_tokens(prompt) / first
    writing = (written - 1) / max(whole - first, 1e-9)
    yield Check(
        "model speed", True, f"reads {reading:.0f} tokens/s, writes {writing:.0f} tokens/s, {context} tokens of context"
    )
