"""Residuals: how far cells of a table are from what the autoencoder restores: as they are, from under noise, while hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.jobs.anomalies.detector.ruler import binary_fields
from diabolo.jobs.inference import apply
from diabolo.records import Layout
from diabolo.trained import Companion, Trained

NOISE = 0.3
"""Standard deviation of the noise that is taken out again, in the model's own units."""
DRAWS = 2
GROUPS = 8
"""In how many turns the columns are hidden."""
MOST = 1e30
LEAST = 1e-4
"""Of the mean squared residual: what a column that is always restored counts as having."""


@final
@dataclass(frozen=True, eq=False)
class Residuals:
    """usual: (3, C), the mean squared residual of each column among training rows, in the three ways of :func:`squares`.

    Of the rows that have it; a column that no row has is taken for one like the mean of the others. A category is one column,
    however many states it has: the sum over them, which is Brier's score.
    """

    usual: NDArray[np.float32]

    @classmethod
    def fit(cls, trained: Trained, source: Source) -> Self:
        """From training rows, all of the source."""
        layout = trained.kind.layout
        found = apply(trained, source, None, lambda x, c: torch.cat([squares(trained, x), there(layout, x)[:, None]], 1))
        total, count = found.double().sum(0).split([3, 1])
        mean = (total / count.clamp(min=1)).numpy()
        known = count[0].numpy() > 0
        middle = mean[:, known].mean() if known.any() else 0.0
        mean[:, ~known] = middle
        return cls(np.maximum(mean, LEAST * middle + 1e-12).astype(np.float32))

    def of(self, trained: Trained, source: Source) -> NDArray[np.float64]:
        """Squared residuals over the usual ones, a mean over the columns that a row has and the three ways: (n,); 0 of a row
        that has none."""
        usual, layout = torch.from_numpy(self.usual).to(trained.device), trained.kind.layout

        def mean(x: Tensor) -> Tensor:
            return (squares(trained, x) / usual).mean(1).sum(1) / there(layout, x).sum(1).clamp(min=1)

        return apply(trained, source, None, lambda x, c: mean(x)).double().numpy()

    def companion(self) -> Companion:
        """As the store keeps it."""
        return Companion({}, {"usual": self.usual})

    @classmethod
    def from_companion(cls, kept: Companion) -> Self:
        """The inverse of :meth:`companion`."""
        return cls(**kept.arrays)


def squares(trained: Trained, x: Tensor) -> Tensor:
    """x (N, F) -> (N, 3, C): squared residuals of each column, 0 where it is missing, in three ways.

    Of the row as it is; from under noise, which comes in pairs ``±ε``, the same for every row, so that a row's residuals do
    not depend on other rows; and of each column while it is hidden with every eighth other (a pseudo-likelihood, Besag 1975,
    https://doi.org/10.2307/2987782, a few columns at a time).
    """
    layout, generator = trained.kind.layout, torch.Generator().manual_seed(0)
    real = layout.real(x)

    def residual(seen: Tensor) -> Tensor:
        found = (trained.model.decode(trained.model.encode(seen)).mean - x).square()
        return found.nan_to_num(MOST, MOST).clamp(max=MOST)  # of numbers so far that squares leave float32

    numbers = torch.from_numpy(~binary_fields(layout)).to(x.dtype)
    draws = (torch.randn((DRAWS, 1, layout.fields), generator=generator) * numbers * NOISE).to(x.device)
    noise = [sign * (d if real is None else d * real) for d in draws for sign in (1, -1)]
    noisy = torch.stack([residual(x + d) for d in noise]).mean(0)
    hidden = torch.zeros_like(x)
    for fields, empty in groups(layout, generator, x):
        hidden = torch.where(fields, residual(torch.where(fields, empty, x)), hidden)
    found = torch.stack([residual(x), noisy, hidden], 1)
    return found if real is None else torch.stack([layout.by_column(f * real) for f in found.unbind(1)], 1)


def there(layout: Layout, x: Tensor) -> Tensor:
    """x (N, F) -> (N, C), 1 where a row has the column, 0 where it is missing."""
    return 1 - x[:, [c.flag for c in layout.columns]] if layout.columns else torch.ones_like(x)


def groups(layout: Layout, generator: torch.Generator, x: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Columns in random groups, at most eight: which fields are theirs, (F,) bool, and what stands there when hidden."""
    blocks = [(c.start, c.stop) for c in layout.columns] or [(i, i + 1) for i in range(layout.fields)]
    empty = torch.zeros(layout.fields, dtype=x.dtype)
    empty[[c.flag for c in layout.columns]] = 1
    order = torch.randperm(len(blocks), generator=generator).tolist()
    for group in (order[i::GROUPS] for i in range(min(GROUPS, len(blocks)))):
        fields = torch.zeros(layout.fields, dtype=torch.bool)
        for i in group:
            fields[slice(*blocks[i])] = True
        yield fields.to(x.device), empty.to(x.device)
