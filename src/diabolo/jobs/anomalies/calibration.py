"""Calibration: how rows fit a model that it was not fitted to, kept beside it, so that further rows can be told from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from torch import Tensor

from diabolo.data.examples import Examples
from diabolo.data.subset import Subset
from diabolo.jobs.anomalies.traits import Traits, distance, fits
from diabolo.trained import Companion, Trained

NAME, CODES = "calibration", "codes"
MOST_ROWS, MOST_CELLS = 2_000, 2**25
USUAL = 0.99
"""The share of held-out cells whose heat counts as usual."""


@final
@dataclass(frozen=True, eq=False)
class Calibration:
    """What :func:`calibrate` found on n rows.

    held_out: whether these are validation rows; else training rows, which fit too well. misfit, codes: see ``Traits``.
    cells: (*P) or (F,), the mean misfit of each place. usual: the heat (:meth:`heat`) that 99 % of their cells stay below.
    seen: how familiar rows look, one group as they are and one damaged by the recipe where it damages: ``strangeness`` and
    ``grain`` (n,) in each. pictures: (n,) whole numbers, alike for squares of one photograph; None where rows are no such
    squares, or the model was fitted to others of these photographs.
    """

    held_out: bool
    codes: np.ndarray
    misfit: np.ndarray
    cells: np.ndarray
    usual: float
    seen: tuple[tuple[np.ndarray, np.ndarray], ...]
    pictures: np.ndarray | None = None

    def heat(self, misfits: np.ndarray) -> np.ndarray:
        """misfits (n, *P) over what is usual for the place, ``misfit / (cells + mean(cells))``: (n, *P) float32.

        Held-out rows have values below 1 on the average, in every place. A missing cell, whose misfit is NaN, has none.
        """
        return np.nan_to_num(heat_of(misfits, self.cells), nan=0.0)


def heat_of(misfits: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """``misfits / (cells + mean(cells))``: the mean keeps places where hardly ever anything happens from exploding."""
    floor = float(cells.mean())
    return np.asarray(misfits / (cells + (floor if floor > 0 else 1.0)), dtype=np.float32)


def usual_misfits(misfits: np.ndarray) -> np.ndarray:
    """misfits (n, *P) -> (*P): the mean of each place over the rows where it is not missing (NaN), 0 where it always is.

    >>> usual_misfits(np.array([[1.0, np.nan], [3.0, np.nan]])).tolist()
    [2.0, 0.0]
    """
    there = ~np.isnan(misfits)
    return np.asarray(misfits.sum(axis=0, where=there) / np.maximum(there.sum(axis=0), 1), dtype=misfits.dtype)


def calibrate(
    trained: Trained, examples: Examples, rows: Tensor, *, held_out: bool, pictures: np.ndarray | None = None
) -> Companion | None:
    """How up to 2 000 rows fit the model; fewer where rows are large. None where input and output cannot be compared.

    trained must carry its training codes already. rows: numbers of the rows, validation rows where ``held_out``. pictures:
    (len(rows),) which photograph each is a square of, where whole photographs are among them.
    """
    if not fits(trained):
        return None
    wide = max(trained.kind.layout.cells, int(np.prod(trained.model.code_shape)))
    step = max(1, -(-len(rows) // max(100, min(MOST_ROWS, MOST_CELLS // wide))))
    some = rows[::step]
    subset = Subset(examples.source, some)
    condition = None if examples.condition is None else examples.condition[some]
    found = Traits.of(trained, subset, condition)
    cells = usual_misfits(found.misfits)
    arrays = {"codes": found.codes, "misfit": found.misfit, "cells": cells}
    arrays |= {"strangeness": strangeness(trained, found), "grain": found.grain}
    if pictures is not None:
        arrays["pictures"] = pictures[::step].astype(np.int64)
    if trained.model.composition.corruption is not None and trained.target_kind is None:
        damaged = Traits.of(trained, subset, condition, damage=True)
        arrays |= {"damaged.strangeness": strangeness(trained, damaged), "damaged.grain": damaged.grain}
    usual = float(np.nanquantile(heat_of(found.misfits, cells), USUAL))
    return Companion({"held_out": held_out, "usual": usual}, {k: np.ascontiguousarray(v) for k, v in arrays.items()})


def calibration(trained: Trained) -> Calibration | None:
    """What travels with the model; None where it was saved without, or what comes out cannot be compared with what goes in."""
    companion = trained.companions.get(NAME)
    if companion is None:
        return None
    arrays = companion.arrays
    groups = [p for p in ("", "damaged.") if f"{p}grain" in arrays]
    return Calibration(
        held_out=bool(companion.data["held_out"]),
        usual=float(companion.data["usual"]),
        seen=tuple((arrays[f"{p}strangeness"], arrays[f"{p}grain"]) for p in groups),
        pictures=arrays.get("pictures"),
        **{name: arrays[name] for name in ("codes", "misfit", "cells")},
    )


def strangeness(trained: Trained, traits: Traits) -> np.ndarray:
    """(n, 2): the misfit for the contrast of the row, and the log distance to the nearest training codes."""
    near = np.log(np.maximum(distance(traits.codes, trained.companions[CODES].arrays["z"]), 1e-12))
    return np.stack([traits.misfit - traits.contrast, near], axis=1)


def standard(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """values in robust standard deviations from the median of ``known``, column by column; some of ``known`` may be strange.

    A standard deviation is the distance of the quartiles over 1.349, as of a normal distribution.

    >>> standard(np.array([3.0]), np.array([0.0, 1.0, 2.0])).round(3)
    array([2.698])
    """
    low, middle, high = np.quantile(known, (0.25, 0.5, 0.75), axis=0)
    spread = np.where(high > low, (high - low) / 1.349, 1.0)
    return np.asarray((values - middle) / spread)


def p_values(values: np.ndarray, known: np.ndarray, chance: np.ndarray | None = None) -> np.ndarray:
    """Conformal p-values (n,): the share of held-out values ``known`` (m,), and the value itself, that are as large.

    ``(1 + #{known >= value}) / (m + 1)``: of rows like the held-out ones, at most a share α gets a p-value of α or less.
    With chance (n,), numbers drawn evenly from [0, 1), they are smoothed: ``(#{known > value} + chance (1 + #{known = value}))
    / (m + 1)``, of which a share of exactly α is α or less, however few or equal the held-out values are.
    Reference: Vovk, Gammerman & Shafer 2005, Algorithmic learning in a random world, https://doi.org/10.1007/b106715
    (smoothed: section 2.2, equation 2.20); for anomalies: Bates et al. 2023, https://doi.org/10.1214/22-AOS2244.

    >>> p_values(np.array([0.0, 2.5, 9.0]), np.array([1.0, 2.0, 3.0])).tolist()
    [1.0, 0.5, 0.25]
    >>> p_values(np.array([2.0, 9.0]), np.array([1.0, 2.0, 2.0]), np.array([0.5, 0.2])).tolist()
    [0.375, 0.05]
    """
    ordered, m = np.sort(known), len(known)
    below = np.searchsorted(ordered, values, side="left")
    if chance is None:
        return np.asarray((1 + m - below) / (m + 1))
    upto = np.searchsorted(ordered, values, side="right")
    return np.asarray((m - upto + chance * (1 + upto - below)) / (m + 1))
