"""Low-rank differences to the weights of linear layers (LoRA, Hu et al. 2022), put into the weights once a step.

A layer computes with W + s·BA as one matrix, as it does where the adapter is merged, instead of with both beside each other:
on a processor the many small products of the adapter take longer than the gradient of the whole matrix.
"""

import math
from collections.abc import Mapping

import torch

SCALE = 2.0  # alpha by rank


class LowRank:
    """The matrices A (rank, in) and B (out, rank) of each layer, float32, and the weights they are added to."""

    def __init__(self, layers: Mapping[str, torch.nn.Linear], rank: int, trained: set[str]) -> None:
        """Start from no difference. Only the layers named in ``trained`` will get gradients."""
        self.rank, self.layers, self.trained = rank, dict(layers), trained
        self.base = {name: layer.weight.detach().float().clone() for name, layer in layers.items()}
        self.a, self.b = {}, {}
        for name, weight in self.base.items():
            out, width = weight.shape
            self.a[name] = torch.nn.Parameter(torch.empty(rank, width))
            torch.nn.init.kaiming_uniform_(self.a[name], a=math.sqrt(5))
            self.b[name] = torch.nn.Parameter(torch.zeros(out, rank))
            self.layers[name].weight.requires_grad_(name in trained)

    def parameters(self) -> list[torch.nn.Parameter]:
        """What is trained."""
        return [part[name] for name in sorted(self.trained) for part in (self.a, self.b)]

    @torch.no_grad()
    def put_in(self) -> None:
        """Give each layer its weight with the difference, rounded as the model is."""
        for name, layer in self.layers.items():
            layer.weight.copy_(self.base[name] + SCALE * self.b[name] @ self.a[name])

    @torch.no_grad()
    def take_gradients(self) -> None:
        """What the gradients of the weights are for A and B; those of the weights are forgotten."""
        for name in self.trained:
            gradient = self.layers[name].weight.grad.float()
            self.a[name].grad = SCALE * self.b[name].T @ gradient
            self.b[name].grad = SCALE * gradient @ self.a[name].T
            self.layers[name].weight.grad = None


def warmed_cosine(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    """A schedule that warms up over a twentieth of the steps and falls along a cosine to a twentieth of the rate."""
    warm = max(1, steps // 20)
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / warm, 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))),
    )
