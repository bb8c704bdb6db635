"""What the default language model's GGUF file holds, as torch's libraries call it: configuration, weights, tokenizer."""

from collections.abc import Iterator
from typing import Any

import gguf
import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers

_NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
_OUTSIDE = {"token_embd": "embed_tokens", "output_norm": "norm"}


def field(reader: gguf.GGUFReader, name: str) -> Any:
    """A field's value. Raises KeyError where the file has none of that name."""
    found = reader.get_field(name)
    if found is None:
        raise KeyError(name)
    return found.contents()


def configuration(reader: gguf.GGUFReader, blocks: int) -> dict[str, Any]:
    """What transformers' LlamaConfig wants to know of the lowest ``blocks`` blocks."""
    return {
        "hidden_size": field(reader, "llama.embedding_length"),
        "intermediate_size": field(reader, "llama.feed_forward_length"),
        "num_hidden_layers": blocks,
        "num_attention_heads": field(reader, "llama.attention.head_count"),
        "num_key_value_heads": field(reader, "llama.attention.head_count_kv"),
        "rms_norm_eps": float(field(reader, "llama.attention.layer_norm_rms_epsilon")),
        "rope_theta": float(field(reader, "llama.rope.freq_base")),
        "max_position_embeddings": field(reader, "llama.context_length"),
        "vocab_size": len(field(reader, "tokenizer.ggml.tokens")),
    }


def weights(reader: gguf.GGUFReader, blocks: int) -> Iterator[tuple[str, np.ndarray]]:
    """The weights of embeddings, the lowest ``blocks`` blocks and the last norm by transformers' names, float32."""
    heads = {
        "attn_q": field(reader, "llama.attention.head_count"),
        "attn_k": field(reader, "llama.attention.head_count_kv"),
    }
    for tensor in reader.tensors:
        if tensor.name.removesuffix(".weight") in _OUTSIDE:
            name = _OUTSIDE[tensor.name.removesuffix(".weight")]
        elif tensor.name.startswith("blk.") and int(tensor.name.split(".")[1]) < blocks:
            _, number, part, _ = tensor.name.split(".")
            name = f"layers.{number}.{_NAMES[part]}"
        else:
            continue
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        if any(f".{part}." in tensor.name for part in heads):
            values = _turned_in_halves(values, heads[tensor.name.split(".")[2]])
        yield f"{name}.weight", np.ascontiguousarray(values, dtype=np.float32)


def _turned_in_halves(values: np.ndarray, heads: int) -> np.ndarray:
    """Rows in the order in which transformers turns them by position: llama.cpp has the two of a pair side by side."""
    return values.reshape(heads, len(values) // heads // 2, 2, -1).swapaxes(1, 2).reshape(values.shape)


def tokenizer(reader: gguf.GGUFReader) -> Tokenizer:
    """The byte-pair encoding of the file. What stands for a special token in a text is text like any other."""
    tokens, merges = field(reader, "tokenizer.ggml.tokens"), field(reader, "tokenizer.ggml.merges")
    made = Tokenizer(models.BPE({token: at for at, token in enumerate(tokens)}, [tuple(m.split(" ")) for m in merges]))
    digits = pre_tokenizers.Digits(individual_digits=True)
    made.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return made
