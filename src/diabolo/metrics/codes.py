"""How healthy a code is: which of its units are used, how sparse it is, how many dimensions it really fills.

A unit is one number of the code. Codes of any shape (n, K, *L) are read as n rows of K·L units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DataError
from diabolo.metrics.arrays import Floats, flat_codes

Mask = NDArray[np.bool_]

ACTIVE = 0.01  # the threshold of Burda et al. on the variance of the posterior mean, and ours on the KL in nats
DEAD = 1e-6  # a unit's variance as a share of the largest unit's, at or below which it carries nothing


@final
@dataclass(frozen=True)
class CodeHealth:
    """What :func:`code_health` finds.

    units: numbers in the code. active, dead: how many of them. zeros, hoyer: sparsity in [0, 1]. effective: dimensions
    really filled, in [0, units]. kl: nats a row, None where the code has no density. kl_active: units above 0.01 nats.
    """

    units: int
    active: int
    dead: int
    zeros: float
    hoyer: float
    effective: float
    kl: float | None = None
    kl_active: int | None = None

    def to_dict(self) -> dict[str, int | float | None]:
        """Plain values by name, ready for JSON; a number that is not defined (NaN) becomes None."""
        return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in vars(self).items()}


def code_health(z: Any, kl: Any = None) -> CodeHealth:
    """All the figures of this file at once. z: codes (n, K, *L), posterior means where there are any; kl: like z, in nats."""
    flat = flat_codes(z)
    per_unit = None if kl is None else kl_per_unit(kl)
    return CodeHealth(
        units=flat.shape[1],
        active=int(active_units(flat).sum()),
        dead=int(dead_units(flat).sum()),
        zeros=zero_fraction(flat),
        hoyer=hoyer_sparsity(flat),
        effective=effective_dimension(flat),
        kl=None if per_unit is None else float(per_unit.sum()),
        kl_active=None if per_unit is None else int((per_unit > ACTIVE).sum()),
    )


def unit_variance(z: Any) -> Floats:
    """``Var_x(z)`` of every unit, dividing by n. z: codes (n, K, *L) -> (K·L,)."""
    return flat_codes(z).var(axis=0)


def active_units(mean: Any, threshold: float = ACTIVE) -> Mask:
    """Which units move with the data: ``Cov_x(E[u | x]) > threshold``, for codes trained towards a unit Gaussian.

    mean: posterior means (n, K, *L) -> (K·L,) bool. Reference: Burda, Grosse & Salakhutdinov, 2016, section 5.1,
    https://arxiv.org/abs/1509.00519. A code without a prior has no such scale; ask :func:`dead_units` about it.
    """
    return unit_variance(mean) > threshold


def dead_units(z: Any, fraction: float = DEAD) -> Mask:
    """Which units carry nothing: zero in every row, or of a variance at most ``fraction`` of the largest unit's.

    z: codes (n, K, *L) -> (K·L,) bool. The measure knows no scale, so it fits codes of any activation. Where no unit
    varies at all, all are dead.
    """
    variance = unit_variance(z)
    return variance <= fraction * variance.max()


def kl_per_unit(kl: Any) -> Floats:
    """Mean over the rows of the raw KL divergence to the prior. kl: (n, K, *L) nats -> (K·L,) nats; they sum to the KL."""
    return flat_codes(kl).mean(axis=0)


def zero_fraction(z: Any) -> float:
    """The share of numbers that are exactly zero, in [0, 1]. z: codes (n, K, *L)."""
    return float((flat_codes(z) == 0).mean())


def hoyer_sparsity(z: Any) -> float:
    """Mean over the rows of ``(√K - |z|₁ / |z|₂) / (√K - 1)``: 0 where all units are equally strong, 1 where one speaks.

    z: codes (n, K, *L). Rows of zeros only have no sparsity and are left out; NaN where none is left or K = 1.
    Reference: Hoyer, 2004, equation in section 3.1, https://www.jmlr.org/papers/v5/hoyer04a.html.

    >>> hoyer_sparsity([[0.0, 3.0, 0.0, 0.0]]), hoyer_sparsity([[1.0, 1.0, -1.0, 1.0]])
    (1.0, 0.0)
    """
    flat = flat_codes(z)
    flat = flat[np.abs(flat).max(axis=1) > 0]
    root = math.sqrt(flat.shape[1])
    if not len(flat) or root == 1:
        return math.nan
    flat = flat / np.abs(flat).max(axis=1, keepdims=True)  # so that squares neither overflow nor vanish
    ratio = np.abs(flat).sum(axis=1) / np.sqrt(np.square(flat).sum(axis=1))
    return float(((root - ratio) / (root - 1)).mean())


def effective_dimension(z: Any) -> float:
    """Participation ratio of the covariance's eigenvalues, ``(Σ λ)² / Σ λ²``: K for a round cloud, 1 for a line, 0 for a point.

    z: codes (n, K, *L). Reference: Gao et al., 2017, https://doi.org/10.1101/214262.

    >>> effective_dimension([[-1.0, 0.0], [1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
    2.0
    """
    flat = flat_codes(z)
    centered = flat - flat.mean(axis=0)
    n, k = centered.shape
    product = centered.T @ centered if k <= n else centered @ centered.T  # the two have the same nonzero eigenvalues
    squares = float(np.square(product).sum())
    return float(np.trace(product) ** 2 / squares) if squares > 0 else 0.0


def compression_ratio(row_shape: Sequence[int], code_shape: Sequence[int]) -> float:
    """Numbers in a row over numbers in its code: how many times smaller the code is, counted in numbers, not in bits.

    >>> compression_ratio((1, 28, 28), (32,))
    24.5
    """
    numbers, code = math.prod(row_shape), math.prod(code_shape)
    if numbers < 1 or code < 1:
        raise DataError(f"Expected shapes of at least one number, got {tuple(row_shape)} and {tuple(code_shape)}.")
    return numbers / code
