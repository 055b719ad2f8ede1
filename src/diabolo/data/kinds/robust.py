"""Robust scaling: columns of numbers centered and scaled by what most cells say, skewed and heavy tails bent in."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self, final

import numpy as np
import torch
from torch import Tensor

NORMAL_QUARTILES = 1.3489795003921634
"""The distance between the quartiles of the standard normal distribution."""

TAIL, TAIL_REACH, REACH = 0.005, 5.0, 12.0
"""A column is bent where a share ``TAIL`` of its cells at one end lies beyond ``TAIL_REACH``, or any cell beyond ``REACH``, in
units of its spread: of a normal distribution 0.5 % lie beyond 2.6, and no cell of a million beyond 5."""

LEAST_FACTOR = 0.1
"""Smallest standard deviation that is brought to 1: rare deviations of columns that hardly vary stay within bounds."""

_SMALLEST_SPREAD = 1e-12


@final
@dataclass(frozen=True, eq=False)
class RobustScaling:
    """``u = (v - center) / spread``, bent columns ``u = asinh(u)``, then ``x = (u - shift) / factor``, of c columns.

    center: the median. spread: the distance between the quartiles, over that of the standard normal distribution; where it
    is 0, because more than half of the cells agree, the median distance of the other cells from them. shift, factor: of bent
    columns, mean and standard deviation of u between its 0.5 and 99.5 % quantiles; of others 0, and that standard
    deviation. constant: columns in which all cells of training agree, or none is there; then x = v - center.

    All are (c,): constant and bent bool, the others float64.
    """

    center: Tensor
    spread: Tensor
    bent: Tensor
    shift: Tensor
    factor: Tensor
    constant: Tensor

    @classmethod
    def fit(cls, columns: list[np.ndarray]) -> Self:
        """The scaling for columns of finite float64 cells, each with as many as are not missing; none is allowed."""
        rows = [_fitted(column) for column in columns]
        parts = zip(*rows, strict=True) if rows else [[] for _ in fields(cls)]
        kinds = (torch.float64, torch.float64, torch.bool, torch.float64, torch.float64, torch.bool)
        return cls(*(torch.tensor(list(part), dtype=dtype) for part, dtype in zip(parts, kinds, strict=True)))

    def to(self, device: torch.device, dtype: torch.dtype) -> Self:
        """On a device, floats in a dtype."""
        moved = (getattr(self, f.name) for f in fields(self))
        return type(self)(*(t.to(device) if t.dtype == torch.bool else t.to(device, dtype) for t in moved))

    def inside(self, v: Tensor) -> Tensor:
        """Cells (N, c) as numbers around 0 of about unit spread; NaN stays NaN."""
        u = (v - self.center) / self.spread
        return (torch.where(self.bent, u.asinh(), u) - self.shift) / self.factor

    def outside(self, x: Tensor) -> Tensor:
        """The inverse of :meth:`inside`."""
        u = x * self.factor + self.shift
        return torch.where(self.bent, u.sinh(), u) * self.spread + self.center

    def log_slope(self, x: Tensor) -> Tensor:
        """log |dx/dv| of each cell, (N, c): ``-log(spread * factor)``, of bent columns also ``-log cosh(u)``."""
        u = (x * self.factor + self.shift).abs()
        log_cosh = u + torch.log1p(torch.exp(-2 * u)) - np.log(2)
        return -(self.spread * self.factor).log() - torch.where(self.bent, log_cosh, 0.0)


def _fitted(v: np.ndarray) -> tuple[float, float, bool, float, float, bool]:
    """Center, spread, bent, shift, factor, constant of one column (m,)."""
    if len(v) == 0:
        return 0.0, 1.0, False, 0.0, 1.0, True
    low, high = float(v.min()), float(v.max())
    if low == high:
        return low, 1.0, False, 0.0, 1.0, True
    first, center, third = (float(q) for q in np.quantile(v, (0.25, 0.5, 0.75)))
    spread = max(_spread(v, first, center, third), _SMALLEST_SPREAD * (high - low))
    u = (v - center) / spread
    below, above = np.quantile(u, (TAIL, 1 - TAIL))
    bent = bool(max(-below, above) > TAIL_REACH or max(-u.min(), u.max()) > REACH)
    u = np.arcsinh(u) if bent else u
    usual = np.clip(u, *np.quantile(u, (TAIL, 1 - TAIL)))
    factor = max(float(usual.std()), LEAST_FACTOR)
    return center, spread, bent, float(usual.mean()) if bent else 0.0, factor, False


def _spread(v: np.ndarray, first: float, center: float, third: float) -> float:
    if third > first:
        return (third - first) / NORMAL_QUARTILES
    return float(np.median(np.abs(v[v != center] - center)))
