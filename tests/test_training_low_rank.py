"""The low-rank differences that the generator's adapter is made of."""

from pathlib import Path
from types import SimpleNamespace

import torch

from models.generator.adapter_file import read_adapter, write_adapter
from models.generator.low_rank import SCALE, LowRank

CONFIG = SimpleNamespace(num_attention_heads=2, num_key_value_heads=1)


def layer(weight: list[list[float]]) -> torch.nn.Linear:
    """A linear layer of that weight."""
    made = torch.nn.Linear(len(weight[0]), len(weight), bias=False)
    made.weight.data = torch.tensor(weight)
    return made


def test_a_difference_is_put_into_the_weight_and_its_gradients_are_taken_out() -> None:
    """W + 2BA by hand; the gradients are those that torch finds where A and B are computed with themselves."""
    one = layer([[1.0, 0.0], [0.0, 1.0]])
    adapter = LowRank({"layers.0.mlp.up_proj": one}, 1, {"layers.0.mlp.up_proj"})
    a, b = adapter.parameters()
    a.data, b.data = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [0.5]])
    adapter.put_in()
    assert one.weight.tolist() == [[7.0, 12.0], [1.0, 3.0]]

    given, wanted = torch.tensor([[1.0, -1.0]]), torch.tensor([[0.5, 0.25]])
    (one(given) * wanted).sum().backward()
    adapter.take_gradients()
    free_a, free_b = (part.detach().clone().requires_grad_() for part in (a, b))
    (given @ (torch.eye(2) + SCALE * free_b @ free_a).T * wanted).sum().backward()
    assert torch.allclose(a.grad, free_a.grad)
    assert torch.allclose(b.grad, free_b.grad)
    assert one.weight.grad is None


def test_what_is_not_trained_keeps_its_difference(tmp_path: Path) -> None:
    """An adapter read from a file is in the weights of all layers; only those named are trained."""
    names = ("layers.0.self_attn.q_proj", "layers.1.mlp.up_proj")
    written = LowRank({name: layer([[0.0] * 3] * 4) for name in names}, 2, set(names))
    for part in written.parameters():
        part.data = torch.arange(part.numel(), dtype=torch.float32).view(part.shape)
    write_adapter(written, CONFIG, tmp_path / "adapter.gguf")

    layers = {name: layer([[0.0] * 3] * 4) for name in names}
    read = LowRank(layers, 2, {names[1]})
    read_adapter(read, CONFIG, tmp_path / "adapter.gguf")
    read.put_in()
    assert len(read.parameters()) == 2
    assert [layers[name].weight.requires_grad for name in names] == [False, True]
    for name in names:
        assert torch.equal(layers[name].weight, SCALE * written.b[name] @ written.a[name])
