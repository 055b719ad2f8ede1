"""Several figures of the model beside what is simpler: a panel a figure, a bar each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from diabolo.errors import DataError
from diabolo.figures.style import BLUE, BODY, INK, LINE, OTHER, SMALL, blank, clean, font, plain, say, wrapped

WIDE, NAMED = 8.0, 1.6  # inches: of the whole figure, of a name at most
MARGIN = 0.45  # of a panel's width, for the values at the ends of the bars


def panels(names: Sequence[str], columns: Sequence[tuple[str, Sequence[float | None]]], *, own: Sequence[int] = (0,)) -> Figure:
    """names: n, of the lines. columns: a title and n values each, None where there is no such figure. own: lines of the model.

    Columns without any value are left out.
    """
    kept = [(title, values) for title, values in columns if any(v is not None for v in values)]
    if not names or not kept or any(len(values) != len(names) for _, values in kept):
        raise DataError(
            f"Expected a value a line in each column, got {len(names)} lines and {[len(v) for _, v in columns]} values."
        )
    said = ["\n".join(plain(line) for line in wrapped(str(name), NAMED, BODY)) for name in names]
    fig = blank(0.7 + sum(0.2 + 0.17 * (1 + text.count("\n")) for text in said), WIDE)
    axes = fig.subplots(1, len(kept), sharey=True, squeeze=False)[0]
    at = np.arange(len(names))
    for ax, (title, values) in zip(axes, kept, strict=True):
        known = np.array([np.nan if v is None else v for v in values], dtype=float)
        _bars(ax, at, known, own)
        say(ax, title=title)
    axes[0].set_yticks(at, said, font=font(BODY))
    axes[0].invert_yaxis()
    return fig


def _bars(ax: Any, at: Any, values: Any, own: Sequence[int]) -> None:
    clean(ax, grid="x")
    drawn = ax.barh(at, np.nan_to_num(values), height=0.62, color=[BLUE if i in own else OTHER for i in at])
    shown = ["–" if np.isnan(v) else f"{v:.3g}" for v in values]
    ax.bar_label(drawn, shown, padding=3, font=font(SMALL), color=INK)
    ax.axvline(0, color=LINE, linewidth=1)
    low, high = min(0.0, float(np.nanmin(values))), max(0.0, float(np.nanmax(values)))
    span = (high - low) or 1.0
    ax.set_xlim(low - (MARGIN * span if low < 0 else 0), high + MARGIN * span)
    ax.tick_params(axis="y", length=0)
    ax.locator_params(axis="x", nbins=4)
