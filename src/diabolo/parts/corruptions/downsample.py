"""Smaller pictures, whose originals are to be restored: super-resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn import functional

from diabolo.errors import ParameterError
from diabolo.parts.corruptions.base import Corruption
from diabolo.records import Corrupted, Layout
from diabolo.spec import option


@final
@dataclass
class Downsample(Corruption):
    """Every ``factor × factor`` square becomes one pixel, its mean: the picture a camera with larger pixels takes.

    Positions become fewer, so that a model trained with it takes small pictures and gives large ones. It holds no chance,
    hence training shrinks the data once and goes on with pairs of small and large rows.

    Reference: Dong et al. 2016, https://arxiv.org/abs/1501.00092 (section 4.1, with another filter)
    """

    name: ClassVar[str] = "downsample"

    factor: int = option(2, "how many times smaller each side becomes", low=2)

    def __call__(self, x: Tensor, layout: Layout, generator: torch.Generator) -> Corrupted:
        """x (N, F, *P) -> (N, F, *P/factor)."""
        return Corrupted(shrunk(x, self.factor))

    def positions(self, positions: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(size // self.factor for size in positions)

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError for tables, and where a side is no multiple of ``factor``."""
        if not layout.positions:
            raise ParameterError("The corruption 'downsample' makes images or sequences smaller; rows here are neither.")
        if any(size % self.factor for size in layout.positions):
            size, common = " x ".join(map(str, layout.positions)), math.gcd(*layout.positions)
            fitting = [f for f in range(2, 9) if common % f == 0]
            other = f"Use a factor of {' or '.join(map(str, fitting))}, or bring" if fitting else "Bring"
            raise ParameterError(
                f"downsample.factor={self.factor} does not divide the size of the rows, {size}. {other} them to a size that it "
                "divides."
            )


def shrunk(x: Tensor, factor: int) -> Tensor:
    """x (N, F, T) or (N, F, H, W) -> the means of its squares of side ``factor``."""
    pool = functional.avg_pool1d if x.dim() == 3 else functional.avg_pool2d
    return pool(x, factor)
