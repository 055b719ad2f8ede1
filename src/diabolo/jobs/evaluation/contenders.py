"""Contenders: what a model is compared with, and by which errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from diabolo.metrics.errors import row_errors

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


def errors_of(x: np.ndarray, x_hat: np.ndarray, bounds: tuple[float, float] | None) -> dict[str, float]:
    """The errors that have a meaning for rows (n, F, *P): PSNR where they are bounded, SSIM where they are pictures too."""
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
