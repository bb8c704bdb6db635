"""What an evaluation works with: libraries made for corpora and passages, with the models that were chosen."""

import resource
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tqdm import tqdm

import qa
from qa.chat import Desk
from qa.evaluate.cases import Case
from qa.evaluate.corpora import corpus_digest, given_digest, index_corpus, index_given
from qa.output import ProgressLine
from qa.settings import cache_path
from qa.types import Progress

Item = TypeVar("Item")


def kept() -> Path:
    """Where the libraries of corpora and passages are kept; it is no library itself, and has no settings of its own."""
    return cache_path() / "evaluate"


class Bench:
    """Opens desks; ``took`` is what making the last one's library took."""

    def __init__(self, model: str | None = None, embedder: str | None = None) -> None:
        """Remember which models were named; None leaves them to the environment and the defaults."""
        self.model, self.embedder = model, embedder
        self.took: dict[str, Any] = {}

    def library(self, folder: Path | None) -> Desk:
        """A desk over a library that is there already."""
        desk = qa.open(folder, self.model, self.embedder)
        desk.articles()
        return desk

    def corpus(self, corpus: Path) -> Desk:
        """A desk over a corpus, which is indexed unless it was before."""
        desk = self.open(kept())
        digest = corpus_digest(corpus, desk.embedder.fingerprint, desk.settings)
        return self._indexed(digest, lambda desk, told: index_corpus(desk, corpus, told))

    def given(self, cases: Sequence[Case]) -> Desk:
        """A desk over the passages that questions bring along, indexed unless they were before."""
        desk = self.open(kept())
        digest = given_digest(cases, desk.embedder.fingerprint, desk.settings)
        return self._indexed(digest, lambda desk, told: index_given(desk, cases, told))

    def open(self, folder: Path) -> Desk:
        """A desk over a library's folder, there or not."""
        return qa.open(folder, self.model, self.embedder)

    def _indexed(self, digest: str, index: Callable[[Desk, Progress], dict[str, Any]]) -> Desk:
        desk, progress = self.open(kept() / digest), ProgressLine()
        try:
            self.took = index(desk, progress)
        finally:
            progress.close()
        return desk

    def followed(self, items: Iterable[Item], total: int, what: str) -> Iterable[Item]:
        """Items with a progress bar on stderr that estimates the time left."""
        return tqdm(items, total=total, desc=what, unit="", file=sys.stderr, dynamic_ncols=True)


def peak_memory_mb() -> float:
    """The most memory this process has held, in megabytes."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) / 1024
    except (OSError, StopIteration):  # no Linux; there it is in bytes or kilobytes
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (2**20 if sys.platform == "darwin" else 2**10)
