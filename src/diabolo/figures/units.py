"""How much each unit of the code does."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from diabolo.errors import DataError
from diabolo.figures.style import BLUE, BODY, ORANGE, SMALL, blank, clean, font, say
from diabolo.figures.texts import Texts, resolved

NAMED_UP_TO = 24  # units; each bar of a shorter code has its number below it
BARS_UP_TO = 128  # units; a longer code is drawn as filled steps


def units(values: Any, active: Any = None, *, quantity: Literal["kl", "variance"] = "kl", texts: Texts | None = None) -> Figure:
    """A bar a unit, largest first.

    values: (K,), the KL in nats or the variance of each unit. active: (K,) bool, which of them are in use; the others are
    crossed. Units keep their own numbers, counted from 0, below the bars where there is room.
    """
    words = resolved(texts)
    heights = np.asarray(values, dtype=float)
    if heights.ndim != 1 or not len(heights) or not np.isfinite(heights).all():
        raise DataError(f"Expected one finite number a unit, shape (K,), got shape {heights.shape}.")
    used = np.ones(len(heights), dtype=bool) if active is None else np.asarray(active, dtype=bool)
    if used.shape != heights.shape:
        raise DataError(f"Expected active to say yes or no of each of {len(heights)} units, got shape {used.shape}.")
    order = np.argsort(-heights, kind="stable")
    fig = blank(2.6)
    ax = fig.add_subplot()
    clean(ax)
    say(ax, y=words[f"units.{quantity}"])
    name = words["units.all" if active is None else "units.active"].format(count=int(used.sum()))
    handles = [_bars(ax, heights[order], used[order], BLUE, name)]
    if not used.all():
        _bars(ax, heights[order], ~used[order], ORANGE, "")
        idle = np.flatnonzero(~used[order])
        name = words["units.inactive"].format(count=len(idle))
        handles += ax.plot(idle, np.zeros(len(idle)), "x", color=ORANGE, clip_on=False, zorder=3, label=name)
    _name_units(ax, order, words)
    fig.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False, prop=font(BODY))
    return fig


def _bars(ax: Axes, heights: NDArray[Any], chosen: NDArray[Any], color: str, label: str) -> Any:
    if len(heights) > BARS_UP_TO:
        edges = np.arange(len(heights) + 1) - 0.5
        return ax.stairs(np.where(chosen, heights, 0.0), edges, fill=True, color=color, label=label)
    return ax.bar(np.flatnonzero(chosen), heights[chosen], width=0.8, color=color, label=label)


def _name_units(ax: Axes, order: NDArray[Any], words: Texts) -> None:
    ax.set_xlim(-0.7, max(len(order), 8) - 0.3)
    if len(order) <= NAMED_UP_TO:
        ax.set_xticks(range(len(order)), [str(i) for i in order], font=font(SMALL))
        ax.tick_params(axis="x", length=0)
        say(ax, x=words["units.unit"])
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        say(ax, x=words["units.rank"])
