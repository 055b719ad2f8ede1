"""Hidden pixels filled in without a network: by a smooth surface, by a Gaussian given what is visible.

Pictures are (n, H, W, C) floats in [0, 1], hidden is (n, H, W) bool, True where a pixel is to be filled in; the others stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, inv
from sklearn.covariance import ledoit_wolf_shrinkage

from diabolo.baselines.base import Array, finite_mean, training_rows
from diabolo.baselines.pictures import as_hidden, as_pictures, one_by_one, restoration
from diabolo.errors import DataError


def biharmonic(x: Array, hidden: Array) -> Array:
    """Hidden pixels become the surface whose bilaplacian is zero, which meets the visible ones smoothly.

    It is cut to the least and the greatest visible value of each channel. A picture needs a visible pixel. By scikit-image.
    Reference: Damelin & Hoang, 2018, https://doi.org/10.1155/2018/3950312.
    """
    tools = restoration("Biharmonic inpainting")
    x = as_pictures(x)
    hidden = as_hidden(hidden, x.shape[:3])
    blind = np.flatnonzero(hidden.all(axis=(1, 2)))
    if len(blind):
        raise DataError(f"Expected a visible pixel in every picture, picture {blind[0]} has none. Leave such pictures out.")

    def change(picture: Array, gone: Array) -> Array:
        return tools.inpaint_biharmonic(picture, gone, channel_axis=-1) if gone.any() else picture

    return one_by_one(change, x, hidden)


@final
@dataclass(frozen=True, eq=False)
class ConditionalGaussian:
    """A Gaussian over all cells of a row, which fills in ``E[hidden | visible]``.

    mean: (d,). covariance: (d, d), positive definite. shrinkage: in [0, 1], how far it was moved towards a multiple of the
    identity. ``ConditionalGaussian.of(g.arrays, g.data)`` makes it again from what a model folder keeps.
    """

    mean: Array
    covariance: Array
    shrinkage: float

    @property
    def arrays(self) -> dict[str, Array]:
        """What of it is arrays, float64."""
        return {"mean": self.mean, "covariance": self.covariance}

    @property
    def data(self) -> dict[str, Any]:
        """The rest, as JSON knows it."""
        return {"shrinkage": self.shrinkage}

    @staticmethod
    def of(arrays: Mapping[str, Array], data: Mapping[str, Any]) -> ConditionalGaussian:
        """The one that has these ``arrays`` and this ``data``."""
        return ConditionalGaussian(arrays["mean"], arrays["covariance"], data["shrinkage"])

    def fill(self, x: Array, hidden: Array, bounds: tuple[float, float] | None = None) -> Array:
        """x (n, d) with hidden (n, d), or pictures (n, H, W, C) with hidden (n, H, W) -> x with the hidden cells filled in.

        float32 where x is float32, else float64, computed in float64; filled cells are cut to bounds (low, high) where some
        are given. What stood in hidden cells is not looked at. Of two equal formulas each row takes the one with the smaller
        matrix to factorize, ``Σ_hv Σ_vv⁻¹ (v - μ_v)`` or, by the precision matrix P, ``-P_hh⁻¹ P_hv (v - μ_v)``; rows that hide
        the same cells share the factorization.
        """
        rows, gone = self._rows(np.asarray(x), hidden)
        apart = np.where(gone, 0.0, rows - self.mean)  # (n, d), visible cells only
        if not np.isfinite(apart).all():
            raise DataError("Expected finite numbers in the visible cells, got NaN or infinity. Hide such cells.")
        few = 2 * gone.sum(axis=1) < gone.shape[1]  # (n,)
        precision = inv(self.covariance) if few.any() else self.covariance
        apart[few] = apart[few] @ -precision
        for same, cells in _alike(gone):
            matrix, block = (precision, cells) if few[same[0]] else (self.covariance, ~cells)
            at = np.flatnonzero(block)
            factor = cho_factor(matrix[np.ix_(at, at)], overwrite_a=True, check_finite=False)
            apart[np.ix_(same, at)] = cho_solve(factor, apart[np.ix_(same, at)].T, check_finite=False).T
        apart[~few] = apart[~few] @ self.covariance
        filled = self.mean + apart  # right in hidden cells
        filled = filled if bounds is None else np.clip(filled, *bounds)
        dtype = np.float32 if rows.dtype == np.float32 else np.float64
        return np.where(gone, filled, rows).astype(dtype).reshape(np.shape(x))

    def _rows(self, x: Array, hidden: Array) -> tuple[Array, Array]:
        pictures = x.ndim == 4
        gone = as_hidden(hidden, x.shape[:3] if pictures else x.shape)
        if x.ndim not in (2, 4) or int(np.prod(x.shape[1:])) != len(self.mean):
            raise DataError(f"Expected rows of {len(self.mean)} cells, (n, d) or (n, H, W, C), got {x.shape}.")
        if pictures:
            gone = np.broadcast_to(gone[..., None], x.shape)
        return x.reshape(len(x), len(self.mean)), gone.reshape(len(x), len(self.mean))


def fit_conditional_gaussian(x_train: Array) -> ConditionalGaussian:
    """Mean and covariance of training rows (n, d), the covariance shrunk so that it can be inverted: no number to choose.

    ``(1 - s) · S + s · trace(S) / d · I`` with the s of Ledoit & Wolf, 2004, https://doi.org/10.1016/S0047-259X(03)00096-4.
    """
    x = training_rows(x_train)
    mean = finite_mean(x)
    centered = x - mean  # (n, d) float64
    covariance = centered.T @ centered / len(x)
    level = float(np.trace(covariance)) / len(mean)
    if not level > 0:  # nothing varies: any Gaussian about the mean gives the mean
        return ConditionalGaussian(mean, np.eye(len(mean)), 1.0)
    s = max(float(ledoit_wolf_shrinkage(centered, assume_centered=True)), 1e-6)
    return ConditionalGaussian(mean, (1 - s) * covariance + s * level * np.eye(len(mean)), s)


def _alike(hidden: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.bool_]]]:
    """Groups of rows that hide the same cells and not none: which rows, which cells (d,)."""
    _, group = np.unique(np.packbits(hidden, axis=1), axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(group.ravel()))[:-1]):
        cells: NDArray[np.bool_] = np.any(hidden[rows[:1]], axis=0)
        if cells.any():
            yield rows, cells
