"""What a density over discrete codes is: a distribution over the whole numbers that name the entries of codebooks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from diabolo.densities.base import Floats, Random
from diabolo.errors import DataError

Whole = NDArray[np.int64]


class DiscreteDensity(ABC):
    """Base of the densities of discrete codes (abstract). Frozen; ``fit`` makes one. Values are nats.

    Codes are rows of indices (n, D), from 0. entries: of the G codebooks, one number each; the columns go through them in turn,
    G for every position: column c has ``entries[c % G]`` of them, and D is a multiple of G. ``random_state`` is as for
    :class:`~diabolo.densities.base.Density`.
    """

    name: ClassVar[str]
    entries: tuple[int, ...]

    @classmethod
    @abstractmethod
    def fit(cls, indices: Whole, entries: Sequence[int], random_state: Random = None) -> Self:
        """Fitted to indices (n, D) with n >= 2; fewer, or indices out of range, are a DataError."""

    @property
    @abstractmethod
    def columns(self) -> int:
        """D, the whole numbers in a code."""

    @abstractmethod
    def sample(self, n: int, random_state: Random = None) -> Whole:
        """n new codes, (n, D) int64."""

    @abstractmethod
    def log_prob(self, indices: Whole) -> Floats:
        """Log-probability in nats. indices: (n, D) -> (n,)."""

    @abstractmethod
    def to_json(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """What the store keeps: plain JSON values, and arrays."""

    @classmethod
    @abstractmethod
    def from_json(cls, data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of ``to_json``; a DataError where something is missing or does not fit together."""

    def bits(self, indices: Whole) -> float:
        """Bits a row an ideal coder with this density would write, mean over indices (n, D)."""
        return float(-self.log_prob(indices).mean() / np.log(2))


def training_indices(indices: Any, entries: Sequence[int]) -> Whole:
    """Indices as (n, D) int64; a DataError where there are fewer than two rows or they name no entries."""
    found = known_indices(indices, entries)
    if len(found) < 2:
        raise DataError(f"A density needs at least 2 codes to be fitted to, got {len(found)}.")
    return found


def known_indices(indices: Any, entries: Sequence[int], columns: int | None = None) -> Whole:
    """Indices as (n, D) int64, D being ``columns`` where given; a DataError for another shape or what names no entry."""
    found = np.asarray(indices)
    expected = f"(n, {columns})" if columns else f"(n, D), D a multiple of {len(entries)}"
    right = found.ndim == 2 and found.shape[1] > 0 and found.shape[1] % len(entries) == 0
    if not right or found.dtype.kind not in "iu" or columns not in (None, found.shape[1]):
        raise DataError(f"Expected indices, whole numbers of shape {expected}; got {found.dtype} of shape {found.shape}.")
    most = alphabet(entries, found.shape[1])
    wrong = np.flatnonzero(((found < 0) | (found >= most)).any(axis=1))
    if len(wrong):
        raise DataError(
            f"Indices go from 0 to the number of entries ({', '.join(map(str, dict.fromkeys(entries)))}) less 1; row "
            f"{wrong[0]} has others."
        )
    return found.astype(np.int64)


def alphabet(entries: Sequence[int], columns: int) -> Whole:
    """How many entries each column has, (columns,).

    >>> alphabet((8, 5), 4).tolist()
    [8, 5, 8, 5]
    """
    return np.tile(np.asarray(entries, dtype=np.int64), columns // len(entries))


def frequencies(indices: Whole, entries: Sequence[int]) -> Floats:
    """(D, E), the share of each entry in each column of indices (n, D), E the most entries; 0 for those a column has not.

    One more row is counted, spread over all entries, so that none is impossible: ``(count + 1/E) / (n + 1)`` (Perks 1947, the
    Dirichlet prior of total weight 1).
    """
    n, columns = indices.shape
    sizes = alphabet(entries, columns)
    counts = np.stack([np.bincount(column, minlength=int(sizes.max())) for column in indices.T]).astype(np.float64)
    allowed = np.arange(counts.shape[1]) < sizes[:, None]
    return np.where(allowed, (counts + 1 / sizes[:, None]) / (n + 1), 0.0)


def drawn(probabilities: Floats, u: Floats) -> Whole:
    """The entries at the points u (n,) in [0, 1) of the distributions (n, E), which need not be exactly normalized: (n,)."""
    steps = np.cumsum(probabilities, axis=1)
    found = (steps <= (u * steps[:, -1])[:, None]).sum(axis=1)
    return np.asarray(found, dtype=np.int64)
