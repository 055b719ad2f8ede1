"""Arithmetic of multivariate normal distributions that the densities share."""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import solve_triangular

from diabolo.densities.base import Floats
from diabolo.errors import DataError

FLOOR = 1e-6  # variance added to every standardized unit, so that units that never vary keep a density
NARROWEST = 1e-2  # the least scale of a unit, as a share of the widest unit's


def standardized(z: Floats) -> tuple[Floats, Floats, Floats]:
    """z (n, K) -> (shifted and scaled z, shift (K,), scale (K,)).

    scale is the standard deviation, but at least a hundredth of the largest, and 1 where nothing varies: with ``FLOOR``
    a dead unit is given a spread of 1e-5 of the widest one.
    """
    shift, deviation = z.mean(axis=0), z.std(axis=0)
    widest = deviation.max()
    scale = np.maximum(deviation, NARROWEST * widest) if widest > 0 else np.ones_like(deviation)
    return (z - shift) / scale, shift, scale


def log_normal(z: Floats, mean: Floats, cholesky: Floats) -> Floats:
    """``log N(z; mean, cholesky cholesky')`` in nats. z: (n, K), mean: (K,), cholesky: (K, K) lower -> (n,)."""
    white = solve_triangular(cholesky, (z - mean).T, lower=True)  # (K, n)
    log_volume = np.log(np.diag(cholesky)).sum() + 0.5 * len(mean) * math.log(2 * math.pi)
    return -0.5 * np.square(white).sum(axis=0) - log_volume


def rescaled(covariance: Floats, scale: Floats) -> Floats:
    """The (..., K, K) covariance of standardized units in the units' own scale (K,), symmetric to the last bit."""
    return 0.5 * (covariance + np.swapaxes(covariance, -1, -2)) * np.outer(scale, scale)


def cholesky_of(covariance: Floats) -> Floats:
    """The lower factor of a (..., K, K) covariance; a DataError where it is not symmetric and positive definite."""
    if not np.array_equal(covariance, np.swapaxes(covariance, -1, -2)):
        raise DataError("Expected a symmetric covariance, got one that is not.")
    try:
        return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise DataError("Expected a positive definite covariance, got one that is not.") from None
