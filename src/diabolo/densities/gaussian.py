"""One Gaussian over the codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from diabolo.densities.base import Density, Floats, Random, codes_of, generator_of, stored_arrays, training_codes
from diabolo.densities.normal import FLOOR, cholesky_of, log_normal, rescaled, standardized
from diabolo.errors import DataError


@final
@dataclass(frozen=True, eq=False)
class GaussianDensity(Density):
    """A Gaussian of full covariance. mean: (K,). covariance: (K, K), positive definite.

    Fitted by maximum likelihood (1 / n). Up to K + 1 codes span no volume; their covariance is then shrunk towards equal
    variances (Ledoit & Wolf, 2004, https://doi.org/10.1016/S0047-259X(03)00096-4). A millionth of each unit's variance
    is added, so that units that never vary do no harm.

    >>> density = GaussianDensity.fit(np.random.default_rng(0).normal(3.0, 2.0, size=(1000, 2)))
    >>> density.sample(4, random_state=0).shape, density.log_prob(np.full((1, 2), 3.0)).round(0).tolist()
    ((4, 2), [-3.0])
    """

    name: ClassVar[str] = "gaussian"
    mean: Floats
    covariance: Floats

    @classmethod
    def fit(cls, z: Floats, random_state: Random = None) -> Self:
        """The Gaussian of codes z (n, K), n >= 2. Nothing is drawn: ``random_state`` is there for all densities alike."""
        white, shift, scale = standardized(training_codes(z))
        n, dim = white.shape
        covariance = ledoit_wolf(white, assume_centered=True)[0] if n <= dim + 1 else white.T @ white / n
        return cls(shift, rescaled(covariance + FLOOR * np.eye(dim), scale))

    @cached_property
    def cholesky(self) -> Floats:
        """(K, K), the lower factor of the covariance."""
        return cholesky_of(self.covariance)

    @property
    def dim(self) -> int:
        """K, the numbers in a code."""
        return len(self.mean)

    def sample(self, n: int, random_state: Random = None) -> Floats:
        """n new codes, (n, K) float64."""
        return self.mean + generator_of(random_state).standard_normal((n, self.dim)) @ self.cholesky.T

    def log_prob(self, z: Floats) -> Floats:
        """Log-density in nats. z: (n, K) -> (n,)."""
        return log_normal(codes_of(z, self.dim), self.mean, self.cholesky)

    def to_json(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Plain JSON values, and arrays."""
        return {"name": self.name}, {"mean": self.mean, "covariance": self.covariance}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of ``to_json``; a DataError where something is missing or does not fit together."""
        if dict(data) != {"name": cls.name}:
            raise DataError(f"Expected the description of a {cls.name} density, got {dict(data)!r}.")
        found = stored_arrays(cls.name, arrays, {"mean": 1, "covariance": 2})
        k = len(found["mean"])
        if found["covariance"].shape != (k, k):
            raise DataError(f"Expected a covariance of shape ({k}, {k}), as the mean has it, got {found['covariance'].shape}.")
        density = cls(**found)
        cholesky_of(density.covariance)
        return density
