"""Ridge regression in closed form: the best linear map from damaged rows or pictures to clean ones.

References: Hoerl & Kennard, 1970, https://doi.org/10.1080/00401706.1970.10488634; the penalty is the one of least
generalized cross-validation: Golub, Heath & Wahba, 1979, https://doi.org/10.1080/00401706.1979.10489751.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from diabolo.baselines.base import Array
from diabolo.baselines.pictures import as_pictures
from diabolo.errors import DataError, ParameterError

Pairs = Iterable[tuple[Array, Array]]

PENALTIES = tuple(float(p) for p in np.logspace(-8, 2, 21))  # shares of the mean eigenvalue of X'X
WIDEST = 4096  # columns of x; the closed form takes memory with their square and time with their cube
WINDOWS_AT_ONCE = 16_384


@final
@dataclass(frozen=True, eq=False)
class Ridge:
    """A fitted ridge regression, ``(x - center) @ weights + mean``.

    center: (d,) and mean: (e,), the means of x and y. weights: (d, e). penalty: as a share of the mean eigenvalue of the
    centered X'X. rows: how many it was fitted on. ``Ridge.of(ridge.arrays, ridge.data)`` makes it again from what a model
    folder keeps.
    """

    center: Array
    mean: Array
    weights: Array
    penalty: float
    rows: int

    @property
    def arrays(self) -> dict[str, Array]:
        """What of it is arrays, float64."""
        return {"center": self.center, "mean": self.mean, "weights": self.weights}

    @property
    def data(self) -> dict[str, Any]:
        """The rest, as JSON knows it."""
        return {"penalty": self.penalty, "rows": self.rows}

    @staticmethod
    def of(arrays: Mapping[str, Array], data: Mapping[str, Any]) -> Ridge:
        """The regression that has these ``arrays`` and this ``data``."""
        return Ridge(arrays["center"], arrays["mean"], arrays["weights"], data["penalty"], data["rows"])

    def predict(self, x: Array, bounds: tuple[float, float] | None = None) -> Array:
        """x (n, d) -> y (n, e), float32 where x is float32, else float64; cut to bounds (low, high) where some are given."""
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != len(self.center):
            raise DataError(f"Expected rows of {len(self.center)} numbers, shape (n, {len(self.center)}), got {x.shape}.")
        dtype = np.float32 if x.dtype == np.float32 else np.float64
        y = (x - self.center.astype(dtype)) @ self.weights.astype(dtype) + self.mean.astype(dtype)
        return y if bounds is None else np.clip(y, *bounds)


@final
@dataclass(frozen=True, eq=False)
class RidgeFilter:
    """A linear filter for pictures of any size: each pixel from the window of ``size`` × ``size`` around it.

    All channels go through the same filter, each by itself; borders are reflected. With a factor f above 1 the window
    gives the f × f pixels that lie under its middle. ``RidgeFilter.of(filter.arrays, filter.data)`` makes it again.
    """

    ridge: Ridge
    size: int
    factor: int

    @property
    def arrays(self) -> dict[str, Array]:
        """What of it is arrays, float64."""
        return self.ridge.arrays

    @property
    def data(self) -> dict[str, Any]:
        """The rest, as JSON knows it."""
        return self.ridge.data | {"size": self.size, "factor": self.factor}

    @staticmethod
    def of(arrays: Mapping[str, Array], data: Mapping[str, Any]) -> RidgeFilter:
        """The filter that has these ``arrays`` and this ``data``."""
        return RidgeFilter(Ridge.of(arrays, data), data["size"], data["factor"])

    def predict(self, pictures: Array) -> Array:
        """Damaged pictures (n, H, W, C) -> (n, f·H, f·W, C), cut to [0, 1]."""
        x, f = as_pictures(pictures), self.factor
        n, high, wide, channels = x.shape
        made = np.empty((n, high, f, wide, f, channels), x.dtype)
        for some, lines, rows in _windows(x, self.size):
            y = self.ridge.predict(rows, bounds=(0, 1))
            made[some, lines] = y.reshape(some.stop - some.start, -1, wide, channels, f, f).transpose(0, 1, 4, 2, 5, 3)
        return made.reshape(n, high * f, wide * f, channels)


def fit_ridge(pairs: Pairs, penalties: Sequence[float] = PENALTIES) -> Ridge:
    """The linear map of least ``|y - ŷ|² + penalty · |weights|²``, the constant not penalized.

    pairs: blocks (x (n, d), y (n, e)) of finite rows, each read once and never together in memory; X'X and X'y are added
    up in float64 about the mean of the first block. penalties: positive shares of the mean eigenvalue of X'X, so they know
    no scale; of these the one of least generalized cross-validation, summed over the columns of y, is taken.
    Raises DataError where rows do not fit each other or are not finite, or x has more than 4096 columns.

    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> fit_ridge([(x[:2], 3 * x[:2] + 1), (x[2:], 3 * x[2:] + 1)]).predict(np.array([[10.0]])).round(3)
    array([[31.]])
    """
    if not penalties or min(penalties) <= 0:
        raise ParameterError(f"Expected penalties above 0, at least one, got {tuple(penalties)}.")
    m = _moments(pairs)
    values, vectors = eigh(m.xx)
    values, along = np.maximum(values, 0.0), vectors.T @ m.xy  # (d,), (d, e)
    scale = float(values.mean()) or 1.0
    scores = [_generalized_error(m, values, along, p * scale) for p in penalties]
    penalty = float(penalties[int(np.argmin(scores))])
    return Ridge(m.center, m.mean, vectors @ (along / (values + penalty * scale)[:, None]), penalty, m.rows)


def fit_ridge_filter(
    pairs: Pairs, size: int = 7, penalties: Sequence[float] = PENALTIES, *, blind: bool = False
) -> RidgeFilter:
    """:func:`fit_ridge` from the windows of damaged pictures to the pixels of the clean ones.

    pairs: blocks of pictures (damaged (n, H, W, C), clean (n, f·H, f·W, C)) in [0, 1], of any size, f the same in all.
    size: side of the window, odd. blind: the pixel in the middle is not looked at, so that a filter from noisy pictures to the
    same noisy pictures learns what its neighbors say of it (Batson & Royer, 2019, https://arxiv.org/abs/1901.11365).
    """
    if size < 1 or size % 2 == 0:
        raise ParameterError(f"Expected the window's size to be odd, so that it has a middle, got {size}.")
    ridge = fit_ridge(_window_pairs(pairs, size, blind), penalties)
    return RidgeFilter(ridge, size, math.isqrt(len(ridge.mean)))


@final
@dataclass(frozen=True, eq=False)
class _Moments:
    """Sums over the rows, about the means center (d,) and mean (e,): xx (d, d), xy (d, e), yy the sum of squares of y."""

    rows: int
    center: NDArray[np.float64]
    mean: NDArray[np.float64]
    xx: NDArray[np.float64]
    xy: NDArray[np.float64]
    yy: float


def _moments(pairs: Pairs) -> _Moments:
    rows, about_x, about_y = 0, np.zeros(0), np.zeros(0)
    for given_x, given_y in pairs:
        x, y = _block(given_x, given_y)
        if not rows:
            about_x, about_y = x.mean(axis=0), y.mean(axis=0)
            (d, e), yy = (x.shape[1], y.shape[1]), 0.0
            sum_x, sum_y, xx, xy = np.zeros(d), np.zeros(e), np.zeros((d, d)), np.zeros((d, e))
        if (x.shape[1], y.shape[1]) != (d, e):
            raise DataError(f"Expected blocks of {d} and {e} columns as the first, got {x.shape[1]} and {y.shape[1]}.")
        x, y = x - about_x, y - about_y
        sum_x, sum_y, yy = sum_x + x.sum(axis=0), sum_y + y.sum(axis=0), yy + float(np.vdot(y, y))
        xx += x.T @ x
        xy += x.T @ y
        rows += len(x)
    if not rows:
        raise DataError("Expected pairs of rows, got none.")
    x, y = sum_x / rows, sum_y / rows  # how far the means lie from those of the first block
    xx, xy, yy = xx - rows * np.outer(x, x), xy - rows * np.outer(x, y), max(0.0, yy - rows * float(y @ y))
    return _Moments(rows, about_x + x, about_y + y, xx, xy, yy)


def _block(x: Array, y: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or 0 in (*x.shape, y.shape[1]):
        raise DataError(f"Expected x (n, d) and y (n, e) with as many rows, at least one, got {x.shape} and {y.shape}.")
    if x.shape[1] > WIDEST:
        raise DataError(
            f"Ridge regression takes rows of up to {WIDEST} numbers, got {x.shape[1]}. "
            "For larger pictures use fit_ridge_filter, which looks at a window at a time."
        )
    x, y = x.astype(np.float64), y.astype(np.float64)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError("Expected finite rows, got NaN or infinity. Drop or fill such rows first.")
    return x, y


def _generalized_error(m: _Moments, values: Array, along: Array, penalty: float) -> float:
    """``n · RSS / (n - degrees of freedom)²`` from the eigenvalues of X'X (d,) and X'Y along its eigenvectors (d, e)."""
    real = values > values.max() * len(values) * np.finfo(np.float64).eps
    s, explained = values[real], (along[real] ** 2).sum(axis=1) / values[real]  # squares of y along each direction
    rest = max(0.0, m.yy - float(explained.sum())) if len(s) < m.rows - 1 else 0.0
    left = penalty / (s + penalty)
    free = m.rows - 1 - len(s) + left.sum()
    return m.rows * (rest + float(explained @ left**2)) / max(float(free), 1e-9) ** 2


def _window_pairs(pairs: Pairs, size: int, blind: bool) -> Iterator[tuple[Array, Array]]:
    """Windows (rows, size²) and the pixels under them (rows, f²), blockwise; blind: 0 in the middle, whose weight is then 0."""
    for damaged, clean in pairs:
        x, y = as_pictures(damaged), as_pictures(clean)
        n, high, wide, channels = x.shape
        f = max(1, y.shape[1] // high)
        if y.shape != (n, high * f, wide * f, channels):
            raise DataError(
                f"Expected clean pictures as large as the damaged ones or whole times, got {x.shape} and {y.shape}."
            )
        cells = y.reshape(n, high, f, wide, f, channels)
        for some, lines, rows in _windows(x, size):
            if blind:
                rows[:, rows.shape[1] // 2] = 0
            yield rows, cells[some, lines].transpose(0, 1, 3, 5, 2, 4).reshape(len(rows), f * f)


def _windows(x: Array, size: int) -> Iterator[tuple[slice, slice, Array]]:
    """Which pictures, which of their lines, and the windows around the pixels there: (pictures · lines · W · C, size²)."""
    n, high, wide, channels = x.shape
    edge = size // 2
    lines = min(high, max(1, WINDOWS_AT_ONCE // (wide * channels)))
    together = max(1, WINDOWS_AT_ONCE // (lines * wide * channels))
    for first in range(0, n, together):
        some = slice(first, min(n, first + together))
        padded = np.pad(x[some], ((0, 0), (edge, edge), (edge, edge), (0, 0)), mode="reflect")
        views = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))  # (pictures, H, W, C, size, size)
        for top in range(0, high, lines):
            band = slice(top, min(high, top + lines))
            yield some, band, views[:, band].reshape(-1, size * size)
