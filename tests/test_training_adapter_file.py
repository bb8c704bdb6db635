"""The adapter of the generator as a file."""

import numpy as np
import torch

from models.generator.adapter_file import _rotated, _turned_back


def test_rows_are_turned_as_llama_cpp_turns_them_and_back() -> None:
    """One head of four rows: the first half beside the second, pair by pair; two heads each for itself."""
    rows = np.arange(8, dtype=np.float32).reshape(8, 1)
    assert _rotated(rows[:4], 1).ravel().tolist() == [0, 2, 1, 3]
    assert _rotated(rows, 2).ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
    assert _turned_back(torch.from_numpy(_rotated(rows, 2)), 2).ravel().tolist() == rows.ravel().tolist()
