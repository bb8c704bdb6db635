"""What the processor is good at."""

import pytest

from qa.processor import has_bfloat16, torch_is_faster_in_bfloat16


@pytest.mark.models
def test_measuring_leaves_the_number_of_threads_as_it_was() -> None:
    """Nor does it say bfloat16 where the processor does not know it."""
    import torch

    before = torch.get_num_threads()
    torch_is_faster_in_bfloat16.cache_clear()
    faster = torch_is_faster_in_bfloat16()
    assert torch.get_num_threads() == before
    assert faster is False or has_bfloat16()
