"""Every case is put to the desk as a person would, and becomes a record: what came back, and what it is worth."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from qa.chat import Desk
from qa.errors import InputError
from qa.evaluate.cases import Case
from qa.evaluate.looking import look, lost_at, rank_of_answer, rank_of_article, searched, words_to_answer
from qa.evaluate.scores import exact_match, f1, holds, plain_text, rouge_l, stated
from qa.output import answer_json
from qa.types import Answer, Citation

Record = dict[str, Any]
"""One case as answers.jsonl keeps it; the figures of a report are computed from records alone."""
Ask = Callable[[Desk, Case], Answer]


def ask(desk: Desk, case: Case) -> Answer:
    """The product's answer, with the day of the question as today, where it has one."""
    return desk.ask(case.question, case.history, today=case.today, articles=searched(desk, case))


def records(desk: Desk, cases: Sequence[Case], ask: Ask = ask) -> Iterator[Record]:
    """The record of each case, as soon as it is made."""
    for case in cases:
        yield make_record(desk, case, ask(desk, case))


def make_record(desk: Desk, case: Case, answer: Answer) -> Record:
    """The record of a case and its answer."""
    return {
        "id": case.case_id,
        "question": case.question,
        "kind": case.kind,
        "made": case.made,
        "answerable": case.answerable,
        "answers": list(case.answers),
        "long_answers": list(case.long_answers),
        "gold_articles": sorted(case.gold_articles),
        "answer": answer_json(answer),
        "retrieval": _retrieval(desk, case, answer),
        "citations": _citations(desk, case, answer),
        "scores": _scores(case, answer),
    }


def _retrieval(desk: Desk, case: Case, answer: Answer) -> dict[str, Any] | None:
    """How the search fared; None where nothing could be found, where nobody knows what, or where nothing else was there."""
    if not case.answerable or not (stated(case.answers) or case.gold_articles):
        return None
    if case.given is not None and {article.article_id for article in case.given} <= case.gold_articles:
        return None
    ranking = look(desk, case)
    sought = bool(stated(case.answers))
    return {
        "articles": list(ranking.articles),
        "rank_of_article": rank_of_article(ranking, case),
        "gold_found": len(set(ranking.articles) & case.gold_articles),
        "rank_of_answer": rank_of_answer(ranking, case) if sought else None,
        "words_to_answer": words_to_answer(ranking, case) if sought else None,
        "lost_at": lost_at(ranking, case, desk.settings, answer) if sought else None,
    }


def _citations(desk: Desk, case: Case, answer: Answer) -> list[dict[str, Any]]:
    """Each citation, judged by the gold alone, once for each origin of the sentences that cite it."""
    origins = {(number, sentence.origin): None for sentence in answer.sentences for number in sentence.citations}
    cited = {citation.number: citation for citation in answer.citations}
    answers = stated(case.answers)
    return [
        {
            "origin": origin,
            "gold_quote": holds(cited[number].quote, answers) if answers else None,
            "gold_article": cited[number].article_id in case.gold_articles if case.gold_articles else None,
            "exact": _exact(desk, cited[number]),
        }
        for number, origin in origins
    ]


def _exact(desk: Desk, citation: Citation) -> bool:
    try:
        return desk.article(citation.article_id).text[citation.start : citation.end] == citation.quote
    except InputError:  # of no article
        return False


def _scores(case: Case, answer: Answer) -> dict[str, float | None]:
    """Numbers that are better when higher; None where the case does not ask for them. A refusal counts 0."""
    text = "" if answer.abstained else plain_text(answer.text)
    short, long = case.answerable and bool(case.answers), case.answerable and bool(case.long_answers)
    answers = stated(case.answers)
    held = short and bool(answers)
    return {
        "exact_match": exact_match(answer.short_answer, case.answers) if short else None,
        "f1": f1(answer.short_answer, case.answers) if short else None,
        "contains_gold": float(holds(text, answers)) if held else None,
        "rouge_l": rouge_l(text, case.long_answers) if long else None,
        "right_citation": float(
            any(
                holds(c.quote, answers) and (not case.gold_articles or c.article_id in case.gold_articles)
                for c in answer.citations
            )
        )
        if held
        else None,
        "refused_rightly": None if case.answerable else float(answer.abstained),
        "not_refused": float(not answer.abstained) if case.answerable else None,
    }
