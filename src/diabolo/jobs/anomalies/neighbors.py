"""Neighbors: how far rows are from the training rows nearest to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from diabolo.data.subset import at_most
from diabolo.trained import Companion

NAME = "neighbors"
MOST_ROWS = 10_000
Array = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False)
class Neighbors:
    """Training rows to be compared with.

    rows: (m, F) float32. places: (m,) int64, the place of each among all n training rows, of which it may be one in several.
    """

    rows: NDArray[np.float32]
    places: NDArray[np.int64]

    @classmethod
    def fit(cls, x: NDArray[np.float32], seed: int) -> Self:
        """Of training rows x (n, F) at most 10 000, drawn without replacement."""
        places = at_most(len(x), MOST_ROWS, seed)
        return cls(np.ascontiguousarray(x[places], dtype=np.float32), places)

    def distances(self, x: Any, k: int, *, training: bool = False) -> Array:
        """Euclidean distances of each row of x (n, F) to its nearest rows, (n, k) ascending; fewer where fewer rows are known.

        training: x are all the training rows themselves, in order; each is left out of its own neighbors, once: a duplicate
        of it is a neighbor at distance 0.
        """
        k = min(k, len(self.rows) - training)
        if not training:
            return np.asarray(self._search(k).kneighbors(x)[0], dtype=np.float64)
        found, index = self._search(k + 1).kneighbors(x)
        own = self.places[index] == np.arange(len(x))[:, None]
        own[~own.any(axis=1), -1] = True  # not among those known, or not found among duplicates: the last one goes
        return np.asarray(found[~own].reshape(len(x), k), dtype=np.float64)

    def companion(self) -> Companion:
        """As the store keeps it."""
        return Companion({}, {"rows": self.rows, "places": self.places})

    @classmethod
    def from_companion(cls, kept: Companion) -> Self:
        """The inverse of :meth:`companion`."""
        return cls(kept.arrays["rows"], kept.arrays["places"])

    def _search(self, k: int) -> NearestNeighbors:
        return NearestNeighbors(n_neighbors=k).fit(self.rows)
