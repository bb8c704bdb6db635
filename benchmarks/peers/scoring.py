"""What the peers' answers are worth: one row of figures per peer, and the tables of results.md."""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from corpora import Asked, Corpus

Line = dict[str, Any]

RESAMPLES = 10_000
# A peer refuses where its text says one of these, whatever else it says: models word it as they like, and the phrases
# were collected from the prompts above and from what such models are known to write. Newsdesk says it in a field.
REFUSAL = re.compile(
    r"\b(?:do|does|did|is|are|was|were)(?: not|n't) (?:explicitly |directly |clearly )?"
    r"(?:say|mention(?:ed)?|specify|specified|provided?|contain|stated?|include|given|available)\b"
    r"|\b(?:don't|do not|doesn't|does not) (?:know|have)\b"
    r"|\b(?:not enough|not have enough|insufficient|no|not have any) information\b"
    r"|\bno (?:mention|answer)\b"
    r"|\bnone of the (?:sources|passages|documents)\b"
    r"|\b(?:cannot|can't|unable to) (?:be )?(?:answer|provide|determine)d?\b"
    r"|\bi'm sorry\b"
    r"|\bempty response\b"  # what LlamaIndex says when nothing was found
)
COLUMNS = (
    "peer",
    "version",
    "asked on",
    "indexing, words/s",
    "peak memory, MB",
    "hit@1",
    "hit@5",
    "contains gold, of all answerable",
    "cites anything, of answered",
    "citation right, of answered",
    "citation right, of all answerable",
    "true refusals, of absent",
    "false refusals, of answerable",
    "words of an answer, median",
    "seconds to first text, median",
    "seconds to end, median",
)


_ALIKE = str.maketrans({"’": "'", "‘": "'", "–": "-", "—": "-", "“": None, "”": None, '"': None})


@dataclass(frozen=True)
class Run:
    """What one peer wrote about one corpus."""

    peer: str
    lines: Sequence[Line]

    @property
    def headers(self) -> list[Line]:
        """One for each time the script was started."""
        return [line for line in self.lines if "index_seconds" in line]

    @property
    def answers(self) -> dict[str, Line]:
        """The answers by the ids of their questions."""
        return {line["id"]: line for line in self.lines if "id" in line}


