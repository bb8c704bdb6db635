"""What the peers' answers are worth, by hand."""

from typing import Any

import pytest
from corpora import Asked, Corpus
from protocol import cited, marks, read_lines
from scoring import Run, complete, deviations, holds, lead, rate, refused, row, table

ASKED = (
    Asked("1", "What did the bridge cost?", None, ("48 million",), ("bridge",)),
    Asked("2", "Who opened it?", None, ("the Mayor",), ("bridge",)),
    Asked("3", "Who won the chess title?", None, ("Ana",), ()),
)
CORPUS = Corpus("towns", ({"text": "one two three"},), ASKED)


def answer(number: str, text: str, **more: Any) -> dict[str, Any]:
    """A line as a peer writes it."""
    made = {"id": number, "text": text, "cited": [], "retrieved": ["other", "bridge"], "abstained": None}
    return {**made, "first_token_seconds": 1.0, "total_seconds": 2.0, **more}


def test_a_refusal_denies_that_the_passages_say_it() -> None:
    """Whatever its words; another not is none, and Newsdesk's field counts before its text."""
    said = (
        "The passages do not say.",
        "I don’t know.",
        "It is not explicitly stated.",
        "There is no mention of it.",
        "",
    )
    assert all(refused(answer("1", text)) for text in said)
    assert not any(
        refused(answer("1", text)) for text in ("Schools may not provide it.", "He did not win.", "48 million")
    )
    assert refused(answer("1", "48 million", abstained=True)) and not refused(
        answer("1", "I don't know", abstained=False)
    )


def test_an_answer_is_held_as_whole_words() -> None:
    """Quotation marks, marks of citations and an article at its beginning do not count."""
    assert holds('It was "Jaws" [1].', ["“Jaws”"])
    assert holds("The 2024 Met Gala it is", ["The Met Gala", "Met Gala"])
    assert holds("a helium leak", ["A helium leak"]) and holds("one helium leak", ["A helium leak"])
    assert not holds("Jawsome", ["Jaws"])


def test_the_figures_of_a_peer() -> None:
    """One right of two answerable, one refused; found second, within the first five."""
    right = {"article_id": "bridge", "text": "It cost 48 million."}
    wrong = {"article_id": "other", "text": "It cost 48 million."}
    run = Run(
        "peer",
        [
            {"index_seconds": 2.0, "index_words": 3, "version": "1.0", "day": "2031-04-02", "deviations": ["none"]},
            answer("1", "48 million [1]", cited=[wrong, right]),
            answer("2", "I do not know."),
            answer("3", "Ana won", error="boom"),
            {"peak_memory_mb": 5.0},
            {"peak_memory_mb": 7.0},
        ],
    )
    figures = row(run, ASKED)
    assert figures[:5] == ["peer (1 failed)", "1.0", "2031-04-02", "2", "7"]
    assert [cell.split(";")[0] for cell in figures[5:13]] == [
        "0.0 % (0/2",
        "100.0 % (2/2",
        "50.0 % (1/2",
        "100.0 % (1/1",
        "100.0 % (1/1",
        "50.0 % (1/2",
        "0.0 % (0/1",
        "50.0 % (1/2",
    ]
    assert figures[-2:] == ["1.00", "2.00"]
    assert complete(CORPUS, [run]) and not complete(CORPUS, [Run("peer", run.lines[:2])])
    assert "| peer | peer (1 failed) |" in table(CORPUS, [run])
    assert deviations([run]) == "- peer: none."


def test_the_lead_over_a_peer_is_paired() -> None:
    """One right of two against none: half of the points, and every resample lies between none and all of them."""
    one = Run("one", [answer("1", "48 million"), answer("2", "I do not know."), answer("3", "Ana")])
    two = Run("two", [answer("1", "49 million"), answer("2", "Someone")])
    assert lead(one, two, ASKED) == "one over two, contains gold: +50.0 points of 2 (+0 to +100, paired bootstrap)."
    assert lead(two, one, ASKED).startswith("two over one, contains gold: -50.0 points of 2 (-100 to +0")
    assert lead(one, Run("none", []), ASKED) == ""


def test_a_rate_has_its_wilson_interval() -> None:
    """As SciPy computes it for 8 of 10."""
    assert rate([True] * 8 + [False] * 2) == "80.0 % (8/10; 49 to 94)"
    assert rate([]) == "none"


@pytest.mark.parametrize(("text", "numbers"), [("[1] and [2, 1]", [1, 2]), ("none [a] 3", [])])
def test_marks_are_resolved_to_passages(text: str, numbers: list[int]) -> None:
    """Each once, in order; those of no passage are left out."""
    assert marks(text) == numbers
    assert cited(text, [("a", "x")]) == [("a", "x")] * (1 in numbers)


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Any) -> None:
    """As after an interruption."""
    (tmp_path / "answers.jsonl").write_text('{"id": "1"}\n{"id": "2", "te')
    assert read_lines(tmp_path / "answers.jsonl") == [{"id": "1"}]
