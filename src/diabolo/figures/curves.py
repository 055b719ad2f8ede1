"""How training went."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from diabolo.errors import DataError
from diabolo.figures.style import BLUE, BODY, MUTED, VERMILION, blank, clean, font, say
from diabolo.figures.texts import Texts, resolved

Row = Mapping[str, float | None]

SIDES = (("train", BLUE, "--", 1.5, 2.2), ("validation", VERMILION, "-", 1.9, 2.1))  # the dashes lie above the line
LOG_FROM = 20.0  # a panel whose values span more than this factor gets a logarithmic scale


def learning_curves(history: Sequence[Row], *, best_epoch: int | None = None, texts: Texts | None = None) -> Figure:
    """Training against validation, epoch by epoch: a panel a measure, the best epoch marked.

    history: a row an epoch with ``epoch`` and columns ``train_<measure>`` and ``validation_<measure>``, such as ``train_loss``,
    ``validation_loss``, ``train_mse``, ``train_kl``; a column called ``kl`` is the training's. The loss comes first, the KL
    last; other columns are not drawn. None and NaN leave a gap. best_epoch: by default the one of the least validation loss,
    or of the least training loss where there is no validation. Raises DataError where there is nothing to draw.
    """
    words, measures = resolved(texts), _measures(history)
    if not measures:
        raise DataError("Expected a history with columns such as epoch, train_loss and validation_loss, got none of them.")
    epochs = _column(history, "epoch")
    best = _best(history, epochs) if best_epoch is None else best_epoch
    fig = blank(0.7 + 1.75 * len(measures))
    panels = fig.subplots(len(measures), sharex=True, squeeze=False)[:, 0]
    for ax, measure in zip(panels, measures, strict=True):
        _panel(ax, history, epochs, measure, best, words)
    say(panels[-1], x=words["curves.epoch"])
    panels[-1].set_xlim(np.nanmin(epochs) - 0.5, np.nanmax(epochs) + 0.5)
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
    handles = {label: line for ax in panels for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=3, frameon=False, prop=font(BODY))
    return fig


def _panel(
    ax: Axes, history: Sequence[Row], epochs: NDArray[np.float64], measure: str, best: float | None, words: Texts
) -> None:
    drawn = []
    for side, color, dashes, width, above in SIDES:
        y = _column(history, f"{side}_{measure}", *([measure] if side == "train" else []))
        if np.isfinite(y).any():
            marker = "o" if np.isfinite(y).sum() < 3 else ""
            look: dict[str, Any] = {"color": color, "linestyle": dashes, "linewidth": width, "marker": marker, "zorder": above}
            ax.plot(epochs, y, label=words[f"curves.{side}"], **look)
            drawn.append(y)
    values = np.concatenate(drawn)
    values = values[np.isfinite(values)]
    if values.min() > 0 and values.max() > LOG_FROM * values.min():
        ax.set_yscale("log")
    if best is not None:
        label = words["curves.best"].format(epoch=f"{best:g}")
        ax.axvline(best, color=MUTED, linestyle=":", linewidth=1.4, label=label, zorder=1)
    say(ax, title=words.get(f"curves.{measure}", measure))
    clean(ax)


def _measures(history: Sequence[Row]) -> list[str]:
    """The measures that have a number somewhere: the loss first, the KL last."""
    found: dict[str, None] = {}
    for row in history:
        for column, value in row.items():
            side, _, measure = column.partition("_")
            if column == "kl":
                measure = "kl"
            elif side not in ("train", "validation"):
                continue
            if measure and _is_number(value):
                found[measure] = None
    return sorted(found, key=lambda m: (m != "loss", m == "kl"))


def _column(history: Sequence[Row], *names: str) -> NDArray[np.float64]:
    """The first of these columns that a row has, NaN where it has none."""
    return np.array([next((float(row[n] or 0.0) for n in names if _is_number(row.get(n))), np.nan) for row in history])


def _best(history: Sequence[Row], epochs: NDArray[np.float64]) -> float | None:
    for column in ("validation_loss", "train_loss"):
        y = _column(history, column)
        if np.isfinite(y).any():
            return float(epochs[np.nanargmin(y)])
    return None


def _is_number(value: Any) -> bool:
    return value is not None and math.isfinite(value)
