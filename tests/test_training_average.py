"""Averaging weights."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models.reader.average import average


def test_an_average_weighs_each_file_by_its_share(tmp_path: Path) -> None:
    """Name by name, in full precision."""
    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    save_file({"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([4.0], dtype=torch.bfloat16)}, one)
    save_file({"a": torch.tensor([5.0, 2.0]), "b": torch.tensor([8.0], dtype=torch.bfloat16)}, other)
    mixed = average({one: 0.25, other: 0.75})
    assert {name: value.tolist() for name, value in mixed.items()} == {"a": [4.0, 2.0], "b": [7.0]}
    assert mixed["b"].dtype == torch.float32


def test_weights_of_other_shapes_are_refused(tmp_path: Path) -> None:
    """A name that one file lacks."""
    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    save_file({"a": torch.tensor([1.0])}, one)
    save_file({"b": torch.tensor([1.0])}, other)
    with pytest.raises(KeyError):
        average({one: 0.5, other: 0.5})
