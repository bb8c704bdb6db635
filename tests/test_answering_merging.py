"""An adapter added into a model, on files small enough to compute by hand."""

import os
import time
from pathlib import Path

import gguf
import numpy as np
import pytest

from qa.answering.merging import merged, write_merged
from qa.errors import ModelError

ROWS = np.tile(np.arange(32, dtype=np.float32), (32, 1))  # every row is 0 to 31
NORM = np.full(32, 0.5, dtype=np.float32)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A model of two weights and a norm, with a setting of each kind."""
    writer = gguf.GGUFWriter(tmp_path / "base.Q4_1.gguf", "llama")
    writer.add_string("general.name", "small")
    writer.add_uint32("llama.block_count", 1)
    writer.add_array("tokenizer.ggml.tokens", ["a", "b"])
    for name, values in (("changed.weight", ROWS), ("kept.weight", ROWS), ("norm.weight", NORM)):
        writer.add_tensor(name, values)
    return written(writer, tmp_path / "base.Q4_1.gguf")


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """Rank 2 and alpha 4, so B A counts twice: only the first row changes, by 2 * (1 * 3 + 2 * 4) = 22 in each column."""
    a, b = np.full((2, 32), 3.0, dtype=np.float16), np.zeros((32, 2), dtype=np.float16)
    a[1], b[0] = 4.0, (1.0, 2.0)
    writer = gguf.GGUFWriter(tmp_path / "adapter.gguf", "llama")
    writer.add_float32("adapter.lora.alpha", 4.0)
    writer.add_tensor("changed.weight.lora_a", a)
    writer.add_tensor("changed.weight.lora_b", b)
    return written(writer, tmp_path / "adapter.gguf")


def written(writer: gguf.GGUFWriter, file: Path) -> Path:
    """Write and close."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


@pytest.mark.parametrize("quantization", ["BF16", "Q8_0"])
def test_the_adapter_is_added_in_and_the_rest_stays(
    base: Path, adapter: Path, tmp_path: Path, quantization: str
) -> None:
    """Weights to within the format's rounding; settings, vocabulary and what has no adapter to the letter."""
    write_merged(base, adapter, quantization, tmp_path / "out.gguf")
    reader = gguf.GGUFReader(tmp_path / "out.gguf")
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    assert tensors["changed.weight"].tensor_type.name == quantization
    found = gguf.quants.dequantize(tensors["changed.weight"].data, tensors["changed.weight"].tensor_type)
    assert found[0] == pytest.approx(ROWS[0] + 22, abs=0.25)
    assert found[1:] == pytest.approx(ROWS[1:], abs=0.25)
    assert (tensors["kept.weight"].data == ROWS).all()
    assert (tensors["norm.weight"].data == NORM).all()
    settings = {name: reader.get_field(name).contents() for name in ("general.name", "llama.block_count")}
    assert settings == {"general.name": "small", "llama.block_count": 1}
    assert reader.get_field("tokenizer.ggml.tokens").contents() == ["a", "b"]


def test_it_is_made_once_and_again_when_it_is_damaged(base: Path, adapter: Path, tmp_path: Path) -> None:
    """A file that stays has its time of writing; one that lost its last byte is written anew."""
    file = merged(base, adapter, tmp_path / "cache")
    made, content = file.stat().st_mtime_ns, file.read_bytes()
    assert merged(base, adapter, tmp_path / "cache") == file
    assert file.stat().st_mtime_ns == made
    file.write_bytes(content[:-1])
    assert merged(base, adapter, tmp_path / "cache").read_bytes() == content
    assert not list((tmp_path / "cache").glob("*.part"))


def test_what_is_made_is_taken_without_writing(base: Path, adapter: Path, tmp_path: Path) -> None:
    """Not even a lock, which could not be had here; what is damaged then cannot be made again."""
    file = merged(base, adapter, tmp_path / "cache")
    lock = Path(f"{file}.lock")
    lock.unlink(missing_ok=True)
    lock.mkdir()
    assert merged(base, adapter, tmp_path / "cache") == file
    file.write_bytes(b"damaged")
    with pytest.raises(ModelError, match="cannot hold the model"):
        merged(base, adapter, tmp_path / "cache")


def test_another_adapter_makes_another_file(base: Path, adapter: Path, tmp_path: Path) -> None:
    """The name carries the hashes of both."""
    first = merged(base, adapter, tmp_path)
    adapter.write_bytes(adapter.read_bytes() + b"\0")
    assert merged(base, adapter, tmp_path) != first


def test_what_was_made_long_ago_for_others_is_deleted(base: Path, adapter: Path, tmp_path: Path) -> None:
    """With its hash; not what was made last month, nor files that are none of these."""
    days, now = 24 * 3600, time.time()
    for name, age in (
        ("base-aa.{}.gguf", 40),
        ("base-bb.{}.gguf", 20),
        ("base.Q4_1.gguf", 40),
        ("other-aa.{}.gguf", 40),
    ):
        for made in (tmp_path / name.format(kind) for kind in ("BF16", "Q8_0")):
            made.touch()
            made.with_suffix(".sha256").touch()
            os.utime(made, (now - age * days, now - age * days))
    file = merged(base, adapter, tmp_path)
    kind = file.name.split(".")[1]
    assert not (tmp_path / f"base-aa.{kind}.gguf").exists()
    assert not (tmp_path / f"base-aa.{kind}.sha256").exists()
    kept = {f"base-bb.{kind}.gguf", f"base-bb.{kind}.sha256", f"other-aa.{kind}.gguf", "base.Q4_1.gguf", file.name}
    assert kept <= {one.name for one in tmp_path.iterdir()}


def test_a_folder_that_holds_nothing_is_an_error(base: Path, adapter: Path, tmp_path: Path) -> None:
    """In one line that says what to do."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="cannot hold the model.*XDG_CACHE_HOME"):
        merged(base, adapter, tmp_path / "file")
