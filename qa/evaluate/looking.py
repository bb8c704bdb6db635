"""Where the search of a question finds what answers it, and which stage loses it."""

from collections.abc import Sequence
from dataclasses import dataclass

from qa.chat import Desk
from qa.evaluate.cases import Case
from qa.evaluate.scores import holds, plain_text, stated, words_until
from qa.retrieval.query import Query, read_query
from qa.retrieval.search import found_by, whole_and_parts, within_reach
from qa.settings import Settings
from qa.types import Answer, Hit

STAGES = ("not found", "fused away", "reranked away", "cut by the budget", "refused", "answered otherwise")
DEPTH = 10  # articles and passages of a ranking that count
_PASSAGES = 40  # passages that are looked at for DEPTH articles, and for the first 600 words


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a search brought: passages in the order of the product, and all that its searches had found, before fusion."""

    hits: tuple[Hit, ...]
    candidates: tuple[Hit, ...]

    @property
    def articles(self) -> tuple[str, ...]:
        """The first DEPTH articles, each at the rank of its best passage."""
        return tuple(dict.fromkeys(hit.article_id for hit in self.hits))[:DEPTH]


def look(desk: Desk, case: Case) -> Ranking:
    """Search as the product does, deeper than it shows."""
    return look_up(desk, read_query(case.question, case.history, today=case.today, articles=searched(desk, case)))


def searched(desk: Desk, case: Case) -> set[str] | None:
    """The ids of the articles a case is put to, None for all."""
    if case.given is not None:
        return {article.article_id for article in case.given}
    return {article.article_id for article in desk.articles()} - case.without if case.without else None


def look_up(desk: Desk, query: Query) -> Ranking:
    """The ranking of a query: what the product shows, then what it would show next."""
    with desk.library.snapshot() as snapshot:
        query, _ = within_reach(snapshot, query)
        several = [found_by(snapshot, desk.embedder, one, desk.settings.candidates) for one in whole_and_parts(query)]
        candidates = sorted({passage_id for found in several for passage_id in found.passage_ids})
        shown = desk.found(snapshot, query, desk.settings.shown_passages)
        known = {hit.passage_id for hit in shown}
        further = [hit for hit in desk.found(snapshot, query, _PASSAGES) if hit.passage_id not in known]
        return Ranking((*shown, *further), tuple(snapshot.hits([(i, 0.0) for i in candidates])))


def rank_of_article(ranking: Ranking, case: Case) -> int | None:
    """The rank, from 1, of the first article that is gold, among the first DEPTH."""
    return next((rank for rank, found in enumerate(ranking.articles, 1) if found in case.gold_articles), None)


def rank_of_answer(ranking: Ranking, case: Case) -> int | None:
    """The rank, from 1, of the first passage that holds an accepted answer, among the first DEPTH."""
    return next(
        (rank for rank, hit in enumerate(ranking.hits[:DEPTH], 1) if holds(hit.text, stated(case.answers))), None
    )


def words_to_answer(ranking: Ranking, case: Case) -> int | None:
    """How many words of the ranked passages one reads until an accepted answer has been read."""
    return words_until([hit.text for hit in ranking.hits], stated(case.answers))


def lost_at(ranking: Ranking, case: Case, settings: Settings, answer: Answer) -> str | None:
    """The stage that lost the answer, of STAGES; None where the text holds it.

    A passage answers that holds an accepted answer and is of a gold article, where those are known. What was refused
    before anything was put before the generator is lost there, if one of the passages shown answers.
    """

    def answers(hits: Sequence[Hit]) -> bool:
        return any(
            (not case.gold_articles or hit.article_id in case.gold_articles) and holds(hit.text, stated(case.answers))
            for hit in hits
        )

    if not answers(ranking.candidates):
        return "not found"
    if not answers(ranking.hits[: settings.shown_passages]):
        return "fused away"
    prompted, cut = ([answer.passages[index] for index in part] for part in (answer.prompted, answer.cut))
    if prompted and not answers(prompted):
        return "cut by the budget" if answers(cut) else "reranked away"
    if answer.abstained:
        return "refused"
    return None if holds(plain_text(answer.text), stated(case.answers)) else "answered otherwise"
