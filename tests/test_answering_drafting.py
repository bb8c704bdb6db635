"""A reply becomes sentences while it is written."""

from collections.abc import Iterator

import pytest

from qa.answering.drafting import Draft, drafts


def pieces(reply: str, size: int) -> Iterator[str]:
    """The reply in pieces of so many characters."""
    return (reply[start : start + size] for start in range(0, len(reply), size))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("The bridge reopened [1]. It cost 48 million.", [("The bridge reopened.", (1,)), ("It cost 48 million.", ())]),
        (
            "The bridge reopened. [1] It cost 48 million. [2]",
            [("The bridge reopened.", (1,)), ("It cost 48 million.", (2,))],
        ),
        (
            "The bridge reopened.[1][2] It cost 48 million.[1, 3]",
            [("The bridge reopened.", (1, 2)), ("It cost 48 million.", (1, 3))],
        ),
        (
            "It reopened.\u30102\u3011 It rained. (3) Quist (44) left.",
            [("It reopened.", (2,)), ("It rained.", (3,)), ("Quist (44) left.", ())],
        ),
        (
            "It cost 3.5 million. Dr. Quist came at 9 a.m. on Monday [9].",
            [("It cost 3.5 million.", ()), ("Dr. Quist came at 9 a.m. on Monday.", ())],
        ),
        ('He left [1]. "No." she said. [2]', [("He left.", (1,)), ('"No." she said.', (2,))]),
        ("It was \u201cslow. And late.\u201d [1] He left.", [("It was \u201cslow. And late.\u201d He left.", (1,))]),
        ("First line [1]\n\nSecond line.\n", [("First line", (1,)), ("Second line.", ())]),
        ("- one [1]\n- two. [2]", [("- one", (1,)), ("- two.", (2,))]),
        ("Cut off in the mid", [("Cut off in the mid", ())]),
        ("One is done. Cut off in the mid", [("One is done.", ())]),
        ("Cut off in a mark [1", [("Cut off in a mark [1", ())]),
        ("[1] [2]", []),
        (" \n ", []),
        ("", []),
    ],
)
def test_the_size_of_the_pieces_changes_nothing(reply: str, expected: list[tuple[str, tuple[int, ...]]]) -> None:
    """Marks stand before or after the full stop; pieces of 1..7 characters, and the whole at once."""
    for size in (1, 2, 3, 4, 5, 6, 7, 1000):
        assert [(draft.text, draft.marks) for draft in drafts(pieces(reply, size), 3)] == expected, size


def test_a_sentence_is_given_before_the_rest_is_written() -> None:
    """As soon as the next one has begun with a word, and not while a mark may still come."""
    written: list[str] = []

    def reply() -> Iterator[str]:
        for piece in ("One is done", ". ", "[1", "] ", "N", "ext"):
            written.append(piece)
            yield piece

    assert next(drafts(reply(), 2)) == Draft("One is done.", (1,))
    assert written == ["One is done", ". ", "[1", "] ", "N"]


def test_closing_the_drafts_closes_the_reply() -> None:
    """Whoever leaves frees the model."""
    closed = []

    def reply() -> Iterator[str]:
        try:
            while True:
                yield "One more. "
        finally:
            closed.append(True)

    stream = drafts(reply(), 0)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    del stream
    assert closed == [True]
