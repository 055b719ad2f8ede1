"""Units: the numbers of a code as the training rows use them, the most active first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from diabolo.errors import UnsupportedError
from diabolo.jobs.companions import CODES
from diabolo.metrics.codes import active_units, dead_units, unit_variance
from diabolo.trained import Trained


@final
@dataclass(frozen=True, eq=False)
class Units:
    """The K numbers of a code. z: (n, K), of training rows, posterior means where there are any. mean, std: (K,), of these.

    order: (K,), the numbers of the units, the largest variance first. active: how many of these are in use: of variational
    recipes those whose posterior means have a variance above 0.01 (Burda et al. 2016, section 5.1,
    https://arxiv.org/abs/1509.00519), of others those that vary at all.
    """

    z: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    order: np.ndarray
    active: int


def units_of(trained: Trained) -> Units:
    """The units by the training codes that travel with the model. Raises UnsupportedError where there are none."""
    if CODES not in trained.companions:
        raise UnsupportedError(
            "This model carries no training codes, so nobody knows how far its numbers reach. Train it anew."
        )
    z = trained.companions[CODES].arrays["z"]
    variance = unit_variance(z)
    used = active_units(z) if trained.model.bottleneck.variational else ~dead_units(z)
    return Units(z, z.mean(0, dtype=np.float64), np.sqrt(variance), np.argsort(-variance, kind="stable"), int(used.sum()))
