"""Shuffled tiles put back in order by what their edges look like.

Two tiles fit where the pixels on both sides of the cut are alike: the sum of their squared differences, the dissimilarity
of Cho, Avidan & Freeman, 2010, https://doi.org/10.1109/CVPR.2010.5540212. The grid is filled greedily, from every tile that may
come first, in the manner of Pomeranz, Shemesh & Ben-Shahar, 2011, https://doi.org/10.1109/CVPR.2011.5995331; but line by line,
and with the best ``BEAM`` fillings kept at each place instead of one. Of those that are full the cheapest is the answer.
Where the ground is empty, as around digits, empty edges fit best and mislead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diabolo.baselines.base import Array
from diabolo.baselines.pictures import as_pictures
from diabolo.errors import DataError

BEAM = 1000  # more than the 24 fillings of a 2 × 2 grid, so that one is solved exactly


def solve(tiles: Array, grid: tuple[int, int]) -> NDArray[np.intp]:
    """Which tile belongs at each place of the grid, line by line: ``tiles[solve(tiles, grid)]`` are in order.

    tiles: (t, h, w, C) floats, t = lines · columns of ``grid``. Returns (t,), each tile once. Where several fillings cost the
    same (tiles without a pattern), the one with earlier tiles first. Raises DataError where tiles and grid do not agree.
    """
    x, (lines, columns) = as_pictures(tiles), grid
    if min(grid) < 1 or len(x) != lines * columns:
        raise DataError(f"Expected {lines * columns} tiles for a grid of {lines} × {columns}, got {len(x)}.")
    beside, below = dissimilarity(x)
    order = np.arange(len(x))[:, None]  # (fillings, places filled)
    cost = np.zeros(len(x))
    for place in range(1, len(x)):
        more = cost[:, None] + np.zeros(len(x))  # (fillings, t): the cost with each tile put here
        if place % columns:
            more += beside[order[:, -1]]
        if place >= columns:
            more += below[order[:, -columns]]
        np.put_along_axis(more, order, np.inf, axis=1)  # those that lie elsewhere
        best = np.argsort(more, axis=None, kind="stable")[:BEAM]
        best = best[np.isfinite(more.ravel()[best])]
        before, tile = np.unravel_index(best, more.shape)
        order, cost = np.column_stack([order[before], tile]), more.ravel()[best]
    return order[0]


def dissimilarity(tiles: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How badly tile j fits to the right of tile i, and below it: (t, t) each, sums of squared differences over the cut."""
    x = as_pictures(tiles).astype(np.float64)

    def apart(a: Array, b: Array) -> NDArray[np.float64]:
        a, b = a.reshape(len(a), 1, -1), b.reshape(1, len(b), -1)
        return ((a - b) ** 2).sum(axis=-1)

    return apart(x[:, :, -1], x[:, :, 0]), apart(x[:, -1], x[:, 0])
