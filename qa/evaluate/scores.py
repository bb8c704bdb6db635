"""What one answer is worth: every measure of a single case, computed without any part of the product's own checks."""

import re
import string
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_MARKS = re.compile(r"\s*\[\d+\]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_IN_NUMBERS = re.compile(r"(?<=\d)[.,:/-](?=\d)")
_KEPT = "\N{MIDDLE DOT}"  # stands for what separates the digits of a number: "1.4" is not "14", "3-1" not "31"
_NOT_STATED = {"yes", "no"}


def normalised(text: str) -> str:
    """Lower case, no punctuation, no articles, single blanks: the normalisation of SQuAD (Rajpurkar et al. 2016)."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(given: str | None, answers: Sequence[str]) -> float:
    """1 where a short answer is one of the accepted ones, else 0."""
    return float(given is not None and normalised(given) in {normalised(answer) for answer in answers})


def f1(given: str | None, answers: Sequence[str]) -> float:
    """The best F1 of the words of a short answer over the accepted ones, as SQuAD computes it."""
    return max((_f1(normalised(given or "").split(), normalised(answer).split()) for answer in answers), default=0.0)


def _f1(given: list[str], gold: list[str]) -> float:
    common = sum((Counter(given) & Counter(gold)).values())
    return 2 * common / (len(given) + len(gold)) if common else 0.0


def plain_text(text: str) -> str:
    """An answer's text without its citation marks."""
    return _MARKS.sub("", text)


def stated(answers: Sequence[str]) -> tuple[str, ...]:
    """The answers that a text can hold: a yes or a no stands in many that say something else."""
    return tuple(answer for answer in answers if normalised(answer) not in _NOT_STATED)


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether an accepted answer stands in a text as whole words, after normalisation; numbers must be the same."""
    padded = f" {_with_numbers(text)} "
    return any(f" {found} " in padded for answer in answers if (found := _with_numbers(answer)))


def _with_numbers(text: str) -> str:
    return normalised(_IN_NUMBERS.sub(_KEPT, _THOUSANDS.sub("", text.replace("–", "-"))))


def rouge_l(text: str, references: Sequence[str]) -> float:
    """The best F-measure of ROUGE-L (Lin 2004) over whole reference answers, by the package rouge-score."""
    return max((float(_scorer().score(reference, text)["rougeL"].fmeasure) for reference in references), default=0.0)


@cache
def _scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], use_stemmer=True)


def words_until(texts: Sequence[str], answers: Sequence[str]) -> int | None:
    """How many words of ranked texts have been read when an accepted answer has been; None where it stands in none."""
    read = 0
    for text in texts:
        if holds(text, answers):
            words = text.split()
            # The shortest beginning of this text that holds it, found by halving: longer ones hold it too.
            low, high = 1, len(words)
            while low < high:
                middle = (low + high) // 2
                low, high = (low, middle) if holds(" ".join(words[:middle]), answers) else (middle + 1, high)
            return read + low
        read += len(text.split())
    return None


def content_f1(given: str, reference: str) -> float:
    """F1 of the content stems of two questions."""
    from qa.language.words import content_stems

    return _f1(sorted(set(content_stems(given))), sorted(set(content_stems(reference))))
