"""Residuals: how far rows are from what the autoencoder restores of them, as they are and from under noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.jobs.inference import apply
from diabolo.records import Layout
from diabolo.trained import Trained

LEVELS = (0.0, 0.1, 0.3, 1.0)
"""Standard deviations of the noise that is taken out again, in the model's own units."""
DRAWS = 2
LEAST = 1e-4
"""Of the mean squared residual: what a field that is always restored counts as having."""


@final
@dataclass(frozen=True, eq=False)
class Residuals:
    """usual: (L, F) mean squared residual of each field at each level of noise among training rows."""

    usual: NDArray[np.float32]

    @classmethod
    def fit(cls, trained: Trained, source: Source) -> Self:
        """From training rows, all of the source."""
        mean = apply(trained, source, None, lambda x, c: squares(trained, x)).mean(0).numpy()
        return cls(np.maximum(mean, LEAST * mean.mean() + 1e-12).astype(np.float32))

    def of(self, trained: Trained, source: Source) -> NDArray[np.float64]:
        """Squared residuals over the usual ones, summed over fields and levels: (n,)."""
        usual = torch.from_numpy(self.usual).to(trained.device)
        return apply(trained, source, None, lambda x, c: (squares(trained, x) / usual).sum((1, 2))).double().numpy()


def squares(trained: Trained, x: Tensor) -> Tensor:
    """x (N, F) -> (N, L, F): squared residuals of each field, 0 where it is missing, at each level of noise.

    Noise comes in pairs ``±ε``, the same for every row, so that a row's residuals do not depend on the others.
    """
    layout = trained.kind.layout
    real, generator = layout.real(x), torch.Generator().manual_seed(0)
    noisy = numbers(layout, x.device)
    found = []
    for level in LEVELS:
        draws = torch.randn((DRAWS, 1, layout.fields), generator=generator).to(x.device) * noisy * level
        inputs = [x] if level == 0 else [x + sign * (d if real is None else d * real) for d in draws for sign in (1, -1)]
        found.append(torch.stack([(trained.model.decode(trained.model.encode(v)).mean - x).square() for v in inputs]).mean(0))
    both = torch.stack(found, 1)
    return both if real is None else both * real[:, None]


def numbers(layout: Layout, device: torch.device) -> Tensor:
    """(F,), 1 for fields that hold numbers, 0 for states of categories and for what says that a cell is missing."""
    chosen = torch.ones(layout.fields)
    for column in layout.columns:
        chosen[column.start if column.levels else column.flag : column.stop] = 0
    return chosen.to(device)
