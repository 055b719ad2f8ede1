"""The mean row: what a model that has learned nothing gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from diabolo.baselines.base import Array, Baseline, finite_mean, training_rows


@final
@dataclass(frozen=True, eq=False)
class Mean(Baseline):
    """The mean of the training rows. mean: (d,) float64."""

    name: ClassVar[str] = "mean"
    mean: Array

    def reconstruct(self, x: Array) -> Array:
        """x (n, d) -> (n, d), every row the mean."""
        x = self.rows(x)
        return np.tile(self.mean.astype(x.dtype), (len(x), 1))


def fit_mean(x_train: Array) -> Mean:
    """The mean of each column. x_train: (n, d) finite numbers.

    >>> fit_mean(np.array([[0.0, 1.0], [2.0, 3.0]])).reconstruct(np.zeros((1, 2)))
    array([[1., 2.]])
    """
    return Mean(finite_mean(training_rows(x_train)))
