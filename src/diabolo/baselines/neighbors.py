"""How far a row is from the nearest training rows: the plainest detector of what does not belong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from diabolo.baselines.base import Array, finite_mean, training_rows
from diabolo.errors import DataError, ParameterError, unknown

WHICH = ("kth", "mean")


@final
@dataclass(frozen=True, eq=False)
class NearestRows:
    """Euclidean distances to training rows, exact, blockwise by matrix products (scikit-learn's brute force).

    rows: (n, d), float32 or float64. k: how many neighbors. which: "kth" scores by the distance to the k-th, "mean" by the
    mean of the k distances. References: Ramaswamy, Rastogi & Shim, 2000, https://doi.org/10.1145/342009.335437 (the k-th);
    Angiulli & Pizzuti, 2002, https://doi.org/10.1007/3-540-45681-3_2 (all k).
    """

    rows: Array
    k: int
    which: Literal["kth", "mean"]

    def score(self, x: Array) -> NDArray[np.float64]:
        """x (m, d) -> (m,) in the units of x; larger is farther from the training rows. A training row is its own nearest."""
        distances = self.distances(x)
        return distances[:, -1] if self.which == "kth" else distances.mean(axis=1)

    def distances(self, x: Array) -> NDArray[np.float64]:
        """x (m, d) -> (m, k): the distances to the k nearest training rows, the nearest first."""
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != self.rows.shape[1] or not np.isfinite(x).all():
            raise DataError(f"Expected finite rows of {self.rows.shape[1]} numbers, got {x.dtype} of shape {x.shape}.")
        if not len(x):
            return np.empty((0, self.k))
        found = NearestNeighbors(n_neighbors=self.k, algorithm="brute").fit(self.rows)
        return np.asarray(found.kneighbors(x.astype(self.rows.dtype, copy=False))[0], dtype=np.float64)


def fit_nearest_rows(x_train: Array, k: int = 5, which: Literal["kth", "mean"] = "kth") -> NearestRows:
    """Keeps the training rows (n, d), finite numbers; k is cut to n. Floats of 64 bits stay so, other numbers become float32.

    >>> fit_nearest_rows(np.array([[0.0], [1.0], [5.0]]), k=2).score(np.array([[0.0], [9.0]]))
    array([1., 8.])
    """
    x = training_rows(x_train)
    finite_mean(x)
    if k < 1:
        raise ParameterError(f"Expected k of at least 1, got {k}.")
    if which not in WHICH:
        raise unknown("way to score by neighbors", which, WHICH)
    return NearestRows(x if x.dtype == np.float64 else x.astype(np.float32, copy=False), min(k, len(x)), which)