def refused(answer: Line) -> bool:
    """Whether an answer is a refusal; an empty one is."""
    if answer["abstained"] is not None:
        return bool(answer["abstained"])
    text = _plain(answer["text"])
    return not text or REFUSAL.search(text) is not None


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether a text holds an accepted answer as whole words; case, quotation marks, line ends and [n] do not count.

    Nor does an article at the beginning of the answer, which a sentence may have exchanged.
    """
    plain = _plain(re.sub(r"\s*\[[\d,\s]+\]", "", text))
    sought = [re.sub(r"^(?:an?|the) (?=.)", "", _plain(answer)) for answer in answers]
    return any(re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", plain) for answer in sought)


def rate(flags: Sequence[bool]) -> str:
    """A share with its count and 95 % Wilson interval."""
    n, k = len(flags), sum(flags)
    if not n:
        return "none"
    z, p = 1.96, k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return f"{100 * p:.1f} % ({k}/{n}; {100 * max(0, middle - half):.0f} to {100 * min(1, middle + half):.0f})"


def row(run: Run, questions: Sequence[Asked]) -> list[str]:
    """The figures of one peer, in the order of the columns; only questions it has answered count."""
    pairs = [(asked, run.answers[asked.id]) for asked in questions if asked.id in run.answers]
    answerable = [(asked, answer) for asked, answer in pairs if asked.gold]
    answered = [(asked, answer) for asked, answer in answerable if not refused(answer)]
    lengths = [len(answer["text"].split()) for _, answer in pairs if not refused(answer)]
    speed = max((line["index_words"] / line["index_seconds"] for line in run.headers), default=0)
    memory = [line["peak_memory_mb"] for line in run.lines if line.get("peak_memory_mb")]
    missing, failed = len(questions) - len(pairs), sum("error" in answer for _, answer in pairs)
    return [
        run.peer + f" ({missing} not asked)" * bool(missing) + f" ({failed} failed)" * bool(failed),
        run.headers[-1]["version"] if run.headers else "",
        run.headers[-1]["day"] if run.headers else "",
        f"{speed:,.0f}",
        f"{max(memory):,.0f}" if memory else "",
        *(rate([bool(set(answer["retrieved"][:k]) & set(asked.gold)) for asked, answer in answerable]) for k in (1, 5)),
        rate([not refused(answer) and holds(answer["text"], asked.answers) for asked, answer in answerable]),
        rate([bool(answer["cited"]) for _, answer in answered]),
        rate([_cites_right(asked, answer) for asked, answer in answered]),
        rate([not refused(answer) and _cites_right(asked, answer) for asked, answer in answerable]),
        rate([refused(answer) for asked, answer in pairs if not asked.gold]),
        rate([refused(answer) for _, answer in answerable]),
        f"{statistics.median(lengths):.0f}" if lengths else "",
        _median([answer["first_token_seconds"] for _, answer in pairs]),
        _median([answer["total_seconds"] for _, answer in pairs]),
    ]


def table(corpus: Corpus, runs: Sequence[Run]) -> str:
    """The figures of a corpus; each peer is a column, so that the table fits a page."""
    rows = [list(COLUMNS)] + [row(run, corpus.questions) for run in runs if run.headers]
    lines = ["| " + " | ".join(cells) + " |" for cells in zip(*rows, strict=True)]
    absent = sum(not asked.gold for asked in corpus.questions)
    words = sum(len(article["text"].split()) for article in corpus.articles)
    about = (
        f"{len(corpus.articles)} articles with {words:,} words; {len(corpus.questions) - absent} answerable "
        f"and {absent} absent questions."
    )
    leads = [lead(runs[0], run, corpus.questions) for run in runs[1:] if run.headers]
    said = "\n".join(f"- {line}" for line in leads if line)
    return "\n".join([f"## {corpus.name}", "", about, "", lines[0], "|---" * len(rows) + "|", *lines[1:], "", said, ""])


def lead(first: Run, second: Run, questions: Sequence[Asked]) -> str:
    """By how much more of the answerable questions the first answers with an accepted answer than the second.

    With a 95 % percentile bootstrap interval over the questions that both were asked.
    """
    pairs = [
        [
            not refused(run.answers[asked.id]) and holds(run.answers[asked.id]["text"], asked.answers)
            for run in (first, second)
        ]
        for asked in questions
        if asked.gold and all(asked.id in run.answers for run in (first, second))
    ]
    if not pairs:
        return ""
    gained = np.array([int(one) - int(other) for one, other in pairs])
    drawn = np.random.default_rng(0).choice(gained, (RESAMPLES, len(gained))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return (
        f"{first.peer} over {second.peer}, contains gold: {100 * gained.mean():+.1f} points of {len(gained)} "
        f"({100 * low:+.0f} to {100 * high:+.0f}, paired bootstrap)."
    )


def complete(corpus: Corpus, runs: Sequence[Run]) -> bool:
    """Whether every peer has been asked every question."""
    return all(run.answers.keys() >= {asked.id for asked in corpus.questions} for run in runs)


def deviations(runs: Sequence[Run]) -> str:
    """Where each script is not what the peer's documentation shows, in the scripts' own words."""
    said = {run.peer: run.headers[-1]["deviations"] for run in runs if run.headers}
    return "\n".join(f"- {peer}: {'; '.join(lines)}." for peer, lines in said.items())


def _cites_right(asked: Asked, answer: Line) -> bool:
    """Whether a cited passage is of a gold article and holds an accepted answer."""
    return any(cited["article_id"] in asked.gold and holds(cited["text"], asked.answers) for cited in answer["cited"])


def _plain(text: str) -> str:
    return " ".join(text.casefold().translate(_ALIKE).split())


def _median(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f}" if values else ""
