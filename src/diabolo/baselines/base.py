"""What a baseline is: a fitted, frozen object that gives rows back as well as it can."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DataError

Array = NDArray[Any]


class Baseline(ABC):
    """Base of the baselines (abstract). name: what reports call it."""

    name: ClassVar[str]
    mean: Array

    @abstractmethod
    def reconstruct(self, x: Array) -> Array:
        """x (n, d) -> (n, d), float32 where x is float32, else float64."""

    def rows(self, x: Array) -> Array:
        """x as flat rows of floats; a DataError where it is not as wide as the rows this was fitted on."""
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != len(self.mean):
            raise DataError(f"Expected rows of {len(self.mean)} numbers, shape (n, {len(self.mean)}), got {x.shape}.")
        return x if x.dtype == np.float32 else x.astype(np.float64, copy=False)


def training_rows(x: Array) -> Array:
    """x (n, d) as an array of numbers in its own dtype; a DataError where it is empty or not flat rows."""
    x = np.asarray(x)
    if x.ndim != 2 or 0 in x.shape or x.dtype.kind not in "buif":
        raise DataError(f"Expected numbers of shape (n, d), at least one row and one column, got {x.dtype} of {x.shape}.")
    return x


def finite_mean(x: Array) -> NDArray[np.float64]:
    """Mean of each column in float64, (d,); a DataError that counts the columns with NaN or infinity."""
    with np.errstate(invalid="ignore", over="ignore"):
        mean = x.mean(axis=0, dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(mean))
    if len(bad):
        raise DataError(f"Expected finite rows, got NaN or infinity in {len(bad)} columns, the first is column {bad[0]}.")
    return mean
