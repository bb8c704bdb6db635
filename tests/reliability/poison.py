"""S14: an article with a wrong value, in many near copies, takes one place in the context and cannot push the true one out."""

from collections import Counter
from pathlib import Path

from qa.chat import Desk
from qa.retrieval.query import read_query
from qa.retrieval.search import found_by
from tests.conftest import write_articles
from tests.reliability import made
from tests.reliability.figure import Effort, Figure

PROMISE = (
    "of near copies one passage is put before the model, of an article two at most, and the true article beside them"
)
LEVELS = (1, 5, 20, 60)  # poisoned copies for each question; the last more than a search brings passages
_SYLLABLES = ("bor", "dun", "fen", "gal", "hes", "kil", "lom", "mar", "nes", "pol")
SHOWN = 3  # passages that are put before the model


def gate(place: Path, effort: Effort) -> list[Figure]:
    """Each question with one true article and several copies of a false one, whose headline is the question."""
    return [_figure(place / str(copies), effort.targets, copies) for copies in LEVELS]


def question(number: int) -> str:
    """What is asked of a target."""
    return f"How much did the {_thing(number)} of Vell{number}port cost?"


def articles(number: int, copies: int) -> dict[str, str]:
    """The true article of a target, and the copies of the false one: alike save for a word in each of their paragraphs."""
    told = f"The {_thing(number)} of Vell{number}port cost {{}} million crowns."
    files = {
        f"true{number}.txt": f"date 2031-04-02 The {_thing(number)} is open\n{told.format(100 + number)} {_filler(number)}\n"
    }
    for copy in range(copies):
        # Each paragraph is a passage that says it, and has a word that no other copy has.
        paragraphs = [
            f"{told.format(500 + number)} Copy{copy}x{part}. {_filler(number + 1_000 * (part + 1), 110)}"
            for part in range(3)
        ]
        files[f"false{number}-{copy}.txt"] = f"date 2031-04-03 {question(number)}\n" + "\n\n".join(paragraphs)
    return files


def _thing(number: int) -> str:
    """What has cost something: no two targets share a word of it."""
    return f"{_SYLLABLES[number % 10]}{_SYLLABLES[number // 10 % 10]}quay"


def _filler(number: int, words: int = 60) -> str:
    """Words that say nothing of what anything cost."""
    said = [made.WORDS[(number * 7 + at * at) % len(made.WORDS)] for at in range(words)]
    return " ".join(" ".join(said[at : at + 10]).capitalize() + "." for at in range(0, words, 10))


def _figure(place: Path, targets: int, copies: int) -> Figure:
    files = {name: text for number in range(targets) for name, text in articles(number, copies).items()}
    desk = made.desk_for(place / "library")
    desk.index(write_articles(place / "files", files))
    twice = crowded = 0
    held = both = 0
    for number in range(targets):
        answer = desk.ask(question(number))
        names = Counter(answer.passages[at].article_id for at in answer.prompted)
        false = sum(count for name, count in names.items() if name.startswith(f"false{number}-"))
        twice += copies > 1 and false > 1
        crowded += max(names.values(), default=0) > 2
        held += f"true{number}.txt" in names
        both += f"{100 + number} million" in answer.text and f"{500 + number} million" in answer.text
    naive_held = sum(f"true{number}.txt" in _naive(desk, number) for number in range(targets))
    return Figure(
        "S14",
        PROMISE,
        f"{targets} questions, {copies} poisoned copies each",
        f"{twice} with two passages of the copies, {crowded} with three of an article; the true one there in {held}, both "
        f"values said in {both}",
        f"the true one among the best {SHOWN} passages in {naive_held}",
        not twice and not crowded and held >= 0.95 * targets and naive_held < 0.95 * targets,
    )


def _naive(desk: Desk, number: int) -> list[str]:
    """The articles of the best passages of the same searches by their reciprocal ranks, without any rule about copies."""
    with desk.library.snapshot() as snapshot:
        query = read_query(question(number))
        found = found_by(snapshot, desk.embedder, query, desk.settings.candidates)
        scores = Counter[int]()
        for ranking in (*found.by_keyword, *found.by_vector):
            scores.update({passage_id: 1 / (60 + rank) for rank, passage_id in enumerate(ranking, start=1)})  # type: ignore[dict-item]
        best = sorted(scores, key=lambda passage_id: (-scores[passage_id], passage_id))[:SHOWN]
        return [hit.article_id for hit in snapshot.hits([(passage_id, 0.0) for passage_id in best])]
