"""Blind spots: learning to remove noise from noisy data alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn import functional

from diabolo.errors import ParameterError
from diabolo.parts.corruptions.base import Corruption
from diabolo.parts.corruptions.draws import chance
from diabolo.records import Corrupted, Layout
from diabolo.spec import option


@final
@dataclass
class BlindSpots(Corruption):
    """Some positions are replaced by the mean of their neighbors, and the loss counts there alone.

    Nothing of what a position held reaches the output that is compared with it. Where the noise has mean zero and is
    independent from position to position, the best guess of the noisy value is the clean one: no clean picture is needed.

    A position is drawn with the chance ``fraction``, with all its channels. The neighbors are those at distance 1, in images
    the eight around it, at an edge as many as there are.

    Reference: Batson & Royer 2019, Noise2Self, https://arxiv.org/abs/1901.11365 (sections 3 and 4.2)
    """

    name: ClassVar[str] = "blind-spots"
    aliases: ClassVar[tuple[str, ...]] = ("noise2self",)

    fraction: float = option(0.1, "chance of a position to be replaced and judged", low=0.001, high=0.9)

    def __call__(self, x: Tensor, layout: Layout, generator: torch.Generator) -> Corrupted:
        """x (N, F, *P) -> the same with replaced positions; P must not be empty."""
        spots = chance(x[:, :1], self.fraction, generator).expand(x.shape)
        return Corrupted(torch.where(spots, neighbors_mean(x), x), spots, spots)

    @property
    def partial(self) -> bool:
        return True

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError for tables, and where a row has one position only."""
        if not layout.positions or max(layout.positions) < 2:
            raise ParameterError(
                "The corruption 'blind-spots' guesses a position from its neighbors; rows here have none. "
                "Use 'mask' with judge='hidden' for tables."
            )


def neighbors_mean(x: Tensor) -> Tensor:
    """x (N, F, T) or (N, F, H, W) -> the mean of the positions around each, itself left out, like x."""
    dims = x.dim() - 2
    kernel = x.new_ones((1, 1, *[3] * dims))
    kernel.view(-1)[kernel.numel() // 2] = 0.0
    convolve = functional.conv1d if dims == 1 else functional.conv2d
    flat = x.reshape(-1, 1, *x.shape[2:])
    return (convolve(flat, kernel, padding=1) / convolve(torch.ones_like(flat[:1]), kernel, padding=1)).reshape(x.shape)
