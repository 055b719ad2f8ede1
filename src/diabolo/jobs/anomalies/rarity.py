"""Rarity: how rare the code of a row is among training codes, by a density fitted to them once and kept beside the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np

from diabolo.baselines.pca import fit_pca
from diabolo.densities.mixture import MixtureDensity
from diabolo.jobs.anomalies.calibration import CODES, calibration
from diabolo.trained import Companion, Trained

NAME = "rarity"
NUMBERS = 64
"""Numbers in a code that a density is fitted to; wider ones go through PCA first."""
PCA_CODES = 1_000
"""Codes that this PCA is fitted to."""
ITERATIONS = 5
"""Of expectation maximization. On MNIST, one digit normal, 5 told the others apart as well as 50, in a third of the time."""


@final
@dataclass(frozen=True, eq=False)
class Rarity:
    """Minus the log-density of codes, in nats.

    density: a mixture of Gaussians over codes (k,). mean, axes: (K,) and (k, K), where the codes have K > k numbers: they are
    brought to ``(z - mean) axes'`` first; None where they have not.
    """

    density: MixtureDensity
    mean: np.ndarray | None = None
    axes: np.ndarray | None = None

    def of(self, codes: Any) -> np.ndarray:
        """codes (n, K) -> (n,) float64, higher is rarer."""
        z = np.asarray(codes, dtype=np.float64)
        if self.mean is not None and self.axes is not None:
            z = (z - self.mean) @ self.axes.T
        return -self.density.log_prob(z)

    def companion(self) -> Companion:
        """As the store keeps it."""
        data, arrays = self.density.to_json()
        own = {} if self.mean is None or self.axes is None else {"mean": self.mean, "axes": self.axes}
        return Companion({"density": data}, {k: np.ascontiguousarray(v) for k, v in (arrays | own).items()})

    @classmethod
    def from_companion(cls, kept: Companion) -> Self:
        """The inverse of :meth:`companion`. Raises DataError where its parts do not fit together."""
        arrays = dict(kept.arrays)
        mean, axes = arrays.pop("mean", None), arrays.pop("axes", None)
        return cls(MixtureDensity.from_json(kept.data["density"], arrays), mean, axes)


def fit_rarity(codes: Any) -> Rarity:
    """The rarity among codes (n, K), n >= 2; always the same for the same codes."""
    z = np.asarray(codes, dtype=np.float64)
    if z.shape[1] <= NUMBERS:
        return Rarity(MixtureDensity.fit(z, random_state=0, iterations=ITERATIONS))
    pca = fit_pca(z[:: -(-len(z) // PCA_CODES)], NUMBERS)
    return Rarity(MixtureDensity.fit(pca.transform(z), random_state=0, iterations=ITERATIONS), pca.mean, pca.components)


def rarity(trained: Trained) -> Rarity:
    """What travels with the model; fitted to its codes where none does."""
    kept = trained.companions.get(NAME)
    return fit_rarity(trained.companions[CODES].arrays["z"]) if kept is None else Rarity.from_companion(kept)


def with_rarity(trained: Trained) -> Trained:
    """The model with the density of its codes, fitted now where it has none; as it is where rows cannot be judged by it.

    Training leaves it out, since it takes longer than some trainings; it is made when rows are first judged, or the model kept.
    """
    if NAME in trained.companions or calibration(trained) is None or len(trained.companions[CODES].arrays["z"]) < 2:
        return trained
    return trained.with_companion(NAME, rarity(trained).companion())
