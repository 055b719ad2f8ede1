"""Ruler: fields of rows in units of their own spread among the training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from diabolo.records import Layout


@final
@dataclass(frozen=True, eq=False)
class Ruler:
    """``(x - center) / scale`` of each field, so that none counts more for the units it came in.

    center, scale: (F,) float64.
    """

    center: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def fit(cls, x: NDArray[np.float32], layout: Layout) -> Self:
        """Means and standard deviations of training rows x (n, F); 1 for a number that never varies.

        Fields that are 0 or 1 (the states of categories, and whether a cell is missing) have that of a coin that falls so in
        ``(count + 1/2) / (n + 1)`` of the cases: what was never seen is far from what was, and the farther the more was seen.
        """
        center, scale = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
        chance = (center * len(x) + 0.5) / (len(x) + 1)
        binary = np.zeros(len(center), dtype=bool)
        for column in layout.columns:
            binary[column.start if column.levels else column.flag : column.stop] = True
        coin = np.sqrt(np.maximum(chance * (1 - chance), 0))
        return cls(center, np.where(binary & (coin > 0), coin, np.where(scale > 0, scale, 1.0)))

    def measured(self, x: Any) -> NDArray[np.float32]:
        """x (n, F) -> (n, F) in standard deviations from the means of training."""
        return np.asarray((np.asarray(x, dtype=np.float64) - self.center) / self.scale, dtype=np.float32)
