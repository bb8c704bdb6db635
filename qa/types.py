"""The public words of the project: frozen values, and the small seams behind which models and stores stand.

Nothing here reads, writes or imports anything heavy. Dates are ISO strings (``YYYY-MM-DD``) or None when unknown;
``start`` and ``end`` are Python string indices into an article's stored text; every score is "higher is better".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import Any, Literal, Protocol

Origin = Literal["generated", "quoted"]
Role = Literal["system", "user", "assistant"]
Event = Literal["added", "updated", "renamed", "removed"]
JsonValue = Any  # what json.dumps accepts; typing it further buys nothing at the edges where it is used


@dataclass(frozen=True, slots=True)
class Article:
    """One article as it is stored: its cleaned text and what is known about it.

    ``pages`` are the indices at which its pages begin, the first of them 0; empty for what has no pages. ``language``
    is an ISO 639 code, "und" where the text does not tell; None where nobody looked, as in libraries of before.
    """

    article_id: str
    title: str
    date: str | None
    source: str | None
    url: str | None
    text: str
    pages: tuple[int, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True)
class ListedArticle:
    """One line of the list of articles; ``passages`` is their number, ``uploaded`` whether the web page stored it.

    ``path`` is that of its file, relative to the folder that was indexed; ``language`` as that of an Article.
    """

    article_id: str
    title: str
    date: str | None
    source: str | None
    url: str | None
    passages: int
    uploaded: bool = False
    path: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list of articles; ``total`` is how many there are on all pages."""

    articles: tuple[ListedArticle, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Version:
    """An event in an article's life: ``title`` and ``content_hash`` (SHA-256, hexadecimal) are those from then on.

    ``indexed_at`` is a UTC time, ISO 8601 to the second; None where the article is older than its history.
    """

    indexed_at: str | None
    change: Event
    content_hash: str
    title: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch ``text[start:end]`` of a stored text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found; ``text`` is exactly ``stored_text[start:end]``, pages and language are its article's.

    ``copied`` says that the library has near copies of its article.
    """

    article_id: str
    title: str
    date: str | None
    source: str | None
    url: str | None
    text: str
    start: int
    end: int
    score: float
    passage_id: int
    pages: tuple[int, ...] = ()
    language: str | None = None
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Which articles are searched: those dated ``since`` to ``until``, both inclusive, with an id in ``articles``.

    None leaves a side open; the ids of None are all.
    """

    since: str | None = None
    until: str | None = None
    articles: frozenset[str] | None = None

    def covers(self, day: str | None) -> bool:
        """Whether an ISO date lies in the range; None, of an undated article, only where both sides are open."""
        if day is None:
            return self.since is None and self.until is None
        return (self.since or day) <= day <= (self.until or day)

    def days_to(self, day: str | None) -> float:
        """By how many days an ISO date lies outside the range; infinite for None, of an undated article."""
        if day is None:
            return inf
        outside = (self.since or day) if day < (self.since or day) else min(day, self.until or day)
        return float(abs((date.fromisoformat(day) - date.fromisoformat(outside)).days))


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A quoted span, ``quote == stored_text[start:end]``; ``number`` runs from 1 in order of first use.

    ``page`` is the page on which the quote begins, counted from 1; None for what has no pages. ``language`` is the article's.
    """

    number: int
    article_id: str
    title: str
    date: str | None
    source: str | None
    url: str | None
    quote: str
    start: int
    end: int
    page: int | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer without its marks; ``citations`` are the numbers of the quotes that support it."""

    text: str
    citations: tuple[int, ...]
    supported: bool
    score: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class Withheld:
    """A generated sentence that no passage supports: it is never part of the answer's text."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value that one cited quote gives where another quote gives a different one."""

    value: str
    date: str | None
    citation: int


@dataclass(frozen=True, slots=True)
class Nearest:
    """An article that came near a question which was refused."""

    article_id: str
    title: str
    date: str | None


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds since the question came in; ``first_token_ms`` is None until a text is shown that will stay."""

    retrieve_ms: float = 0.0
    first_token_ms: float | None = None
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, a refusal, or, while streaming, as much of it as has passed its check.

    ``prompted`` are the indices of the ``passages`` that were put before the generator, those with the best
    evidence first; ``cut`` those of the passages that were to be, and for which there was no room.
    """

    question: str
    standalone_question: str
    text: str = ""
    short_answer: str | None = None
    abstained: bool = False
    reason: str | None = None
    confidence: float = 0.0
    missing: str | None = None
    nearest: tuple[Nearest, ...] = ()
    as_of: str | None = None
    since: str | None = None
    until: str | None = None
    sentences: tuple[Sentence, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[Hit, ...] = ()
    prompted: tuple[int, ...] = ()
    cut: tuple[int, ...] = ()
    model: str = ""
    timings: Timings = Timings()


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or line that could not become an article, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """A clause that holds for ``count`` articles or files; ``paths`` are the first of them, a hundred at most."""

    reason: str
    count: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What indexing did, in numbers of articles; ``skipped`` counts files of unknown types and articles kept out.

    ``notes`` say what was lost or guessed in articles that were read, ``skips`` what was skipped and why.
    """

    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    failed: int = 0
    skipped: int = 0
    failures: tuple[Failure, ...] = ()
    seconds: float = 0.0
    notes: tuple[Note, ...] = ()
    skips: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What indexing would do to one article; ``was`` is the id it has until then, where it keeps its content.

    ``moved`` is what keeps its id, too, in another file of lines.
    """

    change: Literal["added", "updated", "removed", "renamed", "moved"]
    article_id: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """What indexing would report and, article by article, change; a renamed or moved one counts as added and removed."""

    report: SyncReport
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made and read back, or was restored; ``size`` is that of its file, in bytes."""

    file: str
    size: int
    articles: int
    files: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Reembedding:
    """A library that has another embedder's vectors now; ``embedder`` and ``was`` are fingerprints.

    ``embedded`` are the texts that were embedded in this run: fewer than ``passages`` where a run before was cut short, or
    passages have the same text.
    """

    embedder: str
    was: str | None
    passages: int
    embedded: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Count:
    """How many articles have something in common: a source, a folder, a month; ``name`` is None for those that have none."""

    name: str | None
    articles: int


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Bytes of a library's files; ``total`` has the others, too."""

    database: int
    index: int
    uploads: int
    total: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """A library in numbers; sources and folders with the most articles first, months (``YYYY-MM``) in order."""

    articles: int
    undated: int
    first: str | None
    last: str | None
    passages: int
    words: int
    near_copy_groups: int
    near_copies: int
    sources: tuple[Count, ...]
    folders: tuple[Count, ...]
    months: tuple[Count, ...]
    bytes: DiskUse


@dataclass(frozen=True, slots=True)
class Problem:
    """Something ``verify`` found wrong, and the command that mends it."""

    kind: str
    detail: str
    fix: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """Rows, vectors, keyword index and file hashes held against each other; ``fast``: no text or vector was read."""

    ok: bool
    articles: int
    passages: int
    vectors: int
    problems: tuple[Problem, ...] = ()
    fast: bool = False


@dataclass(frozen=True, slots=True)
class Repair:
    """What ``repair`` did, a line each, and whether the library is sound now.

    ``not_back`` says which articles of a database that could not be read are missing still, and how they come back; None
    where all are there.
    """

    ok: bool
    repaired: tuple[str, ...] = ()
    not_back: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``doctor``; ``fix`` is None where nothing needs doing."""

    name: str
    ok: bool
    value: str
    fix: str | None = None


Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done and how many there are (0: not known)."""


class Embedder(Protocol):
    """Texts become unit vectors."""

    @property
    def name(self) -> str:
        """How the setting names it, so that a library can have it again: a known name, or a folder's whole path."""

    @property
    def fingerprint(self) -> str:
        """A string that differs wherever the vectors would: weights, pooling, dimension."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> Any:
        """Return a float32 array of shape (len(texts), dimension) with rows of length one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a passage that answer a question best, ``stored_text[start:end]``.

    ``margin`` is how far they beat "this passage has no answer": above 0 they do.
    """

    start: int
    end: int
    margin: float


@dataclass(frozen=True, slots=True)
class Searched:
    """What a question was put to: how rare each of its words is there, by its stem, and how many passages there are."""

    rarity: Mapping[str, float]
    passages: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a reader's margins are worth: weights of logistic regressions by the names of their features.

    ``evidence`` and ``confidence`` are those of qa/answering/evidence.py and refusal.py. ``reply`` settles the
    confidence when the generator has replied, and ``said`` is how many logits its word for an answer is worth.
    """

    evidence: Mapping[str, float]
    confidence: Mapping[str, float]
    reply: Mapping[str, float]
    said: float


class Reader(Protocol):
    """Finds the answer to a question in passages, and says whether they say what a sentence says."""

    @property
    def calibration(self) -> Calibration:
        """The weights that were fitted with this reader."""

    def read(self, question: str, hits: Sequence[Hit]) -> list[tuple[Reading, ...]]:
        """Return the best readings of each hit, best first and apart from each other, in the order of the hits."""

    def read_closely(self, question: str, hits: Sequence[Hit]) -> list[tuple[Reading, ...]]:
        """The same, by a reader that is better and takes longer: for the hits that are worth it."""

    def supports(self, sentence: str, hits: Sequence[Hit]) -> list[float]:
        """Return for each hit the probability that it says what the sentence says."""


class Generator(Protocol):
    """Messages become text, in pieces."""

    @property
    def name(self) -> str:
        """What an answer calls the model."""

    @property
    def context_size(self) -> int:
        """Tokens that prompt and answer share."""

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text, as the model counts them."""

    def stream(self, messages: Sequence[Message], max_tokens: int, passages: Sequence[str] = ()) -> Iterator[str]:
        """Yield pieces of the reply; closing the iterator stops the model.

        ``passages`` are the texts that the messages hold and number, the first [1]: where the model can be kept to them, it is.
        """
