"""Questions made from a library by its model: for owners who have no questions with known answers yet."""

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qa.answering.choice import DEFAULT
from qa.answering.marks import neutralise
from qa.chat import Desk
from qa.errors import InputError
from qa.evaluate.scores import f1, holds
from qa.language.words import content_stems
from qa.types import Message, Span

LEAST_PARAMETERS = 1.0e9  # smaller models ask what their passage does not answer
HELD_OUT = 5  # of so many questions one has its article held out
_TRIES = 6  # passages looked at for each question wanted
_ASK = (
    "Write one question that a reader of this passage could ask without having seen it, and that only this passage "
    "answers. Name what it is about. Reply with two lines: the question, then the answer in at most eight words copied "
    "from the passage."
)
_ANSWER = "Answer in at most eight words copied from the passage, or reply: none."
_SAME = 0.6  # F1 between the answer that was copied and the one found without being told
_NEW = 2  # content words that a question must have


def make_questions(desk: Desk, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Up to ``count`` lines of questions, a fifth of them with their article held out, as unanswerable.

    Each is made when it is asked for, and kept only where the model, asked again with the passage alone, finds the answer
    it had copied. Raises InputError for an empty library or a model that is too small.
    """
    _large_enough(desk)
    with desk.library.snapshot(vectors=False) as snapshot:
        places = [
            (article.article_id, span)
            for article in snapshot.listed()
            for span in snapshot.article(article.article_id)[1]
        ]
    if not places:
        raise InputError("the library holds no articles to make questions from; index some first")
    tried = random.Random(seed).sample(places, min(len(places), _TRIES * count))  # noqa: S311 - a sample, no secret
    return _made_of(desk, tried, count)


def _made_of(desk: Desk, places: Sequence[tuple[str, Span]], count: int) -> Iterator[dict[str, Any]]:
    """Yield the lines of the questions that passages give, ``count`` at most."""
    made = 0
    for article_id, span in places:
        article = desk.article(article_id)
        found = question_and_answer(desk, article.title, article.text[span.start : span.end])
        if found:
            question, answer = found
            held_out = made % HELD_OUT == HELD_OUT // 2
            yield {
                "id": f"made-{made + 1}",
                "question": question,
                "answers": [] if held_out else [answer],
                "answerable": not held_out,
                "gold_articles": [] if held_out else [article_id],
                "without": [article_id] if held_out else [],
                "made": True,
            }
            made += 1
            if made == count:
                return


def question_and_answer(desk: Desk, title: str, passage: str) -> tuple[str, str] | None:
    """A question and its answer, where the passage holds the answer and gives it once more."""
    shown = f"{neutralise(title)}: {neutralise(' '.join(passage.split()))}"
    lines = [line for line in _reply(desk, f"{shown}\n\n{_ASK}").splitlines() if line.strip()]
    if len(lines) < 2:
        return None
    question, answer = (
        re.sub(r"^\W*(?:question\W+|answer\W+|\d[.)]\s+)", "", line, flags=re.IGNORECASE).strip() for line in lines[:2]
    )
    asked = len(set(content_stems(question)) - set(content_stems(answer)))
    if not question.endswith("?") or asked < _NEW or not holds(passage, [answer]):
        return None
    again = _reply(desk, f"{shown}\n\nQuestion: {question}\n{_ANSWER}").strip()
    return (question, answer.rstrip(".")) if f1(again, [answer]) >= _SAME else None


def _reply(desk: Desk, content: str) -> str:
    return "".join(desk.generator.stream([Message("user", content)], 80))


def _large_enough(desk: Desk) -> None:
    model = desk.settings.model
    if model.startswith(("http://", "https://")):
        return  # nobody but its owner knows how large it is
    from gguf import GGUFReader

    from qa.answering.choice import model_file

    try:
        parameters = sum(int(tensor.n_elements) for tensor in GGUFReader(model_file(model)).tensors)
    except (ValueError, OSError, IndexError) as error:
        raise InputError(f"{model} is no GGUF file that can be read ({error}); give another with --model") from error
    if model == DEFAULT or parameters < LEAST_PARAMETERS:
        raise InputError(
            f"the model {model} has {parameters / 1e6:.0f} million parameters, too few to make questions worth asking; "
            "give one of at least 1,000 million with --model"
        )


def write_made(file: Path, lines: list[dict[str, Any]], told: dict[str, Any]) -> None:
    """Keep made questions, so that a later run asks the same; ``told`` is all that they were made from."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    file.with_suffix(".made.json").write_text(json.dumps(told) + "\n", encoding="utf-8")


def made_before(file: Path, told: dict[str, Any]) -> bool:
    """Whether such questions are kept already. Raises InputError where they were made from something else."""
    if not file.exists():
        return False
    noted = file.with_suffix(".made.json")
    if noted.is_file() and noted.read_text(encoding="utf-8") == json.dumps(told) + "\n":
        return True
    raise InputError(f"{file} was made from another library, model, number or seed; name another folder with --out")
