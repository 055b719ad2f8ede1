"""Which rows are for training, which for validation and which for calibration: decided by a hash of the row's number."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from diabolo.errors import DataError, ParameterError

AT_ONCE = 2**20
"""Rows that are hashed at a time: a table of billions needs no more memory for it."""


def split(n: int, validation_fraction: float, groups: np.ndarray | None = None) -> tuple[Tensor, Tensor]:
    """Row numbers for training and for validation, each int64 and ascending.

    Row ``i`` is for validation where ``hash(i) < validation_fraction``, so the answer depends on nothing but ``i``: rows
    that are appended later reshuffle nothing. With two rows or more, and a fraction above 0, each part gets at least one.

    groups: (n,) whole numbers, alike for rows that belong together. Then whole groups are held out, by the hash of
    their numbers; a single group is split by rows.

    >>> train, validation = split(1000, 0.1)
    >>> len(train), len(validation)
    (908, 92)

    Raises DataError for fewer than two rows, ParameterError for a fraction outside [0, 1).
    """
    if not 0 <= validation_fraction < 1:
        raise ParameterError(f"validation_fraction must be at least 0 and below 1, got {validation_fraction!r}.")
    if n < 2:
        raise DataError(f"Found {n} sample{'' if n == 1 else '(s)'} while training needs at least 2: give more rows.")
    if groups is not None:
        known, which = np.unique(groups, return_inverse=True)
        if len(known) > 1:
            held_out = _chosen(known, validation_fraction)[which]
            return torch.from_numpy(np.flatnonzero(~held_out)), torch.from_numpy(np.flatnonzero(held_out))
    validation, least, most = np.empty(n, dtype=bool), (1.0, 0), (-1.0, 0)
    for start in range(0, n, AT_ONCE):
        chance = hashed(np.arange(start, min(start + AT_ONCE, n)))
        validation[start : start + AT_ONCE] = chance < validation_fraction
        low, high = int(chance.argmin()), int(chance.argmax())
        least, most = min(least, (float(chance[low]), start + low)), max(most, (float(chance[high]), start + high))
    if validation_fraction > 0:
        validation[least[1]], validation[most[1]] = True, False
    return torch.from_numpy(np.flatnonzero(~validation)), torch.from_numpy(np.flatnonzero(validation))


def split_off(n: int, held_out: int, groups: np.ndarray | None = None) -> tuple[Tensor, Tensor]:
    """Row numbers for learning and for calibration, which neither trains nor chooses a model; int64 and ascending.

    The ``held_out`` rows with the largest hash are for calibration, the other end of the range than that of :func:`split`.
    groups: as there; then whole groups are, until they have so many rows, and one at least is left.

    >>> [len(rows) for rows in split_off(1000, 100)]
    [900, 100]

    Raises DataError for fewer than two rows, ParameterError where none would be left on either side.
    """
    if n < 2:
        raise DataError(f"Found {n} sample{'' if n == 1 else '(s)'} while calibration needs at least 2: give more rows.")
    if not 1 <= held_out < n:
        raise ParameterError(f"Of {n} rows at least 1 and at most {n - 1} can be for calibration, got {held_out!r}.")
    known, which = np.unique(np.arange(n) if groups is None else groups, return_inverse=True)
    if len(known) == 1:
        known, which = np.arange(n), np.arange(n)
    last = np.argsort(-hashed(known), kind="stable")
    before = np.cumsum(np.bincount(which)[last]) - np.bincount(which)[last]
    chosen = np.zeros(len(known), dtype=bool)
    chosen[last] = before < held_out
    chosen[last[-1]] = False
    return torch.from_numpy(np.flatnonzero(~chosen[which])), torch.from_numpy(np.flatnonzero(chosen[which]))


def folds(n: int, k: int, groups: np.ndarray | None = None) -> np.ndarray:
    """The fold of each row, (n,) whole numbers below k, of sizes that differ by one at most; rows of a group stay together.

    >>> np.bincount(folds(11, 3)).tolist()
    [4, 4, 3]

    Raises DataError where there are fewer rows (or groups) than folds.
    """
    known, which = np.unique(np.arange(n) if groups is None else groups, return_inverse=True)
    if len(known) < k:
        raise DataError(f"{k} folds need at least {k} rows that do not belong together, there are {len(known)}.")
    place = np.empty(len(known), dtype=np.int64)
    place[np.argsort(hashed(known), kind="stable")] = np.arange(len(known)) % k
    return np.asarray(place[which])


def _chosen(groups: np.ndarray, fraction: float) -> np.ndarray:
    """Which groups are for validation, (n,) bool: where a fraction is asked for at least one, and never all."""
    chance = hashed(groups)
    chosen = chance < fraction
    if fraction > 0:
        chosen[chance.argmin()], chosen[chance.argmax()] = True, False
    return chosen


def hashed(index: np.ndarray) -> np.ndarray:
    """One number in [0, 1) a row number, (n,) -> (n,) float64.

    The finalizer of SplitMix64 over the row number. Reference: Steele, Lea & Flood 2014, Fast splittable pseudorandom
    number generators, https://doi.org/10.1145/2660193.2660195
    """
    return (mixed((index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(11)).astype(
        np.float64
    ) * 2.0**-53


def mixed(z: np.ndarray) -> np.ndarray:
    """The finalizer of SplitMix64: uint64 -> uint64, one to one, each bit of the result hanging on each bit of ``z``."""
    z = z ^ (z >> np.uint64(30))
    z = z * np.uint64(0xBF58476D1CE4E5B9)
    z = z ^ (z >> np.uint64(27))
    z = z * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))
