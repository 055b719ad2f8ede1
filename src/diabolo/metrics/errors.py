"""How far a reconstruction is from its row: one number a row, a mean over the row's cells.

>>> import numpy as np
>>> x, x_hat = np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([[0.0, 0.5], [1.0, 1.0]])
>>> mse(x, x_hat).tolist()
[0.125, 0.0]
>>> row_errors("l1", x, x_hat).tolist()
[0.25, 0.0]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from diabolo.errors import DataError, ParameterError, unknown
from diabolo.maths import similarity
from diabolo.metrics.arrays import Floats, paired

Range = tuple[float, float]

CELLS_AT_ONCE = 1 << 21  # 16 MiB of float64, so that large sets are never held twice
SURE = 1e-7  # cross-entropy takes no prediction to be surer than 1 - SURE, as Keras does


def mse(x: Any, x_hat: Any, weights: Any = None) -> Floats:
    """Mean squared error, ``mean((x - x_hat)²)``. x, x_hat (n, ...) -> (n,). A NaN in a row makes that row NaN.

    weights: (n, ...), of a mean that is ``sum(weights (x - x_hat)²)`` instead, as :meth:`diabolo.records.Layout.weights` says.
    """
    return _by_row(x, x_hat, lambda a, b: np.square(a - b), weights)


def rmse(x: Any, x_hat: Any, weights: Any = None) -> Floats:
    """Root of the row's mean squared error, in the units of the data. x, x_hat (n, ...) -> (n,). weights: as of :func:`mse`."""
    return np.sqrt(mse(x, x_hat, weights))


def mae(x: Any, x_hat: Any, weights: Any = None) -> Floats:
    """Mean absolute error, ``mean(|x - x_hat|)``, also called l1. x, x_hat (n, ...) -> (n,). weights: as of :func:`mse`."""
    return _by_row(x, x_hat, lambda a, b: np.abs(a - b), weights)


def bce(x: Any, x_hat: Any, value_range: Range = (0.0, 1.0)) -> Floats:
    """Binary cross-entropy in nats a cell, ``mean(-x log x_hat - (1 - x) log(1 - x_hat))``, of cells brought to [0, 1].

    x, x_hat: (n, ...) -> (n,). x must lie in ``value_range`` (DataError). x_hat is first clipped to it, 1e-7 inside
    either end: a linear model such as PCA leaves the range, and log 0 is infinite.
    """
    low, width = _width(value_range)

    def cell(a: Floats, b: Floats) -> Floats:
        t, p = (a - low) / width, np.clip((b - low) / width, SURE, 1 - SURE)
        if t.min() < -1e-6 or t.max() > 1 + 1e-6:
            got = f"[{a.min():g}, {a.max():g}]"
            raise DataError(f"Cross-entropy expects x in [{low:g}, {low + width:g}], got values in {got}. Give value_range.")
        return -(t * np.log(p) + (1 - t) * np.log1p(-p))

    return _by_row(x, x_hat, cell)


def psnr(x: Any, x_hat: Any, value_range: Range) -> Floats:
    """Peak signal-to-noise ratio in decibels, ``10 log10((high - low)² / mse)``; higher is better, infinite where equal.

    x, x_hat: (n, ...) -> (n,). value_range: the least and greatest value a cell can have, such as (0, 255).
    Reference: Huynh-Thu & Ghanbari, 2008, https://doi.org/10.1049/el:20080522.
    """
    _, width = _width(value_range)
    with np.errstate(divide="ignore"):
        return 10.0 * np.log10(width**2 / mse(x, x_hat))


