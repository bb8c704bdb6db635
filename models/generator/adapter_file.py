"""A LoRA adapter as llama.cpp reads it: general.type "adapter", ``blk.N.*.weight.lora_a`` and ``.lora_b``."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch

from models.generator.low_rank import SCALE, LowRank

_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_adapter(adapter: LowRank, config: Any, file: Path) -> None:
    """Write the matrices of a model of the llama architecture, as float16."""
    writer = gguf.GGUFWriter(str(file), "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", SCALE * adapter.rank)
    for name in sorted(adapter.layers):
        stored_as, heads = _stored(name, config)
        b = adapter.b[name].detach().numpy()
        for part, values in (("a", adapter.a[name].detach().numpy()), ("b", _rotated(b, heads) if heads else b)):
            writer.add_tensor(f"{stored_as}.lora_{part}", np.ascontiguousarray(values).astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _stored(name: str, config: Any) -> tuple[str, int]:
    """A layer's name in the file, and the heads of a projection that is turned, else 0."""
    number, place = name.removeprefix("layers.").split(".", 1)
    heads = {
        "self_attn.q_proj": config.num_attention_heads,
        "self_attn.k_proj": config.num_key_value_heads,
    }.get(place, 0)
    return f"blk.{number}.{_NAMES[place]}.weight", heads


def read_adapter(adapter: LowRank, config: Any, file: Path) -> None:
    """Fill the matrices from a file that write_adapter wrote for the same rank."""
    stored = {tensor.name: torch.from_numpy(tensor.data.astype(np.float32)) for tensor in gguf.GGUFReader(file).tensors}
    for name in adapter.layers:
        stored_as, heads = _stored(name, config)
        a, b = (stored[f"{stored_as}.lora_{part}"] for part in "ab")
        adapter.a[name].data.copy_(a)
        adapter.b[name].data.copy_(_turned_back(b, heads) if heads else b)


def _rotated(rows: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a query or key projection in the order in which llama.cpp turns them: pairs beside each other."""
    out, rank = rows.shape
    return rows.reshape(heads, 2, out // heads // 2, rank).swapaxes(1, 2).reshape(out, rank)


def _turned_back(rows: torch.Tensor, heads: int) -> torch.Tensor:
    """The rows of ``_rotated`` in the order in which transformers has them."""
    out, rank = rows.shape
    return rows.reshape(heads, out // heads // 2, 2, rank).swapaxes(1, 2).reshape(out, rank)
