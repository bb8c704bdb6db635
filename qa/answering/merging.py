"""The default model and what was trained on it become one file each, for generating and for reading: once on each machine.

A LoRA adapter is two thin matrices beside each weight (Hu et al. 2022): W + alpha / rank * B A. Added in, they cost
nothing at run time, and a prompt is read two to three times as fast from bfloat16 or Q8_0 as from the Q4_1 of the
package (benchmarks/generator.md).
"""

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from filelock import FileLock

from qa.errors import ModelError
from qa.processor import has_bfloat16
from qa.settings import cache_path
from qa.weights import file_sha256

_RECIPE = "1"  # another one makes another file
_KEPT = 30 * 24 * 3600.0  # seconds; what another version was made for, which may still be in use beside this one


def merged(base: Path, adapter: Path, folder: Path | None = None) -> Path:
    """The generator's merged model in ``folder``, by default the user's cache; made where it is not what was made.

    Raises ModelError when it cannot be written.
    """
    quantization = "BF16" if has_bfloat16() else "Q8_0"

    def write(out: Path) -> None:
        write_merged(base, adapter, quantization, out)

    return _made_once(quantization, "gguf", base, adapter, folder, write)


def merged_close(base: Path, change: Path, folder: Path | None = None) -> Path:
    """The close reader's merged network, likewise."""

    def write(out: Path) -> None:
        write_merged_close(base, change, out)

    return _made_once("reader", "safetensors", base, change, folder, write)


def _made_once(
    kind: str, suffix: str, base: Path, change: Path, folder: Path | None, write: Callable[[Path], None]
) -> Path:
    """A file whose name tells what it is made of, and beside it the hash that it had when it was made."""
    key = hashlib.sha256(f"{_RECIPE} {kind} {file_sha256(base)} {file_sha256(change)}".encode()).hexdigest()
    folder = folder or cache_path()
    file = folder / f"{base.stem.split('.')[0]}-{key[:12]}.{kind}.{suffix}"
    noted = file.with_suffix(".sha256")

    def is_made() -> bool:
        return file.is_file() and noted.is_file() and noted.read_text() == file_sha256(file)

    try:
        if is_made():
            return file  # without the lock, which a folder that one may only read would not hold
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{file}.lock"):
            if not is_made():
                part = file.with_suffix(".part")
                write(part)
                noted.write_text(file_sha256(part))
                part.replace(file)
                _forget_old(folder.glob(f"{base.stem.split('.')[0]}-*.{kind}.{suffix}"))
    except OSError as error:
        raise ModelError(
            f"{folder} cannot hold the models, 475 MB ({error.strerror}); make room, or set XDG_CACHE_HOME to another folder"
        ) from error
    return file


def _forget_old(files: Iterable[Path]) -> None:
    """Delete what was made long ago; it is hundreds of megabytes, and would be made again."""
    for file in files:
        with contextlib.suppress(OSError):  # open somewhere, on a system that keeps such files
            if time.time() - file.stat().st_mtime > _KEPT:
                for part in (file, file.with_suffix(".sha256"), Path(f"{file}.lock")):
                    part.unlink(missing_ok=True)


def write_merged(base: Path, adapter: Path, quantization: str, out: Path) -> None:
    """Write ``base`` with the adapter added in; only the weights it changes are encoded anew."""
    import gguf

    from qa.answering.gguf_model import field

    model, change = gguf.GGUFReader(base), gguf.GGUFReader(adapter)
    kind = gguf.GGMLQuantizationType[quantization]
    thin = {tensor.name: tensor.data.astype("float32") for tensor in change.tensors}
    alpha = float(field(change, "adapter.lora.alpha"))
    writer = gguf.GGUFWriter(out, str(field(model, "general.architecture")))
    for name, entry in model.fields.items():
        if not name.startswith("GGUF.") and name not in ("general.architecture", "general.file_type"):
            writer.add_key_value(
                name, entry.contents(), entry.types[0], entry.types[-1] if len(entry.types) > 1 else None
            )
    writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{quantization}"])
    for tensor in model.tensors:
        data, stored_as = tensor.data, tensor.tensor_type
        if f"{tensor.name}.lora_a" in thin:
            a, b = thin[f"{tensor.name}.lora_a"], thin[f"{tensor.name}.lora_b"]
            whole = gguf.quants.dequantize(data, stored_as) + alpha / len(a) * (b @ a)
            data, stored_as = gguf.quants.quantize(whole, kind), kind
        writer.add_tensor(tensor.name, data, raw_dtype=stored_as)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_merged_close(base: Path, change: Path, out: Path) -> None:
    """Write the lowest blocks of ``base`` with the close reader's differences added in in bfloat16, and its head."""
    import gguf
    import torch
    from safetensors import safe_open
    from safetensors.torch import save

    from qa.answering.gguf_model import configuration, tokenizer, weights

    model = gguf.GGUFReader(base)
    with safe_open(change, "pt") as opened:
        told = opened.metadata()
        thin = {name: opened.get_tensor(name).float() for name in opened.keys()}
    blocks = int(told["blocks"])
    whole = {f"head.{name}": thin[f"head.{name}"] for name in ("weight", "bias")}
    for name, value in weights(model, blocks):
        tensor, layer = torch.tensor(value), name.removesuffix(".weight")
        if f"{layer}.a" in thin:
            tensor += float(told["scale"]) * thin[f"{layer}.b"] @ thin[f"{layer}.a"]
        whole[f"model.{name}"] = tensor.to(torch.bfloat16)
    kept = {"config": json.dumps(configuration(model, blocks)), "tokenizer": tokenizer(model).to_str()}
    # Not by the library's own writing: that makes a file which only this user may read, and no OSError of what goes wrong.
    out.write_bytes(save(whole, kept | {"causal": told["causal"]}))
