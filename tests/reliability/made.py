"""Made-up articles, five fixed searches, and a desk whose vectors a reader can compute by hand."""

from pathlib import Path
from random import Random

from qa.chat import Desk
from qa.library.embedded import recorded_embedder
from qa.settings import Settings
from tests.conftest import ScriptedGenerator, WordEmbedder, WordReader, write_articles

WORDS = (
    "harbour bridge frost orchard cherry mayor tunnel ferry glass cheese union council school library winter storm "
    "river valley museum bakery garden tower market station clinic theatre quarry meadow lantern anchor copper timber "
    "captain teacher farmer pilot painter judge singer miller sailor weaver gardener jurist opened closed flooded "
    "repaired painted measured counted promised refused moved burned planted sold lent signed weighed lifted crossed"
).split()
SEARCHES = (
    "harbour bridge repaired", "frost cherry orchard", "council signed tunnel", "storm ferry captain", "museum sold",
)  # fmt: skip


def text(number: int, version: int = 0) -> str:
    """An article of one passage; another version has other words."""
    draw = Random(f"{number}/{version}")
    words = draw.choices(WORDS, k=20 + number % 80)  # hardly two are equally long, so that hardly two rank alike
    sentences = [" ".join(words[at : at + 9]).capitalize() + "." for at in range(0, len(words), 9)]
    day = f"20{31 + number % 7}-{1 + number % 12:02}-{1 + number % 28:02}"
    return f"date {day} {title(number)}\n{' '.join(sentences)}\n"


def title(number: int) -> str:
    """A headline that no other article has."""
    return f"Notice {number} of Lindal"


def name(number: int) -> str:
    """The file of an article, and its id."""
    return f"part{number % 3}/notice{number}.txt"


def write(folder: Path, numbers: range, version: int = 0) -> Path:
    """Write articles as files; returns the folder."""
    return write_articles(folder, {name(number): text(number, version) for number in numbers})


class FewWords(WordEmbedder):
    """Another embedder: words share 48 places."""

    name, fingerprint = "few words", "words-48"
    dimension = 48


def desk_for(folder: Path, embedder: WordEmbedder | None = None) -> Desk:
    """A desk over a library, with fakes, that has nothing in memory yet; the embedder is the one the library names."""

    def named() -> WordEmbedder:
        return embedder or (FewWords() if recorded_embedder(folder)[1] == FewWords.name else WordEmbedder())

    return Desk(folder, Settings(), named, WordReader, ScriptedGenerator)
