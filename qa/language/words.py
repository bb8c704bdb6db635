"""Words, stems and names of a text, compared without case or accents."""

import re
import threading
import unicodedata
from functools import lru_cache

from Stemmer import Stemmer

_WORD = re.compile(r"[^\W_]+(?:['’.](?=[^\W_])[^\W_]+)*")
_STEMMERS = threading.local()  # a Stemmer object may not be shared between threads

FUNCTION_WORDS = frozenset(
    """a about after again all also am an and any are aren't as at be because been before being between both but by can
    can't cannot could couldn't did didn't do does doesn't doing don't down during each else ever few for from further
    get gets got had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers herself him himself
    his how how's i i'd i'll i'm i've if in into is isn't it it's its itself just let let's like many me more most much
    must my myself no nor not of off on once only or other our ours ourselves out over own please same say says said she
    she'd she'll she's should shouldn't so some such tell than that that's the their theirs them themselves then there
    there's these they they'd they'll they're they've this those through to too under until up us very was wasn't we
    we'd we'll we're we've were weren't what what's when when's where where's which while who who's whom whose why why's
    will with won't would wouldn't you you'd you'll you're you've your yours yourself yourselves exactly""".split()
)
"""Words that carry grammar rather than content; "said" is among them since news says it in every paragraph."""


def words(text: str) -> list[str]:
    """The words of a text in order, folded: no case, no accents, straight apostrophes, no possessive ``'s``."""
    folded = unicodedata.normalize("NFKD", text.casefold()).replace("’", "'")
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    return [word.removesuffix("'s") for word in _WORD.findall(plain)]


def content_stems(text: str) -> list[str]:
    """The stems of the words that carry content, in order, by the English Snowball stemmer (Porter 2)."""
    return [stem(word) for word in words(text) if word not in FUNCTION_WORDS]


def names(text: str) -> list[str]:
    """The capitalised words of a text that are not function words, folded, in order: people, places, institutions."""
    return [
        folded[0]
        for match in _WORD.finditer(text)
        if match.group()[0].isupper() and (folded := words(match.group())) and folded[0] not in FUNCTION_WORDS
    ]


def names_asked(question: str) -> set[str]:
    """The names of a question: its first word, which is written with a capital whatever it is, is none."""
    return set(names(question)) - set(words(question)[:1])


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of a folded word."""
    if not hasattr(_STEMMERS, "english"):
        _STEMMERS.english = Stemmer("english")
    result: str = _STEMMERS.english.stemWord(word)
    return result
