"""PCA whose coefficients are rounded to whole bits: what a linear method makes of as many bits as a discrete code has.

References: reverse water-filling, Cover & Thomas 2006, section 10.3.3 (theorem 10.3.3),
https://doi.org/10.1002/047174882X; uniform quantizers of a Gaussian, Max 1960, table II,
https://doi.org/10.1109/TIT.1960.1057548.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from diabolo.baselines.base import Array, Baseline
from diabolo.baselines.pca import Pca
from diabolo.errors import ParameterError

MOST_BITS = 12  # a coefficient; at 12 its error is a four-millionth of its variance


@final
@dataclass(frozen=True, eq=False)
class QuantizedPca(Baseline):
    """A PCA that stores each row in ``sum(rates)`` bits.

    mean: (d,). pca: the plane. rates: (k,), whole bits a component; 0 for those that are left out. A component of variance v
    and b bits is rounded to the middles of 2^b steps of equal width, centered about 0, as is best for a Gaussian of that
    variance; what lies outside goes to the outermost step.
    """

    name: ClassVar[str] = "pca-bits"
    mean: Array
    pca: Pca
    rates: NDArray[np.int64]

    @classmethod
    def of(cls, pca: Pca, bits: int) -> Self:
        """The whole bits allotted to the components of a fitted PCA by :func:`allotted`."""
        return cls(pca.mean, pca, allotted(pca.explained, bits))

    @property
    def used(self) -> int:
        """How many components have bits."""
        return int((self.rates > 0).sum())

    @property
    def unrounded(self) -> Pca:
        """The PCA of the components that have bits, their numbers as they are: what rounding costs is what this one gains."""
        kept = self.rates > 0
        return Pca(self.mean, self.pca.components[kept], self.pca.explained[kept], self.pca.total)

    def indices(self, x: Array) -> NDArray[np.int64]:
        """x (n, d) -> (n, k), which step each coefficient lies in, from 0: what would be stored."""
        cells = 2**self.rates
        steps = np.floor(self.pca.transform(x) / self._widths()) + cells // 2
        return np.clip(np.where(self.rates > 0, steps, 0), 0, cells - 1).astype(np.int64)

    def reconstruct(self, x: Array) -> Array:
        """x (n, d) -> (n, d), by way of the whole numbers of :meth:`indices`."""
        indices = self.indices(x)
        middles = (indices - (2**self.rates - 1) / 2) * self._widths()  # 0 where there are no bits
        dtype = np.float32 if np.asarray(x).dtype == np.float32 else np.float64
        return self.pca.inverse_transform(middles.astype(dtype))

    def _widths(self) -> NDArray[np.float64]:
        """(k,), of a step; 1 where nothing varies or there are no bits."""
        steps = np.array([1.0, *(gaussian_step(b) for b in range(1, MOST_BITS + 1))])[self.rates]
        spread = np.sqrt(np.maximum(self.pca.explained, 0.0).astype(np.float64))
        return np.where((self.rates > 0) & (spread > 0), steps * spread, 1.0)


def allotted(variances: Array, bits: int) -> NDArray[np.int64]:
    """Whole bits for independent Gaussians of these variances (k,), ``bits`` in all, that make the summed squared error least.

    Reverse water-filling in whole bits: each bit goes where it takes away most. That is optimal, since the error of a uniform
    quantizer, variance × :func:`gaussian_error`, falls by less with every bit. Where all have ``MOST_BITS``, or nothing
    varies, some are left over.

    >>> allotted(np.array([16.0, 1.0, 0.01]), 4).tolist()
    [3, 1, 0]
    """
    if bits < 0:
        raise ParameterError(f"Bits must be at least 0, got {bits}.")
    gains = [gaussian_error(b) - gaussian_error(b + 1) for b in range(MOST_BITS)]
    rates = np.zeros(len(variances), dtype=np.int64)
    waiting = [(-float(v) * gains[0], i) for i, v in enumerate(variances) if v > 0]
    heapq.heapify(waiting)
    for _ in range(bits):
        if not waiting:
            break
        _, i = heapq.heappop(waiting)
        rates[i] += 1
        if rates[i] < MOST_BITS:
            heapq.heappush(waiting, (-float(variances[i]) * gains[rates[i]], i))
    return rates


@cache
def gaussian_step(bits: int) -> float:
    """The width of the 2^bits equal steps that quantize a standard normal number with the least squared error.

    >>> round(gaussian_step(1), 3), round(gaussian_step(2), 4)
    (1.596, 0.9957)
    """
    found = minimize_scalar(lambda width: _error(width, bits), bounds=(1e-4, 4.0), method="bounded", options={"xatol": 1e-8})
    return float(found.x)


@cache
def gaussian_error(bits: int) -> float:
    """The squared error that is left of a standard normal number: 1 without bits.

    >>> round(gaussian_error(1), 4), round(gaussian_error(2), 4)
    (0.3634, 0.1188)
    """
    return 1.0 if bits == 0 else _error(gaussian_step(bits), bits)


def _error(width: float, bits: int) -> float:
    """E (x - middle(x))² of x ~ N(0, 1), by the moments of each step; the outermost reach to infinity."""
    half = 2 ** (bits - 1)
    edges = np.append(np.arange(half) * width, np.inf)
    middles = (np.arange(half) + 0.5) * width
    mass = np.diff(norm.cdf(edges))
    density = norm.pdf(edges)
    first = density[:-1] - density[1:]  # ∫ x φ
    moments = np.append(edges[:-1] * density[:-1], 0.0)
    second = mass + moments[:-1] - moments[1:]  # ∫ x² φ
    return float(2 * (second - 2 * middles * first + middles**2 * mass).sum())
