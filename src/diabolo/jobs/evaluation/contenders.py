"""Contenders: what a model is compared with, and by which errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from diabolo.metrics.errors import mse, row_errors
from diabolo.records import Layout

EVEN = 1.02
"""Two squared errors within 2 % count as equal."""


@final
@dataclass(frozen=True)
class Contender:
    """One line of a table of errors: means over all cells of all rows.

    name: "model", or of what is simpler. numbers: in its code; 0 where it has none.
    """

    name: str
    numbers: int
    errors: Mapping[str, float]


def weights_of(layout: Layout, x: np.ndarray) -> np.ndarray | None:
    """:meth:`Layout.weights` of rows x (n, F), as the model sees them, in an array; None where all cells count alike."""
    found = layout.weights(torch.from_numpy(x)) if layout.columns else None
    return None if found is None else found.numpy()


def square_error(layout: Layout, x: np.ndarray, x_hat: np.ndarray) -> float:
    """Mean squared error of a cell that is there: two arrays (n, F, *P), or with the cells of a row in one axis."""
    return float(mse(x, x_hat, weights_of(layout, x)).mean())


def mean_row(layout: Layout, mean: np.ndarray) -> np.ndarray:
    """The row (F, *P) that restores rows best without looking at them. mean: their mean, of any shape.

    Where cells are missing it is the mean of those that are there.
    """
    return layout.typical(torch.from_numpy(mean.reshape(layout.shape))).numpy()


def errors_of(x: np.ndarray, x_hat: np.ndarray, layout: Layout) -> dict[str, float]:
    """The errors that have a meaning for rows (n, F, *P): PSNR where they are bounded, SSIM where they are pictures too.

    Of mixed tables a column is one cell, with the errors of its fields added up, and missing cells do not count.
    """
    if layout.columns:
        weights = weights_of(layout, x)
        return {n: float(row_errors(n, x, x_hat, weights=weights).mean()) for n in ("mse", "mae")}
    bounds = layout.bounds
    chances = bounds == (0.0, 1.0) and x.min() >= 0 and x.max() <= 1  # what cross-entropy has a meaning for
    names = ("mse", "mae", "bce") if chances else ("mse", "mae")
    return {n: float(row_errors(n, x, x_hat, value_range=bounds).mean()) for n in names} | quality_of(x, x_hat, bounds)


def quality_of(x: np.ndarray, x_hat: np.ndarray, bounds: tuple[float, float] | None) -> dict[str, float]:
    """PSNR of the mean squared error of all rows (n, F, *P), and their mean SSIM; as far as they have a meaning."""
    found = {}
    error = float(row_errors("mse", x, x_hat).mean())
    if bounds is not None and error > 0:
        found["psnr"] = float(10 * np.log10((bounds[1] - bounds[0]) ** 2 / error))
    if bounds is not None and x.ndim == 4:
        found["ssim"] = float(row_errors("ssim", x, x_hat, value_range=bounds).mean())
    return found
