"""Principal component analysis: the best linear autoencoder there is, in closed form.

References: Eckart & Young, 1936, https://doi.org/10.1007/BF02288367; Baldi & Hornik, 1989,
https://doi.org/10.1016/0893-6080(89)90014-2 (a linear autoencoder's optimum is this subspace).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from sklearn.decomposition import PCA

from diabolo.baselines.base import Array, Baseline, finite_mean, training_rows
from diabolo.errors import ParameterError

EXACT = 4096  # the widest matrix that is decomposed exactly
ROWS_AT_ONCE = 4096


@final
@dataclass(frozen=True, eq=False)
class Pca(Baseline):
    """A fitted PCA.

    mean: (d,). components: (k, d), orthonormal rows, the direction of the largest variance first; each has its largest
    entry positive. explained: (k,), variance along each (n - 1 in the denominator). total: variance of all the columns.
    """

    name: ClassVar[str] = "pca"
    mean: Array
    components: Array
    explained: Array
    total: float

    @property
    def shares(self) -> Array:
        """(k,), the part of the total variance each component explains, in [0, 1]; 0 where nothing varies."""
        return self.explained / self.total if self.total > 0 else np.zeros_like(self.explained)

    def transform(self, x: Array) -> Array:
        """x (n, d) -> codes (n, k)."""
        x = self.rows(x)
        return (x - self.mean.astype(x.dtype)) @ self.components.T.astype(x.dtype)

    def inverse_transform(self, z: Array) -> Array:
        """codes (n, k) -> rows (n, d)."""
        z = np.asarray(z)
        dtype = np.float32 if z.dtype == np.float32 else np.float64
        return z.astype(dtype, copy=False) @ self.components.astype(dtype) + self.mean.astype(dtype)

    def reconstruct(self, x: Array) -> Array:
        """x (n, d) -> (n, d): ``inverse_transform(transform(x))``, the nearest point of the plane."""
        return self.inverse_transform(self.transform(x))


def fit_pca(x_train: Array, k: int, *, random_state: int = 0) -> Pca:
    """The k directions of largest variance, min(k, n, d) of them. x_train: (n, d) finite numbers.

    Exact, from an eigendecomposition in float64 of the (d, d) covariance or, where rows are fewer than columns, of the
    (n, n) matrix of inner products. Only where both n and d exceed 4096 it is scikit-learn's randomized SVD, which
    ``random_state`` seeds. Directions beyond the rank of the data are orthonormal with nothing to explain.

    >>> pca = fit_pca(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), k=1)
    >>> pca.components.round(4).tolist(), pca.shares.round(4).tolist()
    ([[0.7071, 0.7071]], [1.0])
    """
    x = training_rows(x_train)
    if k < 1:
        raise ParameterError(f"PCA needs k of at least 1, got {k}.")
    n, d = x.shape
    k, mean = min(k, n, d), finite_mean(x)
    if min(n, d) > EXACT:
        return _randomized(x, mean, k, random_state)
    if d <= n:
        return fit_pca_in_blocks((x[start : start + ROWS_AT_ONCE] for start in range(0, n, ROWS_AT_ONCE)), k)
    components, explained, total = _from_products(x, mean, k)
    return Pca(mean, _signed(components), np.maximum(explained, 0.0), total)


def fit_pca_in_blocks(blocks: Iterable[Array], k: int) -> Pca:
    """:func:`fit_pca` of finite rows that come in blocks (n, d) and are never together in memory; in all at least d of them.

    Blocks of float32 are multiplied in float32, about the mean of the first block, and added up in float64.
    """
    rows, about, scatter = 0, np.zeros(0), np.zeros((0, 0))
    for block in blocks:
        if not rows:
            about = finite_mean(block)
            moved, scatter = np.zeros_like(about), np.zeros((len(about), len(about)))
        part = block - about.astype(np.float32 if block.dtype == np.float32 else np.float64)
        moved += part.sum(axis=0, dtype=np.float64)
        scatter += part.T @ part
        rows += len(block)
    d, moved = len(about), moved / rows
    covariance = (scatter - rows * np.outer(moved, moved)) / max(1, rows - 1)
    values, vectors = eigh(covariance, subset_by_index=[d - min(k, d), d - 1])
    return Pca(about + moved, _signed(vectors.T[::-1]), np.maximum(values[::-1], 0.0), float(np.trace(covariance)))


def _from_products(x: Array, mean: Array, k: int) -> tuple[Array, Array, float]:
    centered = x - mean
    products = centered @ centered.T / max(1, len(x) - 1)
    values, vectors = eigh(products, subset_by_index=[len(x) - k, len(x) - 1])
    # v'X has length sqrt(λ); QR makes the rows orthonormal also where λ is zero and leaves the others as they are.
    directions = np.linalg.qr((vectors[:, ::-1].T @ centered).T)[0].T
    return directions, values[::-1], float(np.trace(products))


def _randomized(x: Array, mean: Array, k: int, random_state: int) -> Pca:
    floats = x if x.dtype == np.float32 else x.astype(np.float64, copy=False)
    fitted = PCA(k, svd_solver="randomized", random_state=random_state).fit(floats)
    components = _signed(np.asarray(fitted.components_, dtype=np.float64))
    total = float(x.var(axis=0, dtype=np.float64, ddof=1).sum())
    return Pca(mean, components, np.asarray(fitted.explained_variance_, dtype=np.float64), total)


def _signed(components: Array) -> NDArray[np.float64]:
    largest = np.abs(components).argmax(axis=1)
    signs = np.where(components[np.arange(len(components)), largest] < 0, -1.0, 1.0)
    return np.ascontiguousarray(components * signs[:, None], dtype=np.float64)
