"""Neighbors: how far rows are from the training rows nearest to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from diabolo.trained import Companion

Array = NDArray[np.float64]
Places = NDArray[np.int64]


@final
@dataclass(frozen=True, eq=False)
class Neighbors:
    """Training rows to be compared with.

    rows: (m, F) float32. places: (m,) int64, the place of each among all n training rows, of which it may be one in several.
    """

    rows: NDArray[np.float32]
    places: Places

    def distances(self, x: Any, k: int, own: Places | None = None) -> Array:
        """Euclidean distances of each row of x (n, F) to its nearest rows, (n, k) ascending; fewer where fewer rows are known.

        own: (n,), for rows that are training rows themselves their places; each is left out of its own neighbors, once: a
        duplicate of it is a neighbor at distance 0.
        """
        if own is None:
            k = min(k, len(self.rows))
            return np.asarray(self._search(k).kneighbors(x)[0], dtype=np.float64)
        k = min(k, len(self.rows) - 1)
        found, index = self._search(k + 1).kneighbors(x)
        itself = self.places[index] == own[:, None]
        itself[~itself.any(axis=1), -1] = True  # not among those known, or one of many duplicates: the last one goes
        return np.asarray(found[~itself].reshape(len(found), k), dtype=np.float64)

    def companion(self) -> Companion:
        """As the store keeps it."""
        return Companion({}, {"rows": self.rows, "places": self.places})

    @classmethod
    def from_companion(cls, kept: Companion) -> Self:
        """The inverse of :meth:`companion`."""
        return cls(kept.arrays["rows"], kept.arrays["places"])

    def _search(self, k: int) -> NearestNeighbors:
        return NearestNeighbors(n_neighbors=k).fit(self.rows)
