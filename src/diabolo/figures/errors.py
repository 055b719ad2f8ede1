"""The model's error beside what is simpler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.figure import Figure

from diabolo.errors import DataError
from diabolo.figures.style import BLUE, BODY, INK, LINE, OTHER, blank, clean, font, plain, say, wrapped
from diabolo.figures.texts import Texts, resolved


def errors_beside(
    rows: Sequence[tuple[str, float]],
    *,
    metric: str = "mse",
    better: Literal["lower", "higher"] = "lower",
    texts: Texts | None = None,
) -> Figure:
    """A bar a row with its value at the end, from zero on. The first row is the model, in color; the rest are its baselines.

    rows: (name, value), such as ``[("vae", 0.004), ("PCA, 32 numbers", 0.017), ("mean", 0.067)]``.
    """
    values = np.array([value for _, value in rows], dtype=float)
    if not len(values) or not np.isfinite(values).all():
        raise DataError(f"Expected rows of a name and a finite number, at least one, got {list(rows)!r}.")
    said = [[plain(line) for line in wrapped(str(name), 1.7, BODY)] or [""] for name, _ in rows]
    fig = blank(0.75 + sum(0.2 + 0.17 * len(lines) for lines in said))
    ax = fig.add_subplot()
    clean(ax, grid="x")
    at = np.arange(len(values))
    bars = ax.barh(at, values, height=0.62, color=[BLUE, *[OTHER] * (len(values) - 1)])
    ax.bar_label(bars, [f"{v:.4g}" for v in values], padding=4, font=font(BODY), color=INK)
    ax.set_yticks(at, ["\n".join(lines) for lines in said], font=font(BODY))
    ax.invert_yaxis()
    ax.axvline(0, color=LINE, linewidth=1)
    ax.margins(x=0.16)
    ax.set_xlim(*((0.0, None) if values.min() >= 0 else (None, None)))
    ax.tick_params(axis="y", length=0)
    ax.locator_params(axis="x", nbins=5)
    name = resolved(texts).get(f"curves.{metric}", metric)
    say(ax, x=resolved(texts)[f"errors.{better}"].format(metric=name))
    return fig
