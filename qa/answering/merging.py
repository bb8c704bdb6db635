"""The default model and its adapter become one file, in the format this processor reads fastest: once on each machine.

A LoRA adapter is two thin matrices beside each weight (Hu et al. 2022): W + alpha / rank * B A. Added in, they cost
nothing at run time, and a prompt is read two to three times as fast from bfloat16 or Q8_0 as from the Q4_1 of the
package (benchmarks/generator.md).
"""

import hashlib
from pathlib import Path
from typing import Any

from filelock import FileLock

from qa.errors import ModelError
from qa.processor import has_bfloat16
from qa.settings import cache_path
from qa.weights import file_sha256

_RECIPE = "1"  # another one makes another file


def merged(base: Path, adapter: Path, folder: Path | None = None) -> Path:
    """The merged model in ``folder``, by default the user's cache; made where it is missing or no longer what was made.

    Raises ModelError when it cannot be written.
    """
    quantization = "BF16" if has_bfloat16() else "Q8_0"
    key = hashlib.sha256(f"{_RECIPE} {quantization} {file_sha256(base)} {file_sha256(adapter)}".encode()).hexdigest()
    folder = folder or cache_path()
    file = folder / f"{base.stem.split('.')[0]}-{key[:12]}.{quantization}.gguf"
    noted = file.with_suffix(".sha256")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{file}.lock"):
            if not (file.is_file() and noted.is_file() and noted.read_text() == file_sha256(file)):
                part = file.with_suffix(".part")
                write_merged(base, adapter, quantization, part)
                noted.write_text(file_sha256(part))
                part.replace(file)
    except OSError as error:
        raise ModelError(
            f"{folder} cannot hold the model, 280 MB ({error.strerror}); make room, or set XDG_CACHE_HOME to another folder"
        ) from error
    return file


def write_merged(base: Path, adapter: Path, quantization: str, out: Path) -> None:
    """Write ``base`` with the adapter added in; only the weights it changes are encoded anew."""
    import gguf

    model, change = gguf.GGUFReader(base), gguf.GGUFReader(adapter)
    kind = gguf.GGMLQuantizationType[quantization]
    thin = {tensor.name: tensor.data.astype("float32") for tensor in change.tensors}
    alpha = float(_value(change, "adapter.lora.alpha"))
    writer = gguf.GGUFWriter(out, str(_value(model, "general.architecture")))
    for name, field in model.fields.items():
        if not name.startswith("GGUF.") and name not in ("general.architecture", "general.file_type"):
            writer.add_key_value(
                name, field.contents(), field.types[0], field.types[-1] if len(field.types) > 1 else None
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


def _value(reader: Any, name: str) -> Any:
    return reader.get_field(name).contents()
