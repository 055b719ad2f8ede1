"""How much new rows are like real ones: two sets of rows, compared as sets."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors

from diabolo.errors import DataError, ParameterError
from diabolo.maths.nearest import nearest
from diabolo.metrics.arrays import Floats, flat_codes


def frechet_distance(real: Any, made: Any) -> float:
    """``‖m − m'‖² + tr(C + C' − 2 (C C')^½)``: the squared Fréchet distance of the two sets' Gaussians; 0 where they agree.

    real: features (n, d). made: (m, d). Means m and covariances C (of n − 1) of the features, whose choice decides what the
    figure means: name it. With fewer rows than features it is biased upwards; compare equal numbers of rows only.

    Dowson & Landau 1982, https://doi.org/10.1016/0047-259X(82)90077-X; for pictures: Heusel et al. 2017,
    https://arxiv.org/abs/1706.08500
    """
    a, b = _pair(real, made)
    between = np.square(a.mean(0) - b.mean(0)).sum()
    a, b = ((x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (a, b))
    if a.shape[1] > min(len(a), len(b)):  # tr (C C')^½ is the sum of the singular values of A B', which has rows for sides
        cross = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    else:
        root = _root(a.T @ a)
        cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ (b.T @ b) @ root), 0, None)).sum()
    return float(max(between + np.square(a).sum() + np.square(b).sum() - 2 * cross, 0.0))


def precision_recall(real: Any, made: Any, k: int = 3) -> tuple[float, float]:
    """(precision, recall): shares of the made rows that lie among the real ones, and of the real ones among the made.

    real: features (n, d). made: (m, d). A row lies among others where it is no farther from one of them than that one's k-th
    nearest of its own set. Precision falls when rows look wrong, recall when kinds of rows are missing.

    Kynkäänniemi et al. 2019, https://arxiv.org/abs/1904.06991
    """
    a, b = _pair(real, made)
    if k < 1 or k >= min(len(a), len(b)):
        raise ParameterError(f"k must be at least 1 and less than the rows, {min(len(a), len(b))}; got {k}.")
    return _covered(b, a, k), _covered(a, b, k)


def nearest_distances(rows: Any, training: Any) -> Floats:
    """The Euclidean distance of each row (m, d) to the nearest training row (n, d): (m,). Near 0: a copy."""
    a, b = _pair(training, rows)
    return np.asarray(nearest(torch.from_numpy(b), torch.from_numpy(a), 1)[1][:, 0])


def _covered(points: Floats, others: Floats, k: int) -> float:
    """The share of the points that lie within the k-th neighbor's distance of one of the others."""
    found = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(others)
    radii = found.kneighbors(return_distance=True)[0][:, -1]
    inside = 0
    for start in range(0, len(points), 1000):
        part = points[start : start + 1000]
        squares = np.square(part).sum(1)[:, None] + np.square(others).sum(1) - 2 * part @ others.T
        inside += int((np.sqrt(np.clip(squares, 0, None)) <= radii).any(1).sum())
    return inside / len(points)


def _root(covariance: Floats) -> Floats:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T)


def _pair(real: Any, made: Any) -> tuple[Floats, Floats]:
    a, b = flat_codes(real), flat_codes(made)
    if a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise DataError(f"Expected two sets of at least 2 rows with as many features, got shapes {a.shape} and {b.shape}.")
    return a, b
