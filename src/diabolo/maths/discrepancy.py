"""How far two sets of points are from being drawn from one distribution."""

from __future__ import annotations

import torch
from torch import Tensor

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def mmd(x: Tensor, y: Tensor) -> Tensor:
    """The squared maximum mean discrepancy of points x (n, K) and y (m, K), without bias: (), about 0 for one distribution.

    ``Σ k(x, x') / n(n−1) + Σ k(y, y') / m(m−1) − 2 Σ k(x, y) / nm`` over pairs of different points, with the sum of inverse
    multiquadratic kernels ``k(x, y) = c / (c + ‖x − y‖²)``, c = 2 K s for seven scales s from 0.1 to 10: at s = 1 the mean
    squared distance of two draws from a standard normal. Between -14 and 14; 0 where a set has fewer than two points.

    Gretton et al. 2012, lemma 6, https://jmlr.org/papers/v13/gretton12a.html; the kernel: Tolstikhin et al. 2018,
    https://arxiv.org/abs/1711.01558

    >>> float(mmd(torch.zeros(1, 2), torch.zeros(3, 2)))
    0.0
    """
    if min(len(x), len(y)) < 2:
        return x.sum() * 0
    return _mean_kernel(x, x) + _mean_kernel(y, y) - 2 * _mean_kernel(x, y)


def _mean_kernel(x: Tensor, y: Tensor) -> Tensor:
    """The mean of k over all pairs; of a set with itself, over pairs of different points."""
    squares = (x.square().sum(1)[:, None] + y.square().sum(1) - 2 * x @ y.T).clamp(min=0)
    kernel = torch.stack([c / (c + squares) for c in (2 * x.shape[1] * s for s in SCALES)]).sum(0)
    if x is not y:
        return kernel.mean()
    return (kernel.sum() - kernel.diagonal().sum()) / (len(x) * (len(x) - 1))
