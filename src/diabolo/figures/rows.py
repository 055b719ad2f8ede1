"""Rows of a table as a map: a line a column, a field a row, in standard deviations from the column's mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from diabolo.errors import DataError
from diabolo.figures.style import INK, SMALL, WIDTH, blank, font, plain, say, shortened, text_width
from diabolo.figures.texts import Texts, resolved

FAR = 3.0  # standard deviations at which the color is full
DIVERGING = "RdBu_r"  # blue below the mean, red above; told apart by color-blind readers
LINES = 40  # columns of a table that have a line each
NAMED = 1.6  # inches: of a column's name at most
LEAST = 0.22  # inches: of a field that is named


def table_rows(
    values: Any, names: Sequence[str] | None = None, heads: Sequence[str] = (), *, groups: int = 0, texts: Texts | None = None
) -> Figure:
    """values: (n, d), n rows in standard deviations. names: d, of the columns. heads: n, of the rows.

    groups: rows that belong together, with a white line after each so many; 0: no lines. Of more than 40 columns those that
    differ most between the rows are shown, in their order.
    """
    found = np.asarray(values, dtype=float)
    if found.ndim != 2 or 0 in found.shape or names is not None and len(names) != found.shape[1]:
        raise DataError(f"Expected rows (n, d) and d names, got shape {found.shape} and names {names!r}.")
    if heads and len(heads) != len(found):
        raise DataError(f"Expected a head a row, {len(found)}, got {len(heads)}.")
    kept = np.sort(np.argsort(-found.std(axis=0), kind="stable")[:LINES])
    n, d = len(found), len(kept)
    fig = blank(1.1 + 0.24 * d)
    ax = fig.add_subplot()
    drawn = ax.imshow(found[:, kept].T, cmap=DIVERGING, vmin=-FAR, vmax=FAR, aspect="auto", interpolation="nearest")
    said = [plain(shortened(str(names[i] if names is not None else i + 1), NAMED, SMALL)) for i in kept]
    ax.set_yticks(range(d), said, font=font(SMALL))
    _name_rows(fig, n, heads)
    ax.tick_params(length=0, colors=INK)
    for spine in ax.spines.values():
        spine.set_visible(False)
    for after in range(groups, n, groups) if groups else ():
        ax.axvline(after - 0.5, color="white", linewidth=3)
    bar = fig.colorbar(drawn, ax=ax, aspect=30, pad=0.02, extend="both")
    bar.ax.tick_params(labelsize=SMALL)
    say(bar.ax, y=resolved(texts)["pairs.spread"])
    return fig


def _name_rows(fig: Figure, n: int, heads: Sequence[str]) -> None:
    """Heads below the fields, upright where they are short enough, and as many as there is room for."""
    ax, room = fig.axes[0], (WIDTH - NAMED - 1.0) / n
    shown = range(0, n, max(1, int(np.ceil(LEAST / room)))) if heads else ()
    labels = [plain(shortened(str(heads[i]), 1.2, SMALL)) for i in shown]
    steep = bool(labels) and max(text_width(label, SMALL) for label in labels) > 0.9 * room * (
        shown[1] if len(shown) > 1 else 1
    )
    ax.set_xticks(list(shown), labels, font=font(SMALL), rotation=90 if steep else 0)
