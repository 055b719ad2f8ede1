"""Finite scalar quantization: each code number becomes one of a few fixed levels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from diabolo.errors import ParameterError
from diabolo.maths.precision import at_least_float32
from diabolo.maths.quantization import joined_digits, scalar_digits, scalar_levels, scalar_quantized, split_digits
from diabolo.parts.bottlenecks.activations import check_channels
from diabolo.parts.bottlenecks.base import Bottleneck
from diabolo.parts.bottlenecks.quantizer import Quantizer
from diabolo.records import Code, Context
from diabolo.spec import option


@final
@dataclass
class FiniteScalar(Bottleneck):
    """``z = round(bounded(h))``: each code number becomes one of a few levels in [-1, 1]; no codebook is learned.

    levels: of the code numbers (channels, for a map) one after another, and again from the first where there are more.
    Each run of ``len(levels)`` numbers is a group: it makes one whole number below the product of its levels (1000 for
    8, 5, 5, 5); the last group is smaller where they do not come out even. The gradient passes the rounding by. There is no
    cost: no entry has to be kept alive and nothing to commit to.

    Numbers are bounded by tanh, as in the paper: of an even number of levels 0 is one, with one more below it than above.

    Reference: Mentzer et al. 2024, https://arxiv.org/abs/2309.15505
    """

    name: ClassVar[str] = "fsq"
    aliases: ClassVar[tuple[str, ...]] = ("finite-scalar",)

    levels: tuple[int, ...] = option((8, 5, 5, 5), "levels of the code numbers, repeated", low=2)

    def check(self) -> None:
        """Also raise ParameterError where there are no levels, or more entries than whole numbers can name."""
        super().check()
        if not self.levels or math.prod(self.levels) > 2**31:
            raise ParameterError(
                f"fsq.levels expects whole numbers such as 8,5,5,5 whose product is at most 2**31, got {self.levels!r}."
            )

    def build(self, latent_dim: int) -> FiniteScalarNeck:
        """The module; it has no parameters."""
        return FiniteScalarNeck(latent_dim, tuple(self.levels))


@final
class FiniteScalarNeck(Quantizer):
    """h (N, K, *L) -> levels z (N, K, *L) in [-1, 1]. levels: (K,), one a channel."""

    levels: Tensor

    def __init__(self, latent_dim: int, levels: tuple[int, ...]) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        every = tuple(levels[i % len(levels)] for i in range(latent_dim))
        self.runs = tuple(every[i : i + len(levels)] for i in range(0, latent_dim, len(levels)))
        self.entries = tuple(math.prod(run) for run in self.runs)
        self.register_buffer("levels", torch.tensor(every), persistent=False)

    def forward(self, h: Tensor, real: Tensor | None, context: Context) -> Code:
        """h (N, K, *L) -> levels, at no cost. ``real`` and ``context`` have nothing to say here."""
        z = self.mode(h)
        return Code(z, cost=z.new_zeros(len(z)), indices=self.indices(z.detach()))

    def mode(self, h: Tensor) -> Tensor:
        """The nearest levels, (N, K, *L)."""
        check_channels(h, self.latent_dim, "one a code number")
        return scalar_quantized(at_least_float32(h).movedim(1, -1), self.levels).movedim(-1, 1)

    def indices(self, z: Tensor) -> Tensor:
        """Which levels are nearest, each group as one number: (N, K, *L) -> (N, *L, G)."""
        check_channels(z, self.latent_dim, "one a code number")
        digits = scalar_digits(z.movedim(1, -1), self.levels).split([len(run) for run in self.runs], dim=-1)
        return torch.stack([joined_digits(d, run) for d, run in zip(digits, self.runs, strict=True)], dim=-1)

    def entry(self, indices: Tensor) -> Tensor:
        """The levels that are meant, (N, *L, G) -> (N, K, *L) float32."""
        digits = [split_digits(index, run) for index, run in zip(indices.unbind(-1), self.runs, strict=True)]
        return scalar_levels(torch.cat(digits, dim=-1), self.levels).movedim(-1, 1)
