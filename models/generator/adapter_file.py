"""A LoRA adapter as llama.cpp reads it: general.type "adapter", ``blk.N.*.weight.lora_a`` and ``.lora_b``."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch

_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_adapter(model: torch.nn.Module, file: Path) -> None:
    """Write the LoRA weights of a peft model of the llama architecture, as float16."""
    config = model.get_base_model().config
    settings = model.peft_config["default"]
    writer = gguf.GGUFWriter(str(file), "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(settings.lora_alpha))
    for name, parameter in sorted(model.named_parameters()):
        if ".lora_" not in name:
            continue
        stored_as, part, heads = _stored(name, config)
        values = parameter.detach().float().numpy()
        values = _rotated(values, heads) if heads and part == "B" else values
        writer.add_tensor(stored_as, np.ascontiguousarray(values).astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _stored(name: str, config: Any) -> tuple[str, str, int]:
    """A parameter's name in the file, its part ("A" or "B"), and the heads of a projection that is turned, else 0."""
    layer, module = name.split(".layers.")[1].split(".", 1)
    place, part = module.split(".lora_")
    heads = {
        "self_attn.q_proj": config.num_attention_heads,
        "self_attn.k_proj": config.num_key_value_heads,
    }.get(place, 0)
    return f"blk.{layer}.{_NAMES[place]}.weight.lora_{part[0].lower()}", part[0], heads


def read_adapter(model: torch.nn.Module, file: Path) -> None:
    """Fill the LoRA weights of a peft model from a file that write_adapter wrote for the same rank."""
    config = model.get_base_model().config
    stored = {tensor.name: tensor.data for tensor in gguf.GGUFReader(file).tensors}
    for name, parameter in model.named_parameters():
        if ".lora_" not in name:
            continue
        stored_as, part, heads = _stored(name, config)
        values = torch.from_numpy(stored[stored_as].astype(np.float32))
        parameter.data.copy_(_turned_back(values, heads) if heads and part == "B" else values)


def _rotated(rows: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a query or key projection in the order in which llama.cpp turns them: pairs beside each other."""
    out, rank = rows.shape
    return rows.reshape(heads, 2, out // heads // 2, rank).swapaxes(1, 2).reshape(out, rank)


def _turned_back(rows: torch.Tensor, heads: int) -> torch.Tensor:
    """The rows of ``_rotated`` in the order in which transformers has them."""
    out, rank = rows.shape
    return rows.reshape(heads, out // heads // 2, 2, rank).swapaxes(1, 2).reshape(out, rank)
