"""A mixture of Gaussians over the codes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from diabolo.densities.base import Density, Floats, Random, codes_of, generator_of, stored_arrays, training_codes
from diabolo.densities.normal import FLOOR, cholesky_of, log_normal, rescaled, standardized
from diabolo.errors import DataError

CANDIDATES = (2, 4, 8, 16, 32)  # numbers of components that are tried after 1
ROWS = 10_000  # codes that are enough to fit to; of more, so many are drawn
ITERATIONS = 50


@final
@dataclass(frozen=True, eq=False)
class MixtureDensity(Density):
    """C Gaussians. weights: (C,), sum 1. means: (C, K). covariances: (C, K, K), positive definite.

    Fitted by expectation maximization to at most 10 000 of the codes. The number of components is doubled from 1 as long
    as the log-likelihood of a fifth of the codes, held out, grows; a component needs 2 (K + 1) codes of its own on the
    average. With fewer than that for one, its covariance is diagonal. Reference: Ghosh et al., 2020, section 4, who fit
    such a mixture to a plain autoencoder's codes after training, https://arxiv.org/abs/1903.12436.
    """

    name: ClassVar[str] = "mixture"
    weights: Floats
    means: Floats
    covariances: Floats

    @classmethod
    def fit(cls, z: Floats, random_state: Random = None, *, iterations: int = ITERATIONS) -> Self:
        """The mixture of codes z (n, K), n >= 2. ``random_state`` decides which codes are used and where the search starts.

        iterations: of expectation maximization at most, for each number of components; few are enough to tell codes apart.
        """
        z, generator = training_codes(z), generator_of(random_state)
        white, shift, scale = standardized(generator.permutation(z)[:ROWS])
        kind = "full" if len(white) >= 2 * (white.shape[1] + 1) else "diag"
        seed = int(generator.integers(2**31))
        found = _finished(white, _searched(white, kind, seed, iterations), kind, iterations)
        covariances = np.stack([np.diag(c) for c in found.covariances_]) if kind == "diag" else found.covariances_
        return cls(found.weights_ / found.weights_.sum(), found.means_ * scale + shift, rescaled(covariances, scale))

    @cached_property
    def choleskys(self) -> Floats:
        """(C, K, K), the lower factors of the covariances."""
        return cholesky_of(self.covariances)

    @property
    def components(self) -> int:
        """C, the number of Gaussians."""
        return len(self.weights)

    @property
    def dim(self) -> int:
        """K, the numbers in a code."""
        return self.means.shape[1]

    def sample(self, n: int, random_state: Random = None) -> Floats:
        """n new codes, (n, K) float64, in no order."""
        generator = generator_of(random_state)
        chosen = generator.choice(self.components, size=n, p=self.weights)  # (n,)
        z = generator.standard_normal((n, self.dim))
        for c in np.unique(chosen):
            rows = chosen == c
            z[rows] = self.means[c] + z[rows] @ self.choleskys[c].T
        return z

    def log_prob(self, z: Floats) -> Floats:
        """Log-density in nats. z: (n, K) -> (n,)."""
        z = codes_of(z, self.dim)
        terms = [np.log(w) + log_normal(z, m, c) for w, m, c in zip(self.weights, self.means, self.choleskys, strict=True)]
        return np.asarray(logsumexp(terms, axis=0))

    def to_json(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Plain JSON values, and arrays."""
        return {"name": self.name}, {"weights": self.weights, "means": self.means, "covariances": self.covariances}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of ``to_json``; a DataError where something is missing or does not fit together."""
        if dict(data) != {"name": cls.name}:
            raise DataError(f"Expected the description of a {cls.name} density, got {dict(data)!r}.")
        found = stored_arrays(cls.name, arrays, {"weights": 1, "means": 2, "covariances": 3})
        c, k = found["means"].shape
        shapes = {name: array.shape for name, array in found.items()}
        if shapes != {"weights": (c,), "means": (c, k), "covariances": (c, k, k)}:
            raise DataError(f"Expected the arrays of {c} components of {k} numbers each, got the shapes {shapes}.")
        if found["weights"].min() <= 0 or abs(found["weights"].sum() - 1) > 1e-6:
            raise DataError("Expected positive weights that sum to 1, got others.")
        cholesky_of(found["covariances"])
        return cls(found["weights"] / found["weights"].sum(), found["means"], found["covariances"])


def _searched(white: Floats, kind: str, seed: int, iterations: int) -> GaussianMixture:
    """Fitted to four fifths of the codes, with the components after which the log-likelihood of the rest grows no more."""
    held, rest = white[: len(white) // 5], white[len(white) // 5 :]
    most = min(len(rest) // (2 * (white.shape[1] + 1) if kind == "full" else 4), len(np.unique(rest, axis=0)))
    best = _fitted(rest, GaussianMixture(1, covariance_type=kind, reg_covar=FLOOR))
    best_score = best.score(held) if len(held) else np.inf
    for components in (c for c in CANDIDATES if c <= most):
        options = {"covariance_type": kind, "reg_covar": FLOOR, "tol": 1e-2, "max_iter": iterations, "random_state": seed}
        model = _fitted(rest, GaussianMixture(components, **options))
        if (score := model.score(held)) <= best_score:
            break
        best, best_score = model, score
    return best


def _finished(white: Floats, start: GaussianMixture, kind: str, iterations: int) -> GaussianMixture:
    """Expectation maximization on all codes, from the mixture that the search found."""
    begin = {"weights_init": start.weights_, "means_init": start.means_, "precisions_init": start.precisions_}
    model = GaussianMixture(
        start.n_components, covariance_type=kind, reg_covar=FLOOR, max_iter=iterations, random_state=0, **begin
    )
    return _fitted(white, model)


def _fitted(white: Floats, model: GaussianMixture) -> GaussianMixture:
    # One thread: the matrices are small, and more threads wait for each other longer than they work.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture stopped early is still a density
        return model.fit(white)
