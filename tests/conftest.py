"""Fakes whose every result can be computed by hand, and a small library made with them."""

import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from qa.chat import Desk
from qa.language.sentences import sentence_spans
from qa.language.words import content_stems
from qa.settings import Settings
from qa.types import Calibration, Hit, Message, Reading

ARTICLES = {
    "bridge.txt": "date 2031-04-02 Harbour bridge reopens in Port Lindal\n\n"
    "The harbour bridge of Port Lindal reopened on Wednesday after eleven months of repairs. "
    "Mayor Edda Quist said the work had cost 48 million crowns, six million more than planned.\n",
    "valley/orchard.txt": "date 2031-05-19 Frost ruins Hallin orchards\n"
    "A late frost destroyed four fifths of the cherry crop in the Hallin valley. "
    "The growers' union asked the province for nine million crowns of aid.\n",
    "library.txt": "The town library keeps 31,000 books. It opens at nine.\n",
}


EVIDENCE_FEATURES = (
    "margin", "glance", "similarity", "cover", "cover_near", "rank", "relevance", "fits", "misfits", "missing_names",
)  # fmt: skip
CONFIDENCE_FEATURES = (
    "bias", "strength", "second", "cover", "rare_cover", "missing_names", "missing_numbers", "margin", "sentence_cover",
    "rare_sentence_cover", "size", "one_article", "one_article_margin",
)  # fmt: skip


class WordEmbedder:
    """Each stem adds one to one of 512 places; the cosine of two texts is that of their word counts."""

    name, fingerprint = "words", "words-512"
    dimension = 512

    def __init__(self) -> None:
        """Remember what is encoded, for tests of what is not encoded again."""
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows of word counts; a text without content words is the first unit vector."""
        self.encoded += texts
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for stem in content_stems(text):
                vectors[row, zlib.crc32(stem.encode()) % self.dimension] += 1
            if not vectors[row].any():
                vectors[row, 0] = 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class WordReader:
    """The answer is the sentence that holds the most stems of the question; its margin is 10 x their share - 5.

    The margin alone decides which is the best and, as a logit, how sure that is; what the generator replies does not.
    """

    calibration = Calibration(
        evidence=dict.fromkeys(EVIDENCE_FEATURES, 0.0) | {"margin": 1.0},
        confidence=dict.fromkeys(CONFIDENCE_FEATURES, 0.0) | {"strength": 1.0},
        reply={"before": 1.0, "agrees": 0.0, "differs": 0.0, "declines": 0.0},
        said=0.7,
    )

    def read(self, question: str, hits: Sequence[Hit]) -> list[tuple[Reading, ...]]:
        """One reading for each hit."""
        asked = set(content_stems(question))
        readings = []
        for hit in hits:
            shares = [
                (len(asked & set(content_stems(hit.text[s.start : s.end]))) / (len(asked) or 1), -s.start, s)
                for s in sentence_spans(hit.text)
            ]
            share, _, span = max(shares, key=lambda entry: entry[:2])
            readings.append((Reading(hit.start + span.start, hit.start + span.end, 10 * share - 5),))
        return readings

    read_closely = read

    def supports(self, sentence: str, hits: Sequence[Hit]) -> list[float]:
        """The share of the sentence's stems that stand in a sentence of the hit which has most of them."""
        said = set(content_stems(sentence))
        return [
            max(
                len(said & set(content_stems(f"{hit.title} {hit.text[s.start : s.end]}"))) / (len(said) or 1)
                for s in sentence_spans(hit.text)
            )
            for hit in hits
        ]


class ScriptedGenerator:
    """Says what it was told to say, one reply for each question, in pieces of seven characters; one token is one word."""

    name = "scripted"
    context_size = 2048

    def __init__(self, *replies: str) -> None:
        """Queue the replies; when none is left it says nothing."""
        self.replies = list(replies)
        self.prompts: list[list[Message]] = []
        self.closed = 0

    def count_tokens(self, text: str) -> int:
        """Return the number of words."""
        return len(text.split())

    def stream(self, messages: Sequence[Message], max_tokens: int, passages: Sequence[str] = ()) -> Iterator[str]:
        """Yield the next reply."""
        self.prompts.append(list(messages))
        reply = self.replies.pop(0) if self.replies else ""
        try:
            for start in range(0, len(reply), 7):
                yield reply[start : start + 7]
        finally:
            self.closed += 1


def write_articles(folder: Path, articles: dict[str, str] = ARTICLES) -> Path:
    """Write articles as files, folders made where needed; returns the folder."""
    for name, text in articles.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """A folder with the three ARTICLES."""
    return write_articles(tmp_path / "articles")


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(tmp_path: Path) -> MakeDesk:
    """A function that makes a desk over tmp_path/library with the fakes; replies and settings can be given."""

    def make(*replies: str, **settings: object) -> Desk:
        embedder, reader, generator = WordEmbedder(), WordReader(), ScriptedGenerator(*replies)
        return Desk(
            tmp_path / "library",
            Settings(**({"model": "scripted"} | settings)),
            lambda: embedder,
            lambda: reader,
            lambda: generator,
        )  # type: ignore[arg-type]

    return make


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own whose size can be changed; needs the right to mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if (
        not mount
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def resize(disk: Path, kilobytes: int) -> None:
    """Give a small disk another size."""
    subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", disk], check=True)
