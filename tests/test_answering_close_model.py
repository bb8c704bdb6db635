"""The close reader's network on weights drawn by chance, and texts as it reads them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig

from qa.answering.close_model import CLAIM, QUESTION, CloseModel, encode_close

SMALL = LlamaConfig(
    vocab_size=9, hidden_size=8, intermediate_size=8, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1
)


@pytest.fixture
def letters() -> Tokenizer:
    """A token for each byte, and two that join others: "won" with and without the blank before it."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pairs = [("w", "o"), ("wo", "n"), ("Ġ", "won")]
    tokens = [*alphabet, *(first + second for first, second in pairs)]
    made = Tokenizer(models.BPE({token: at for at, token in enumerate(tokens)}, pairs))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return made


def test_an_answer_may_be_any_word_of_the_passage_without_the_blank_before_it(letters: Tokenizer) -> None:
    """Places count in question, headline and passage together; blanks and what stands before the passage are no answer."""
    pairs = encode_close(letters, ["Who?"], ["Race"], ["Él won."], 60)
    front = len("Question: Who?\nRace\n")
    assert pairs.passage_starts == (front,)
    tokens = [tuple(place - front for place in places) for places in pairs.offsets[0][pairs.is_passage[0]].tolist()]
    assert tokens == [(0, 1), (0, 1), (1, 2), (3, 6), (6, 7)]  # the É is two bytes
    assert pairs.ids[0, 0] == 1  # and before all, what begins a text


def test_the_words_of_a_question_or_claim_are_told_from_all_else(letters: Tokenizer) -> None:
    """Without what stands before it and without blanks; a token counts from its first letter."""
    for front, asked in ((QUESTION, ["Who?"]), (CLAIM, ["Él won."])):
        pairs = encode_close(letters, asked, ["Race"], ["Él won."], 60, front)
        told = pairs.offsets[0][(pairs.types[0] == 0).numpy()] - len(front)
        assert "".join(asked[0][start:end] for start, end in sorted(set(map(tuple, told.tolist())))) == asked[
            0
        ].replace(" ", "")


def test_a_long_passage_is_cut_and_short_ones_are_filled_up(letters: Tokenizer) -> None:
    """To a multiple of sixteen; what was filled in is no text and no answer."""
    pairs = encode_close(letters, ["Who?", "Who?"], ["", ""], ["Ada", "Ada " * 50], 40)
    assert pairs.ids.shape == (2, 48)
    assert pairs.mask.sum(1).tolist() == [1 + len("Question: Who?\n\n") + 3, 40]
    assert not pairs.is_passage[pairs.mask.numpy() == 0].any()


def scores(model: CloseModel, ids: list[int], filled: int = 0) -> torch.Tensor:
    """The scores of one text, behind which so many places are filled up."""
    tokens = torch.tensor([ids + [0] * filled])
    with torch.inference_mode():
        return model(tokens, (torch.arange(len(ids) + filled) < len(ids)).long()[None])[0, : len(ids)]


@pytest.mark.parametrize(("causal", "seen"), [(2, False), (1, True), (0, True)])
def test_the_blocks_that_are_not_causal_see_what_follows(causal: int, seen: bool) -> None:
    """Another last token changes the scores of the first ones only where a block looks ahead."""
    torch.manual_seed(0)
    model = CloseModel(SMALL, causal).eval()
    one, other = scores(model, [1, 2, 3, 4]), scores(model, [1, 2, 3, 5])
    assert (not torch.equal(one[:3], other[:3])) == seen
    assert not torch.equal(one[3], other[3])


def test_what_was_filled_up_changes_nothing_and_scores_nothing() -> None:
    """Whether blocks look ahead or not."""
    torch.manual_seed(0)
    model = CloseModel(SMALL, 1).eval()
    assert torch.allclose(scores(model, [1, 2, 3]), scores(model, [1, 2, 3], filled=4), atol=1e-6)
    with torch.inference_mode():
        assert (model(torch.tensor([[1, 2]]), torch.tensor([[1, 0]]))[0, 1] == -1e4).all()


def test_the_products_of_training_are_the_attention_of_the_product() -> None:
    """Written out for speed in training, the library's own in use."""
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    from models.generator.train import attention

    torch.manual_seed(0)
    model = CloseModel(SMALL, 1).eval()
    usual = scores(model, [1, 2, 3, 4], filled=2)
    ALL_ATTENTION_FUNCTIONS.register("products", attention)
    model.model.set_attn_implementation("products")
    assert np.allclose(usual, scores(model, [1, 2, 3, 4], filled=2), atol=1e-5)


def test_a_file_of_the_product_has_no_code_of_its_own(tmp_path: Path) -> None:
    """Weights, configuration and vocabulary are data: what was written is what is read."""
    from safetensors.torch import save_file

    from qa.answering.close_model import loaded_close_model

    torch.manual_seed(0)
    model = CloseModel(SMALL, 1).eval()
    told = {"config": SMALL.to_json_string(), "causal": "1", "tokenizer": Tokenizer(models.BPE({"a": 0}, [])).to_str()}
    save_file(dict(model.state_dict()), tmp_path / "reader.safetensors", told)
    tokenizer, read = loaded_close_model(tmp_path / "reader.safetensors")
    assert tokenizer.get_vocab() == {"a": 0}
    assert torch.allclose(scores(read, [1, 2, 3]), scores(model, [1, 2, 3]), atol=0.05)
