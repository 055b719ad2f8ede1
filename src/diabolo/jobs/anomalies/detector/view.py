"""View: training rows measured by one ruler, and how far other rows are from them: from the nearest, and from their mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from diabolo.baselines.pca import Pca, fit_pca
from diabolo.jobs.anomalies.detector.neighbors import Neighbors, Places
from diabolo.jobs.anomalies.detector.ruler import Ruler
from diabolo.trained import Companion

FLOOR = 0.1
"""Of the mean variance: added to that along each principal axis, so that directions of hardly any do not decide alone."""
Array = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False)
class View:
    """ruler: the measure. pca: of all training rows, every axis. neighbors: those of them that rows are compared with."""

    ruler: Ruler
    pca: Pca
    neighbors: Neighbors

    @classmethod
    def fit(cls, ruler: Ruler, v: Array, kept: Places, places: Places) -> Self:
        """Of training rows v (n, F), to which the ruler was fitted.

        kept: (m,), which of them rows are to be compared with. places: (n,), what the rows are numbered by.
        """
        x = ruler.measured(v)
        return cls(ruler, fit_pca(x, x.shape[1]), Neighbors(np.ascontiguousarray(x[kept]), places[kept]))

    def among(self, v: Array, places: Places) -> Self:
        """The same with other training rows v (m, F) to be compared with, numbered by places (m,)."""
        return type(self)(self.ruler, self.pca, Neighbors(self.ruler.measured(v), places))

    def near(self, v: Array, ks: Sequence[int], own: Places | None) -> Array:
        """The distance to the k-th nearest row for each of ks, (n, len(ks)); to the farthest where fewer are known. own: see
        :meth:`Neighbors.distances`."""
        found = self.neighbors.distances(self.ruler.measured(v), max(ks), own)
        return found[:, [min(k, found.shape[1]) - 1 for k in ks]]

    def far(self, v: Array) -> Array:
        """``Σ z² / (variance + floor)`` over the principal axes, (n,): the squared distance from the mean in units of each axis
        (Mahalanobis), with a floor under the variances."""
        z = self.pca.transform(self.ruler.measured(v)).astype(np.float64)
        explained = np.asarray(self.pca.explained, dtype=np.float64)
        return np.asarray((np.square(z) / (explained + FLOOR * max(explained.mean(), 1e-12))).sum(axis=1))

    def companions(self) -> dict[str, Companion]:
        """As the store keeps it."""
        arrays = {name: np.asarray(getattr(self.pca, name)) for name in ("mean", "components", "explained")}
        linear = Companion({"total": float(self.pca.total)}, arrays)
        return {"ruler": self.ruler.companion(), "linear": linear, "neighbors": self.neighbors.companion()}

    @classmethod
    def from_companions(cls, kept: Mapping[str, Companion]) -> Self:
        """The inverse of :meth:`companions`."""
        pca = Pca(**kept["linear"].arrays, total=kept["linear"].data["total"])
        return cls(Ruler.from_companion(kept["ruler"]), pca, Neighbors.from_companion(kept["neighbors"]))
