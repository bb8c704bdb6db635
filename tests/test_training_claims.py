"""How the close reader learns from claims, on a network small enough to be quick."""

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig

from models.close_reader.claims import claim_loss, encoded_claims, evaluate_claims, unsaid_words
from qa.answering.close_model import CloseModel

PAIRS = [
    {"kind": "written", "said": f"It cost {n}.", "unsaid": f"It cost {n + 1}.", "title": "", "text": f"It cost {n}."}
    for n in (2, 5)
]


@pytest.fixture
def bytes_alone() -> Tokenizer:
    """A token for each byte."""
    made = Tokenizer(
        models.BPE({token: at for at, token in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}, [])
    )
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return made


def network() -> CloseModel:
    """Weights drawn by chance, of the same chance each time."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    return CloseModel(config, 0)


def test_the_words_that_differ_are_those_that_are_wrong() -> None:
    """By their places; what only the supported claim has is nowhere in the other."""
    said, unsaid = "The state pays 6 million for it.", "The town pays 9 million."
    assert [unsaid[slice(*place)] for place in unsaid_words(said, unsaid)] == ["town", "9"]
    assert unsaid_words(said, said) == []


def test_supported_and_unsupported_claims_come_by_turns(bytes_alone: Tokenizer) -> None:
    """Each with the passage; only its own letters count, not the word before it, blanks or what follows."""
    encoded = encoded_claims(bytes_alone, PAIRS)
    assert len(encoded.ids) == 4
    counted = ((encoded.types == 0) & (encoded.mask == 1)).sum(1).tolist()
    assert counted == [len("Itcost2.")] * 4


def test_steps_down_the_loss_tell_the_claims_apart(bytes_alone: Tokenizer) -> None:
    """After a few of them every supported claim scores higher than its other."""
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    first = claim_loss(model, bytes_alone, PAIRS).item()
    for _ in range(60):
        optimizer.zero_grad()
        loss = claim_loss(model, bytes_alone, PAIRS)
        loss.backward()
        optimizer.step()
    assert loss.item() < first / 4
    assert evaluate_claims(model, bytes_alone, PAIRS) == {"written": 1.0, "written, pairs": 1.0}


def test_another_sentence_is_learned_from_as_well(bytes_alone: Tokenizer) -> None:
    """Which of its words are wrong is not known, so they count only together; the scores of questions have no part in it."""
    model = network()
    claim_loss(model, bytes_alone, [{**PAIRS[0], "unsaid": "Rain fell over Velten all the night."}]).backward()
    assert model.head.weight.grad is not None
    assert model.head.weight.grad[:2].abs().sum() == 0
    assert model.head.weight.grad[2:].abs().sum() > 0
