"""What a density is: a distribution fitted to codes, so that an autoencoder without a prior can generate too."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DataError

Floats = NDArray[np.float64]
Random = int | np.random.Generator | None


class Density(ABC):
    """Base of the densities (abstract). Frozen; ``fit`` makes one. Codes are flat rows (n, K); values are nats.

    ``random_state`` is a seed, a ``numpy.random.Generator`` that is drawn from, or None for new randomness every time.
    """

    name: ClassVar[str]

    @classmethod
    @abstractmethod
    def fit(cls, z: Floats, random_state: Random = None) -> Self:
        """Fitted to codes z (n, K) with n >= 2; fewer, or NaN or infinity among them, is a DataError."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """K, the numbers in a code."""

    @abstractmethod
    def sample(self, n: int, random_state: Random = None) -> Floats:
        """n new codes, (n, K) float64."""

    @abstractmethod
    def log_prob(self, z: Floats) -> Floats:
        """Log-density in nats. z: (n, K) -> (n,)."""

    @abstractmethod
    def to_json(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """What the store keeps: plain JSON values, and arrays."""

    @classmethod
    @abstractmethod
    def from_json(cls, data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of ``to_json``; a DataError where something is missing or does not fit together."""


def training_codes(z: Any) -> Floats:
    """z as (n, K) float64; a DataError where there are fewer than two rows or one is not finite."""
    z = np.asarray(z, dtype=np.float64)
    if z.ndim != 2 or z.shape[1] == 0:
        raise DataError(f"Expected codes of shape (n, K), got {z.shape}. Flatten codes that are maps or steps.")
    if len(z) < 2:
        raise DataError(f"A density needs at least 2 codes to be fitted to, got {len(z)}.")
    bad = np.flatnonzero(~np.isfinite(z).all(axis=1))
    if len(bad):
        raise DataError(f"Expected finite codes, got NaN or infinity in {len(bad)} rows, the first is row {bad[0]}.")
    return z


def codes_of(z: Any, dim: int) -> Floats:
    """z as (n, dim) float64; a DataError where it has another shape."""
    z = np.asarray(z, dtype=np.float64)
    if z.ndim != 2 or z.shape[1] != dim:
        raise DataError(f"Expected codes of shape (n, {dim}), as this density was fitted on, got {z.shape}.")
    return z


def generator_of(random_state: Random) -> np.random.Generator:
    """The generator that is meant: itself, one seeded with the number, or a new one."""
    return np.random.default_rng(random_state)


def stored_arrays(what: str, arrays: Mapping[str, NDArray[Any]], axes: Mapping[str, int]) -> dict[str, Floats]:
    """The arrays named in ``axes``, each float64 and finite with so many axes; anything else is a DataError."""
    if set(arrays) != set(axes):
        raise DataError(f"A stored {what} density has the arrays {sorted(axes)}, got {sorted(arrays)}.")
    found = {name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()}
    for name, array in found.items():
        if array.ndim != axes[name] or 0 in array.shape or not np.isfinite(array).all():
            raise DataError(
                f"{name} of a stored {what} density must be finite with {axes[name]} axes, got shape {array.shape}."
            )
    return found
