"""Where the sentences of a text begin and end."""

import random

import pytest

from qa.language.sentences import sentence_spans

PIECES = (
    "Mr. Smith said no. ",
    "“He left,” she said. ",
    "U.S. ",
    "\n",
    "\n\n",
    " ",
    "\t",
    "é",
    "中文。",
    "مرحبا؟ ",
    "Hello! ",
    "e.g. ",
    "...",
    "?",
    "\u2028",
    "\x85",
    "😀",
    "\xa0",
    "A. B. C.",
    "\u0301",
    "word " * 30,
    "\r",
    "| a | b |\n",
    "- item\n",
    "## Head\n",
    "x" * 700,
)


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [text[span.start : span.end] for span in sentence_spans(text)]


def test_spans_are_ordered_trimmed_and_never_overlap() -> None:
    """Whatever the text: no characters but blanks lie outside the spans, none lies in two."""
    chance = random.Random(3)
    for _ in range(500):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randint(0, 12)))
        position, outside = 0, ""
        for span in sentence_spans(text):
            assert position <= span.start < span.end <= len(text), repr(text)
            assert text[span.start : span.end] == text[span.start : span.end].strip(), repr(text)
            outside += text[position : span.start]
            position = span.end
        assert not (outside + text[position:]).strip(), repr(text)


@pytest.mark.parametrize(
    "written",
    [
        ("The bridge of Port Lindal opened on Tuesday, Dr. Quist said. ", "It cost 48 million crowns! "),
        ("市议会星期二批准了新桥的建设。", "费用为十四亿元，预计秋天完工。"),
    ],
)
def test_a_very_long_line_is_cut_in_parts_and_its_sentences_are_not(written: tuple[str, ...]) -> None:
    """Where a part ends in a sentence, that belongs to the next part."""
    found = sentences("".join(written) * 800)
    assert found == [sentence.strip() for sentence in written] * 800


def test_two_sentences_on_a_line_are_two() -> None:
    """The plain case."""
    assert sentences(" The bridge opened.  It cost 48 million crowns! Why? ") == [
        "The bridge opened.",
        "It cost 48 million crowns!",
        "Why?",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Edda Quist met Mr. Hallin at 5 p.m. on Monday.",
        "The U.S. envoy J. R. Ewing arrived.",
        "It grew by 3.5 percent, i.e. more than planned.",
        "He wrote for example.com and left.",
    ],
)
def test_an_abbreviation_ends_no_sentence(text: str) -> None:
    """Titles, initials, decimals and addresses."""
    assert sentences(text) == [text]


def test_a_line_end_inside_a_sentence_is_a_blank() -> None:
    """Wrapped text reads as one sentence; an empty line always ends it."""
    assert sentences("The bridge\nopened again. It\nheld.") == ["The bridge\nopened again.", "It\nheld."]
    assert sentences("A headline without stop\n\nThe text. \n \nMore") == [
        "A headline without stop",
        "The text.",
        "More",
    ]


def test_every_row_of_a_table_is_a_sentence() -> None:
    """Bars, tabs, columns of blanks, list items and headings stand alone."""
    assert sentences("| Town | Crowns |\n| Lindal | 48 |\nThe sum\nis right.") == [
        "| Town | Crowns |",
        "| Lindal | 48 |",
        "The sum\nis right.",
    ]
    assert sentences("Lindal\t48\nHallin\t9") == ["Lindal\t48", "Hallin\t9"]
    assert sentences("Lindal   48\nHallin   9") == ["Lindal   48", "Hallin   9"]
    assert sentences("# Results\n- Lindal won\n- Hallin lost") == ["# Results", "- Lindal won", "- Hallin lost"]


def test_text_without_a_full_stop_is_cut_at_blanks() -> None:
    """5,000 characters become pieces of at most 600, no word in two."""
    text = " ".join(f"word{number}" for number in range(700))[:5000]
    pieces = sentences(text)
    assert len(pieces) >= 9
    assert all(len(piece) <= 600 for piece in pieces)
    assert " ".join(pieces) == text


def test_one_endless_word_is_cut_all_the_same() -> None:
    """A text without blanks loses nothing either."""
    assert sentences("x" * 1500) == ["x" * 600, "x" * 600, "x" * 300]


def test_offsets_count_characters_of_any_script() -> None:
    """Python indices, not bytes: emoji and accents before a sentence do not shift it."""
    assert sentences("Café 😀 reopened. Öl ist teuer.") == ["Café 😀 reopened.", "Öl ist teuer."]


@pytest.mark.parametrize("text", ["", " ", "\n\n \t\n"])
def test_blank_text_has_no_sentences(text: str) -> None:
    """Nothing in, nothing out."""
    assert sentence_spans(text) == ()
