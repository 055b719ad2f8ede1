"""What a number of nats can buy: the least error with which independent Gaussians can be told."""

from __future__ import annotations

from typing import Any

import numpy as np

from diabolo.errors import DataError, ParameterError


def gaussian_distortion(variances: Any, nats: float) -> float:
    """``Σ min(θ, λ_i)`` with ``½ Σ max(0, log(λ_i / θ)) = nats``: the sum of squared errors, by reverse water-filling.

    variances: (k,) λ_i >= 0, of independent normal numbers. nats: how much may be told about all of them together, a row. The
    sum of the variances for 0 nats; it falls towards 0 as nats grow. No code tells Gaussians of these variances better.

    Cover & Thomas 2006, Elements of Information Theory, theorem 10.3.3.

    >>> gaussian_distortion([1.0, 1.0], 0.0), round(gaussian_distortion([1.0, 1.0], 2.0), 4)  # 2 · e^(-2)
    (2.0, 0.2707)
    """
    given = np.asarray(variances, dtype=np.float64)
    if given.ndim != 1 or not np.isfinite(given).all() or (given < 0).any():
        raise DataError(f"Expected variances (k,), finite and at least 0, got {variances!r}.")
    if not nats >= 0:
        raise ParameterError(f"nats must be at least 0, got {nats!r}.")
    told = np.sort(given[given > 0])[::-1]
    if not len(told):
        return 0.0
    counts = np.arange(1, len(told) + 1)
    level = (np.cumsum(np.log(told)) - 2 * nats) / counts  # (k,): log θ where the first i numbers are told
    used = int(np.flatnonzero(np.log(told) >= level)[-1]) + 1
    return float(used * np.exp(level[used - 1]) + told[used:].sum())
