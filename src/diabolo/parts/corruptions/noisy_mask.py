"""Noise and hidden cells together, of every strength: what is left of a row says more of it or less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from diabolo.parts.corruptions.base import Corruption
from diabolo.records import Corrupted, Layout
from diabolo.spec import option


@final
@dataclass
class NoisyMask(Corruption):
    """Each row gets noise of its own strength, evenly drawn between 0 and ``std``, then loses its own share of its cells,
    evenly drawn between 0 and ``fraction``, which become 0, or the lower bound where the data have bounds.

    Of columns of a mixed table only numbers get noise, and a hidden column is missing as a whole.

    The model learns to clean and to fill in at all strengths, as denoising score matching does at all levels of noise (Song &
    Ermon 2019, https://arxiv.org/abs/1907.05600) and masked models at all shares (Strauss & Oliva 2021,
    https://arxiv.org/abs/2102.04426).
    """

    name: ClassVar[str] = "noisy-mask"

    std: float = option(0.5, "largest standard deviation of the noise, in the model's own units", low=0.0)
    fraction: float = option(0.5, "largest chance of a cell to be hidden", low=0.0, high=1.0)

    @property
    def hides(self) -> bool:
        return True

    def __call__(self, x: Tensor, layout: Layout, generator: torch.Generator) -> Corrupted:
        """x (N, F, *P) -> the same, noisy, with hidden cells."""
        each = (2, len(x), *[1] * (x.dim() - 1))
        std, fraction = torch.rand(each, generator=generator, device=x.device)
        noise = self.std * std * torch.randn(x.shape, generator=generator, device=x.device)
        drawn = torch.rand(x.shape, generator=generator, device=x.device)
        if not layout.columns:
            hidden, empty = drawn < self.fraction * fraction, 0.0 if layout.bounds is None else layout.bounds[0]
            return Corrupted((x + noise).to(x.dtype).masked_fill(hidden, empty), hidden)
        owner = torch.tensor([i for i, c in enumerate(layout.columns) for _ in range(c.start, c.stop)], device=x.device)
        numbers, flags = torch.zeros(2, layout.fields, device=x.device)
        numbers[[c.start for c in layout.columns if not c.levels]] = 1
        flags[[c.flag for c in layout.columns]] = 1
        there = 1 - x[:, [c.flag for c in layout.columns]][:, owner]
        hidden = drawn[:, owner] < self.fraction * fraction
        return Corrupted(torch.where(hidden, flags.to(x.dtype), (x + noise * numbers * there).to(x.dtype)), hidden)
