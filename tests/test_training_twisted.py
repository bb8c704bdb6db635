"""Questions that are turned so that their passage no longer answers them."""

import random

from models.reader.twisted import pairs, twists

TEXT = "Anna Berg chaired the council of Ulm before 2019. They say in 2022 Kiel elected Jan Holm, and Ulm did not."


def example(question: str, answer: str = "Anna Berg") -> dict:
    """One as examples.py writes it."""
    start = TEXT.index(answer)
    return {"question": question, "title": "", "text": TEXT, "answer": [start, start + len(answer)], "row": "1"}


def test_a_name_a_year_and_a_word_are_exchanged_one_at_a_time() -> None:
    """For a name or a year that the passage has elsewhere, and for the opposite."""
    found = set(twists(example("Who chaired the council of Ulm before 2019?"), random.Random(0)))
    assert found == {
        "Who chaired the council of Kiel before 2019?",
        "Who chaired the council of Ulm before 2022?",
        "Who chaired the council of Ulm after 2019?",
    }


def test_what_the_sentence_of_the_answer_does_not_name_stays() -> None:
    """There a pronoun may stand for it; nor is a name put in of which it speaks as well."""
    assert not list(twists(example("Whom did Berg elect?", "Jan Holm"), random.Random(0)))
    found = list(twists(example("Whom did Kiel elect in 2022?", "Jan Holm"), random.Random(0)))
    assert found == ["Whom did Kiel elect in 2019?"]


def test_each_twist_stands_behind_its_question() -> None:
    """With the same passage and no answer; what cannot be twisted is left out."""
    asked, plain = example("Who led Ulm?"), example("Who led?")
    first, second = pairs([plain, asked, {**plain, "answer": None}], random.Random(0))
    assert first == asked
    assert second == {**asked, "question": "Who led Kiel?", "answer": None}
