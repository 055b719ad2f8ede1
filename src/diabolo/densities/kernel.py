"""A small Gaussian around every code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from diabolo.densities.base import Density, Floats, Random, codes_of, generator_of, stored_arrays, training_codes
from diabolo.densities.normal import FLOOR, cholesky_of, rescaled, standardized
from diabolo.errors import DataError

ROWS = 10_000  # codes that are kept; of more, so many are drawn
AT_ONCE = 1_000


@final
@dataclass(frozen=True, eq=False)
class KernelDensity(Density):
    """The mean of n Gaussians, one at each code, all of one covariance. centers: (n, K). covariance: (K, K).

    The covariance is the codes' own, times ``n^(-2 / (K + 4))``, Scott's rule. Draws stay near codes that were seen,
    so they look like them; with few code numbers that is close, with many the rule is wide and the density is hardly more
    than one Gaussian. Reference: Scott, 1992, Multivariate density estimation, eq. 6.42, https://doi.org/10.1002/9780470316849
    """

    name: ClassVar[str] = "kernel"
    centers: Floats
    covariance: Floats

    @classmethod
    def fit(cls, z: Floats, random_state: Random = None) -> Self:
        """Around codes z (n, K), n >= 2, at most 10 000 of them, which ``random_state`` draws."""
        z = generator_of(random_state).permutation(training_codes(z))[:ROWS]
        white, _, scale = standardized(z)
        n, dim = white.shape
        own = white.T @ white / n + FLOOR * np.eye(dim)
        return cls(z, rescaled(own * n ** (-2 / (dim + 4)), scale))

    @cached_property
    def cholesky(self) -> Floats:
        """(K, K), the lower factor of the covariance."""
        return cholesky_of(self.covariance)

    @property
    def dim(self) -> int:
        """K, the numbers in a code."""
        return self.centers.shape[1]

    def sample(self, n: int, random_state: Random = None) -> Floats:
        """n new codes, (n, K) float64."""
        generator = generator_of(random_state)
        chosen = generator.integers(len(self.centers), size=n)
        return self.centers[chosen] + generator.standard_normal((n, self.dim)) @ self.cholesky.T

    def log_prob(self, z: Floats) -> Floats:
        """Log-density in nats. z: (n, K) -> (n,)."""
        z = codes_of(z, self.dim)
        centers = self._white(self.centers)
        constant = np.log(np.diag(self.cholesky)).sum() + 0.5 * self.dim * math.log(2 * math.pi) + math.log(len(centers))
        parts = [cdist(self._white(z[i : i + AT_ONCE]), centers, "sqeuclidean") for i in range(0, len(z), AT_ONCE)]
        return np.concatenate([logsumexp(-squares / 2, axis=1) for squares in parts] or [np.empty(0)]) - constant

    def _white(self, z: Floats) -> Floats:
        return np.asarray(solve_triangular(self.cholesky, z.T, lower=True).T)

    def to_json(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Plain JSON values, and arrays."""
        return {"name": self.name}, {"centers": self.centers, "covariance": self.covariance}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of ``to_json``; a DataError where something is missing or does not fit together."""
        if dict(data) != {"name": cls.name}:
            raise DataError(f"Expected the description of a {cls.name} density, got {dict(data)!r}.")
        found = stored_arrays(cls.name, arrays, {"centers": 2, "covariance": 2})
        k = found["centers"].shape[1]
        if found["covariance"].shape != (k, k):
            raise DataError(
                f"Expected a covariance of shape ({k}, {k}), as the codes have it, got {found['covariance'].shape}."
            )
        density = cls(**found)
        cholesky_of(density.covariance)
        return density