def ssim(x: Any, x_hat: Any, value_range: Range) -> Floats:
    """Structural similarity of pictures (:func:`diabolo.maths.similarity.ssim`); higher is better, 1 where equal.

    x, x_hat: (n, channels, height, width) -> (n,); rows of another shape are a DataError. value_range: the least and greatest
    value a cell can have, such as (0, 255).
    Reference: Wang, Bovik, Sheikh & Simoncelli 2004, https://doi.org/10.1109/TIP.2003.819861
    """
    a, b = paired(x, x_hat)
    _check_pictures(a.shape)
    low, width = _width(value_range)
    step = max(1, CELLS_AT_ONCE // (8 * a[0].size))  # a window has four moments, and there are as many windows as cells
    result = np.empty(len(a))
    for start in range(0, len(a), step):
        p, q = (torch.from_numpy(v[start : start + step].astype(np.float64) - low) for v in (a, b))
        result[start : start + step] = similarity.ssim(p, q, width).numpy()
    return result


METRICS: Mapping[str, Callable[..., Floats]] = MappingProxyType(
    {"mse": mse, "rmse": rmse, "mae": mae, "l1": mae, "bce": bce, "psnr": psnr, "ssim": ssim}
)
RANGED = frozenset({"bce", "psnr", "ssim"})  # those that take a value_range
WEIGHED = frozenset({"mse", "rmse", "mae", "l1"})  # those whose cells may count differently
HIGHER_IS_BETTER = frozenset({"psnr", "ssim", "tiles"})


def row_errors(name: str, x: Any, x_hat: Any, *, value_range: Range | None = None, weights: Any = None) -> Floats:
    """The metric called ``name``, one number a row: x, x_hat (n, ...) -> (n,) float64.

    value_range: the least and greatest value a cell can have. ``"psnr"`` and ``"ssim"`` need it, ``"bce"`` takes (0, 1) without
    it. ``"ssim"`` also needs the shape of the pictures, (n, channels, height, width). weights: (n, ...), how much each cell
    counts in the mean of its row, see :func:`mse`; for the metrics in ``WEIGHED``.
    Raises ParameterError for an unknown name, a missing range or weights where there can be none, DataError where x and x_hat
    do not fit each other or the metric.
    """
    if name not in METRICS:
        raise unknown("metric", name, METRICS)
    if weights is not None:
        if name not in WEIGHED:
            raise ParameterError(
                f"'{name}' has no meaning for a table with columns of several kinds. Use one of {', '.join(sorted(WEIGHED))}."
            )
        return METRICS[name](x, x_hat, weights)
    if name == "ssim":
        _check_pictures(np.shape(x))
    if name in ("psnr", "ssim") and value_range is None:
        raise ParameterError(f"'{name}' needs the value_range of the data, such as value_range=(0, 255), got none.")
    if value_range is not None and name in RANGED:
        return METRICS[name](x, x_hat, value_range)
    return METRICS[name](x, x_hat)


def _by_row(x: Any, x_hat: Any, cell: Callable[[Floats, Floats], Floats], weights: Any = None) -> Floats:
    a, b = paired(x, x_hat)
    rows = len(a)
    a, b = a.reshape(rows, -1), b.reshape(rows, -1)
    shares = None if weights is None else np.asarray(weights).reshape(rows, -1)
    step = max(1, CELLS_AT_ONCE // a.shape[1])
    result = np.empty(rows)
    for start in range(0, rows, step):
        part = slice(start, start + step)
        found = cell(a[part].astype(np.float64), b[part].astype(np.float64))
        result[part] = found.mean(axis=1) if shares is None else (found * shares[part]).sum(axis=1)
    return result


def _check_pictures(shape: tuple[int, ...]) -> None:
    if len(shape) != 4:
        raise DataError(
            f"'ssim' expects pictures, (n, channels, height, width), got the shape {tuple(shape)}. "
            "Use 'mse' or 'mae' for rows that are no pictures."
        )


def _width(value_range: Range) -> tuple[float, float]:
    low, high = (float(v) for v in value_range)
    if not (np.isfinite([low, high]).all() and high > low):
        raise ParameterError(f"value_range expects (low, high) with low < high, got {value_range!r}.")
    return low, high - low
