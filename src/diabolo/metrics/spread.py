"""How codes lie: how far two sets of them are from each other, and one from a normal distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from diabolo.errors import DataError
from diabolo.metrics.arrays import Floats, flat_codes

AT_ONCE = 1_000


def energy_coefficient(x: Any, y: Any) -> float:
    """``(2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖) / 2 E‖X − Y‖``, in [0, 1]: 0 for sets of one distribution.

    x: (n, K), y: (m, K). Means over all pairs, a point's with itself among them, so that it is never negative and a little
    above 0 by chance: about ``(1/n + 1/m) / 2``. Székely & Rizzo 2013, https://doi.org/10.1016/j.jspi.2013.03.018
    """
    a, b = flat_codes(x), flat_codes(y)
    if a.shape[1] != b.shape[1]:
        raise DataError(f"Expected two sets of codes with as many numbers, got shapes {a.shape} and {b.shape}.")
    between = _mean_distance(a, b)
    return max(0.0, 1 - (_mean_distance(a, a) + _mean_distance(b, b)) / (2 * between)) if between > 0 else 0.0


def kurtosis(z: Any) -> float:
    """Mardia's kurtosis over that of a normal distribution: ``mean((z − m)' C⁻¹ (z − m))² / K (K + 2)``; 1 where normal.

    z: (n, K), more rows than numbers. Above 1 where a few codes lie far out, below 1 where codes fill a shell or a box. Numbers
    that do not vary are left out; NaN where rows are too few. Mardia 1970, https://doi.org/10.1093/biomet/57.3.519
    """
    flat = flat_codes(z)
    flat = flat[:, flat.std(axis=0) > 0]
    n, k = flat.shape
    if not 0 < k < n:
        return float("nan")
    centered = flat - flat.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centered, full_matrices=False)
    kept = sizes > sizes.max() * 1e-6
    squares = n * np.square(left[:, kept]).sum(axis=1)
    k = int(kept.sum())
    return float(np.square(squares).mean() / (k * (k + 2)))


def _mean_distance(a: Floats, b: Floats) -> float:
    total = 0.0
    for start in range(0, len(a), AT_ONCE):
        part = a[start : start + AT_ONCE]
        squares = np.square(part).sum(1)[:, None] + np.square(b).sum(1) - 2 * part @ b.T
        if a is b:
            squares[np.arange(len(part)), start + np.arange(len(part))] = 0.0  # rounding leaves more than nothing
        total += float(np.sqrt(np.clip(squares, 0, None)).sum())
    return total / (len(a) * len(b))
