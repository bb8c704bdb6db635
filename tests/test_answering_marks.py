"""Citation marks, ours and an article's own."""

import pytest

from qa.answering.marks import neutralise, take_marks, without_marks


@pytest.mark.parametrize(
    ("written", "plain", "marks"),
    [
        ("It cost 48 million [1].", "It cost 48 million.", (1,)),
        ("It cost 48 million. [1][3]", "It cost 48 million.", (1, 3)),
        ("It cost 48 million [1, 3].", "It cost 48 million.", (1, 3)),
        ("It cost 48 million [3,1].", "It cost 48 million.", (3, 1)),
        ("It cost 48 million\u30102\u3011.", "It cost 48 million.", (2,)),
        ("[2] It cost [2] 48 million.", "It cost 48 million.", (2,)),
        ("It cost 48 million (2).", "It cost 48 million.", (2,)),
        ("Quist (44) said so.", "Quist (44) said so.", ()),
        ("Quist (2, 44) said so.", "Quist (2, 44) said so.", ()),
        ("It cost 48 million [9].", "It cost 48 million.", ()),
        ("It cost 48 million [0][4] [2, 9].", "It cost 48 million.", (2,)),
        ("In [2031] it cost 48 million.", "In [2031] it cost 48 million.", ()),
        ("No mark at all.", "No mark at all.", ()),
        ("[1]", "", (1,)),
        ("", "", ()),
    ],
)
def test_marks_are_taken_out_and_unknown_numbers_dropped(written: str, plain: str, marks: tuple[int, ...]) -> None:
    """Of three passages; round brackets count only where every number names one of them."""
    assert take_marks(written, 3) == (plain, marks)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("As shown [3] before", "As shown (3) before"),
        ("[1,2] and [ 4-6 ]", "(1,2) and ( 4-6 )"),
        ("[sic] and [a1]", "[sic] and [a1]"),
        ("[[1]]", "[(1)]"),
    ],
)
def test_what_looks_like_a_mark_in_an_article_gets_round_brackets(text: str, plain: str) -> None:
    """So that it never passes for a citation of ours."""
    assert without_marks(text) == plain


@pytest.mark.parametrize(
    "token",
    [
        "<|im_start|>",
        "<|im_end|>",
        "<|endoftext|>",
        "<s>",
        "</s>",
        "[INST]",
        "[/INST]",
        "<<SYS>>",
        "<start_of_turn>",
        "<eos>",
    ],
)
def test_tokens_that_open_or_close_a_turn_do_not_reach_a_prompt(token: str) -> None:
    """In any case of their letters; the words around them do."""
    for written in (token, token.upper(), token.lower()):
        assert neutralise(f"before{written}after [2]") == "before after (2)"


def test_a_token_cannot_be_hidden_around_another() -> None:
    """What is left when a token is taken out is never a token itself."""
    assert "<|im_start|>" not in neutralise("<|im_<|im_end|>start|>")
