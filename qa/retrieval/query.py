"""A question made ready to search: checked, completed from the history, its date phrase turned into a range or an order."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from qa.articles import clean_text
from qa.errors import InputError
from qa.language.words import FUNCTION_WORDS, words
from qa.retrieval.carried import with_own_dates
from qa.retrieval.dates import DateRequest, date_request
from qa.retrieval.followup import standalone_question
from qa.types import Message, Scope

LONGEST_QUESTION = 4_000  # characters
_MOST_TERMS = 64  # a pasted article as a question must not become a query of a thousand terms
_QUOTED = re.compile(r'"([^"]+)"|“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»')


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready to search: what is looked for, and in which range or order of dates."""

    standalone: str
    text: str  # what is searched in the range: the standalone question without its date phrase
    scope: Scope
    newest: bool
    phrases: tuple[str, ...] = ()  # what the question puts in quotation marks, without them
    phrased: bool = False  # whether the range is that of a phrase of the question, not one that was set
    near: Scope | None = None  # a range that was given up: what is dated closest to it is asked for
    today: date | None = None  # from which the age of articles counts, unless a range was named or set

    @property
    def reach(self) -> Scope:
        """What is searched at most: a range that a phrase names is only preferred."""
        return self.of_all_dates().scope if self.phrased else self.scope

    def of_all_dates(self) -> "Query":
        """The same without its range, but for what is closest to it; its date phrase is like any other words."""
        ranged = self.scope.since is not None or self.scope.until is not None
        scope, near = Scope(articles=self.scope.articles), self.scope if ranged else self.near
        return replace(self, text=self.standalone, scope=scope, phrased=False, near=near)


def make_query(question: str, history: Sequence[Message], given: Scope, today: date, any_date: bool = False) -> Query:
    """Read a question: what it leaves to the history, and its date phrases.

    An explicit range goes before a phrase; with ``any_date`` a phrase is like any other words.
    """
    before = [turn.content for turn in history if turn.role == "user"]
    standalone = with_own_dates(standalone_question(question, history), question, before, today)
    request = date_request(standalone, today)
    phrased = not any_date and given.since is None and given.until is None
    if not phrased:
        request = DateRequest(standalone, given.since, given.until, request.newest)
    # "And last week?" leaves nothing to search for without its phrase.
    text = request.question if search_terms(request.question) else standalone
    scope = Scope(request.since, request.until, given.articles)
    ranged = request.since is not None or request.until is not None
    phrased = phrased and ranged
    return Query(
        standalone, text, scope, request.newest, quoted_phrases(question), phrased, today=None if ranged else today
    )


def read_query(
    question: str,
    history: Sequence[Message | Mapping[str, str]] = (),
    since: str | None = None,
    until: str | None = None,
    today: str | None = None,
    articles: Collection[str] | None = None,
    any_date: bool = False,
) -> Query:
    """A query from what a person gave. Raises InputError for a blank or overlong question, a bad date or history."""
    asked = clean_text(question).strip()
    if not asked:
        raise InputError("the question is blank; type a question")
    if len(question) > LONGEST_QUESTION:
        raise InputError(f"the question has {len(question):,} characters; ask in at most {LONGEST_QUESTION:,}")
    first, last, now = (checked_date(text) for text in (since, until, today))
    if isinstance(history, str | Mapping) or not isinstance(history, Sequence):
        raise InputError('the history is no list; give a list of {"role", "content"} objects')
    given = [turn if isinstance(turn, Message) else as_message(turn) for turn in history]
    turns = [Message(turn.role, clean_text(turn.content)) for turn in given]
    scope = Scope(first, last, None if articles is None else frozenset(articles))
    return make_query(asked, turns, scope, date.fromisoformat(now) if now else date.today(), any_date)


def checked_date(text: str | None) -> str | None:
    """An ISO date as it was given. Raises InputError for anything else."""
    try:
        return date.fromisoformat(text).isoformat() if text is not None else None
    except (ValueError, TypeError) as error:
        raise InputError(f"{text!r} is not a date; write it as YYYY-MM-DD") from error


def checked_range(since: str | None, until: str | None) -> tuple[str | None, str | None]:
    """Two ISO dates. Raises InputError for anything else, and where the second is before the first."""
    first, last = checked_date(since), checked_date(until)
    if first is not None and last is not None and last < first:
        raise InputError(f"no day lies between {first} and {last}; give the earlier one first")
    return first, last


def as_message(turn: Mapping[str, str]) -> Message:
    """A turn of a conversation. Raises InputError for anything else."""
    if (
        not isinstance(turn, Mapping)
        or turn.get("role") not in ("user", "assistant", "system")
        or not isinstance(turn.get("content"), str)
    ):
        raise InputError('a turn of the history is none; give {"role": "user" or "assistant", "content": a text}')
    return Message(turn["role"], turn["content"])  # type: ignore[arg-type]


def quoted_phrases(question: str) -> tuple[str, ...]:
    """What stands in quotation marks, save a question, which no article is expected to repeat."""
    found = ["".join(part or "" for part in parts).strip() for parts in _QUOTED.findall(question)]
    return tuple(dict.fromkeys(phrase for phrase in found if words(phrase) and not phrase.endswith("?")))


def search_terms(text: str) -> list[str]:
    """The words to look up: those that carry content, or all where none does."""
    found = list(dict.fromkeys(words(text)))
    return ([word for word in found if word not in FUNCTION_WORDS] or found)[:_MOST_TERMS]
