"""Ruler: fields of rows in units of their own spread among the training rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from diabolo.records import Layout
from diabolo.trained import Companion

NORMAL_QUARTILES = 1.3489795003921634
"""The distance between the quartiles of the standard normal distribution."""
Array = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False)
class Ruler:
    """``(bend((v - center) / scale) - shift) / factor`` of each field, so that none counts more for the units it came in.

    bend is asinh where ``bent``, else nothing. center, scale, shift, factor: (F,) float64. bent: (F,) bool.
    """

    center: Array
    scale: Array
    shift: Array
    factor: Array
    bent: NDArray[np.bool_]

    @classmethod
    def plain(cls, v: Array, layout: Layout) -> Self:
        """Means and standard deviations of training rows v (n, F), in the columns' own units; 1 for a number that never varies.
        Of numbers those of the cells that are there.

        Fields that are 0 or 1 (the states of categories, and whether a cell is missing) lie ``sqrt(-2 log q)`` apart, where
        q is how often the rarer of the two was seen, ``(count + 1/2) / (n + 1)``: as far as a normal number of that rarity is
        from its mean. States that were seen have together the variance of one number, so that many levels do not outvote other
        columns (as groups of columns are balanced in multiple factor analysis, Escofier & Pagès 1994,
        https://doi.org/10.1016/0167-9473(94)90135-X). What was never seen is far from what was, and the farther the more was
        seen. That a cell is missing counts only where none was in training: else rows with gaps would stand apart together.
        """
        center, scale, constant = np.zeros(v.shape[1]), np.ones(v.shape[1]), np.zeros(v.shape[1], dtype=bool)
        for i, cells in enumerate(present(v, layout)):
            constant[i] = cells.min() == cells.max()
            center[i], scale[i] = (cells[0], 1.0) if constant[i] else (cells.mean(), cells.std())
        binary = binary_fields(layout)
        chance = (center[binary] * len(v) + 0.5) / (len(v) + 1)
        scale[binary] = 1 / np.sqrt(-2 * np.log(np.minimum(chance, 1 - chance)))
        flags = [column.flag for column in layout.columns if not constant[column.flag]]
        scale[flags] = np.inf
        for column in (c for c in layout.columns if c.levels):
            states = np.flatnonzero(~constant[column.start : column.flag]) + column.start
            together = (center[states] * (1 - center[states]) / np.square(scale[states])).sum()
            scale[states] *= np.sqrt(together)
        flat = np.zeros(len(center))
        return cls(center, np.where(scale > 0, scale, 1.0), flat, flat + 1, flat.astype(bool))

    @classmethod
    def bending(cls, v: Array, layout: Layout) -> Self:
        """Numbers by median and quartiles, far ones bent in by asinh, then brought to mean 0 and standard deviation 1.

        Where the quartiles agree because most cells do, the median distance of the other cells from them stands for theirs.
        Fields that are 0 or 1 are as in :meth:`plain`.
        """
        plain, numbers = cls.plain(v, layout), ~binary_fields(layout)
        center, scale = plain.center.copy(), plain.scale.copy()
        shift, factor = np.zeros(v.shape[1]), np.ones(v.shape[1])
        for i, cells in enumerate(present(v, layout)):
            if not numbers[i]:
                continue
            low, center[i], high = np.quantile(cells, (0.25, 0.5, 0.75))
            others = np.abs(cells - center[i])
            if low < high:
                scale[i] = (high - low) / NORMAL_QUARTILES
            elif others.any():
                scale[i] = np.median(others[others > 0])
            u = np.arcsinh((cells - center[i]) / scale[i])
            if u.min() < u.max() and u.std() > 0:
                shift[i], factor[i] = u.mean(), u.std()
        return cls(center, scale, shift, factor, numbers)

    def measured(self, v: Any) -> NDArray[np.float32]:
        """v (n, F) in the columns' own units -> (n, F)."""
        u = (np.asarray(v, dtype=np.float64) - self.center) / self.scale
        u[:, self.bent] = np.arcsinh(u[:, self.bent])
        return np.asarray((u - self.shift) / self.factor, dtype=np.float32)

    def companion(self) -> Companion:
        """As the store keeps it."""
        return Companion({}, {f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def from_companion(cls, kept: Companion) -> Self:
        """The inverse of :meth:`companion`."""
        return cls(**kept.arrays)


def present(v: Array, layout: Layout) -> Iterator[Array]:
    """Of each field of v (n, F) the cells of numbers that are there, all of what is 0 or 1 and of columns that no row has."""
    flags = {c.start: c.flag for c in layout.columns if not c.levels}
    for i, cells in enumerate(v.T):
        there = v[:, flags[i]] < 0.5 if i in flags else np.ones(len(v), dtype=bool)
        yield cells[there] if there.any() else cells


def binary_fields(layout: Layout) -> NDArray[np.bool_]:
    """(F,), True for states of categories and for what says that a cell is missing."""
    binary = np.zeros(layout.fields, dtype=bool)
    for column in layout.columns:
        binary[column.start if column.levels else column.flag : column.stop] = True
    return binary
