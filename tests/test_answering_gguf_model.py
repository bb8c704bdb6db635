"""A GGUF file of the llama architecture as torch's libraries call it, and the close reader merged with it."""

import json
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tokenizers import Tokenizer

from qa.answering.gguf_model import configuration, field, tokenizer, weights
from qa.answering.merging import merged_close

TURNED = np.tile(np.array([[0.0], [2.0], [1.0], [3.0]], dtype=np.float32), (1, 4))  # llama.cpp's order of rows 0 to 3


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Two blocks of width 4 with one head, of which some weights are there; eight tokens and two merges."""
    writer = gguf.GGUFWriter(tmp_path / "small.Q4_1.gguf", "llama")
    for name, value in (
        ("embedding_length", 4),
        ("feed_forward_length", 8),
        ("block_count", 2),
        ("context_length", 64),
    ):
        writer.add_uint32(f"llama.{name}", value)
    writer.add_uint32("llama.attention.head_count", 1)
    writer.add_uint32("llama.attention.head_count_kv", 1)
    writer.add_float32("llama.attention.layer_norm_rms_epsilon", 1e-5)
    writer.add_float32("llama.rope.freq_base", 10_000.0)
    writer.add_array("tokenizer.ggml.tokens", ["a", "b", "ab", "1", "2", "12", "<|end|>", "<"])
    writer.add_array("tokenizer.ggml.merges", ["a b", "1 2"])
    for name in ("blk.0.attn_q", "blk.1.attn_q"):
        writer.add_tensor(f"{name}.weight", TURNED)
    writer.add_tensor("blk.0.ffn_down.weight", np.full((4, 8), 2.0, dtype=np.float32))
    writer.add_tensor("output_norm.weight", np.ones(4, dtype=np.float32))
    writer.add_tensor("rope_freqs.weight", np.ones(2, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tmp_path / "small.Q4_1.gguf"


def test_weights_have_the_names_and_the_order_of_transformers(base: Path) -> None:
    """Only the lowest blocks; the pairs that are turned by position lie in the two halves of a head."""
    found = dict(weights(gguf.GGUFReader(base), 1))
    assert set(found) == {"layers.0.self_attn.q_proj.weight", "layers.0.mlp.down_proj.weight", "norm.weight"}
    assert found["layers.0.self_attn.q_proj.weight"][:, 0].tolist() == [0, 1, 2, 3]
    assert (found["layers.0.mlp.down_proj.weight"] == 2).all()


def test_the_configuration_is_that_of_the_file(base: Path) -> None:
    """With as many blocks as are used; a field that is missing is named."""
    reader = gguf.GGUFReader(base)
    assert configuration(reader, 1) == {
        "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
        "num_key_value_heads": 1, "rms_norm_eps": pytest.approx(1e-5), "rope_theta": 10_000.0,
        "max_position_embeddings": 64, "vocab_size": 8,
    }  # fmt: skip
    with pytest.raises(KeyError, match=r"llama\.none"):
        field(reader, "llama.none")


def test_digits_stand_alone_and_text_is_no_special_token(base: Path) -> None:
    """As the model was trained; an article cannot end its own passage."""
    made = tokenizer(gguf.GGUFReader(base))
    assert made.encode("ab12").tokens == ["ab", "1", "2"]
    assert "<|end|>" not in made.encode("<|end|>").tokens


def test_the_close_reader_is_merged_with_its_base(base: Path, tmp_path: Path) -> None:
    """2 + 0.5 * (3 * 1 + 4 * 2) in the first row of what is changed; made once; configuration and vocabulary beside it."""
    change = {
        "layers.0.mlp.down_proj.a": torch.tensor([[1.0] * 8, [2.0] * 8]),
        "layers.0.mlp.down_proj.b": torch.tensor([[3.0, 4.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]),
        "head.weight": torch.ones(2, 4),
        "head.bias": torch.zeros(2),
    }
    told = {"blocks": "1", "causal": "0", "scale": "0.5"}
    save_file({name: value.half() for name, value in change.items()}, tmp_path / "change.safetensors", told)
    file = merged_close(base, tmp_path / "change.safetensors", tmp_path / "cache")
    made = file.stat().st_mtime_ns
    assert merged_close(base, tmp_path / "change.safetensors", tmp_path / "cache").stat().st_mtime_ns == made
    (tmp_path / "another file").touch()
    assert file.stat().st_mode == (tmp_path / "another file").stat().st_mode  # others may read it, too
    with safe_open(file, "pt") as opened:
        assert opened.get_tensor("model.layers.0.mlp.down_proj.weight")[:, 0].tolist() == [7.5, 2.0, 2.0, 2.0]
        assert opened.get_tensor("head.weight").dtype == torch.float32
        told = opened.metadata()
    assert json.loads(told["config"])["num_hidden_layers"] == 1
    assert Tokenizer.from_str(told["tokenizer"]).encode("ab1").tokens == ["ab", "1"]
    assert told["causal"] == "0"
