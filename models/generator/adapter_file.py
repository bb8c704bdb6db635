"""A LoRA adapter as llama.cpp reads it: general.type "adapter", ``blk.N.*.weight.lora_a`` and ``.lora_b``."""

from pathlib import Path

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
        layer, module = name.split(".layers.")[1].split(".", 1)
        place, part = module.split(".lora_")
        values = parameter.detach().float().numpy()
        if part.startswith("B") and place in ("self_attn.q_proj", "self_attn.k_proj"):
            heads = config.num_attention_heads if "q_proj" in place else config.num_key_value_heads
            values = _rotated(values, heads)
        suffix = "lora_a" if part.startswith("A") else "lora_b"
        writer.add_tensor(
            f"blk.{layer}.{_NAMES[place]}.weight.{suffix}", np.ascontiguousarray(values).astype(np.float16)
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _rotated(rows: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a query or key projection in the order in which llama.cpp turns them: pairs beside each other."""
    out, rank = rows.shape
    return rows.reshape(heads, 2, out // heads // 2, rank).swapaxes(1, 2).reshape(out, rank)
