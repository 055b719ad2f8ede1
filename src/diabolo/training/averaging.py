"""A moving average of the weights, as a second set of them."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn


@final
class Average:
    """shadow ← decay·shadow + (1 − decay)·weight after every step (Polyak & Juditsky 1992, exponential form).

    The decay starts low, (1 + step) / (10 + step), so that the first weights are soon forgotten. Buffers (running means of
    batch normalization) are taken as they are.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights: list[Tensor] = [p for p in model.parameters() if p.requires_grad]
        self.shadow = [p.detach().clone() for p in self.weights]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after step number ``step`` (from 1)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.shadow, self.weights, 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange weights and shadow; a second call exchanges them back."""
        for weight, shadow in zip(self.weights, self.shadow, strict=True):
            kept = weight.detach().clone()
            weight.copy_(shadow)
            shadow.copy_(kept)

    def tensors(self) -> dict[str, Tensor]:
        """The shadow by position, for checkpoints."""
        return {str(i): s for i, s in enumerate(self.shadow)}

    @torch.no_grad()
    def restore(self, tensors: dict[str, Tensor]) -> None:
        """The inverse of :meth:`tensors`."""
        for i, shadow in enumerate(self.shadow):
            shadow.copy_(tensors[str(i)])
