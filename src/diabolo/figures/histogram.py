"""How often values occur."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from diabolo.errors import DataError
from diabolo.figures.style import BLUE, BODY, INK, blank, clean, font, plain

BARS = (8, 40)  # at least and at most


def histogram(values: Any, *, axis_names: tuple[str, str] = ("value", "rows"), mark: float | None = None) -> Figure:
    """Bars that count how often the values of (n,) fall into equal intervals, about √n of them; a line at ``mark``."""
    heights = np.asarray(values, dtype=float)
    if heights.ndim != 1 or not len(heights) or not np.isfinite(heights).all():
        raise DataError(f"Expected finite values of shape (n,), at least one, got shape {heights.shape}.")
    fig = blank(2.6)
    ax = fig.add_subplot()
    clean(ax)
    ax.hist(heights, bins=int(np.clip(np.sqrt(len(heights)), *BARS)), color=BLUE, rwidth=0.9)
    if mark is not None:
        ax.axvline(mark, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_xlabel(plain(axis_names[0]), font=font(BODY), color=INK)
    ax.set_ylabel(plain(axis_names[1]), font=font(BODY), color=INK)
    return fig
