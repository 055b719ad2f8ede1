"""Queries at the left, and beside each what was found."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from diabolo.errors import DataError
from diabolo.figures.pictures import draw_picture, pictures
from diabolo.figures.style import INK, MUTED, SMALL, WIDTH, blank, font
from diabolo.figures.texts import Texts, resolved

LINES = 12
"""Queries that fit a page."""
WIDEST, HIGHEST = 1.1, 1.4  # inches: of one picture
LEAST, NARROW = 0.65, 0.45  # room for the word above the queries; pictures too narrow for a distance
GAP, AWAY, HEAD, TOP = 0.05, 0.25, 0.18, 0.26  # between pictures, query and found, above a line, above all


def neighbors(
    queries: Any, found: Any, distances: Any, *, value_range: tuple[float, float] = (0.0, 1.0), texts: Texts | None = None
) -> Figure:
    """A line a query: its picture, and the k pictures nearest to it, the distance above each where there is room.

    queries: (q, H, W), (q, H, W, C) or (q, C, H, W). found: (q, k, ...), pictures of the same shape. distances: (q, k).
    """
    words, given = resolved(texts), np.asarray(found)
    far = np.asarray(distances, dtype=float)
    x = pictures(queries, value_range)
    if far.ndim != 2 or given.shape[:2] != far.shape or len(x) != len(far) or given.shape[2:] != np.shape(queries)[1:]:
        raise DataError(
            f"Expected pictures (q, k, ...) and distances (q, k) of what was found for {np.shape(queries)} queries, got "
            f"{given.shape} and {far.shape}."
        )
    near = pictures(given.reshape(-1, *given.shape[2:]), value_range).reshape(*far.shape, *x.shape[1:])
    q, k = far.shape
    tall = x.shape[1] / x.shape[2]
    wide = min((WIDTH - AWAY) / (k + 1) - GAP, WIDEST, HIGHEST / tall)
    high, first = wide * tall, max(wide + GAP + AWAY, LEAST)
    width = np.ceil(100 * max(first + k * (wide + GAP), 3.6)) / 100
    height = TOP + q * (HEAD + high + GAP)
    fig = blank(height, width)
    heading = words["neighbors.distances" if wide > NARROW else "neighbors.nearest"]
    fig.set_layout_engine("none")
    fig.text(0.02 / width, 1 - 0.18 / height, words["neighbors.query"], font=font(SMALL), color=MUTED)
    fig.text(first / width, 1 - 0.18 / height, heading, font=font(SMALL), color=MUTED)
    for line in range(q):
        bottom = height - TOP - line * (HEAD + high + GAP) - HEAD - high
        for column, picture in enumerate((x[line], *near[line])):
            left = 0.02 if column == 0 else first + (column - 1) * (wide + GAP)
            ax = fig.add_axes((left / width, bottom / height, wide / width, high / height))
            draw_picture(ax, picture)
            if column and wide > NARROW:
                ax.set_title(f"{far[line, column - 1]:.3g}", font=font(SMALL), color=INK, pad=2)
    return fig
