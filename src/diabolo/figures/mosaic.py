"""Many pictures in one: grids of samples, sheets with named lines and columns, strips from one row to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diabolo.errors import DataError
from diabolo.figures.pictures import draw_picture, pictures
from diabolo.figures.style import INK, SCALE, SMALL, WIDTH, bare, blank, font, plain, say, shortened, text_width
from diabolo.figures.texts import Texts, resolved

HIGHEST = 9.0  # inches: a page
LINE_OF = 10  # pictures a line, where nothing else is asked
TABLE_ROWS = 30  # columns of a table that a strip names
TABLE_STEPS = 24  # and its steps


def grid(x: Any, *, value_range: tuple[float, float] = (0.0, 1.0), columns: int | None = None) -> Figure:
    """Pictures line by line, on one white sheet.

    x: (n, H, W), (n, H, W, C) or (n, C, H, W). columns: pictures a line; by default a square, at most 10 wide.
    """
    found = pictures(x, value_range)
    across = min(LINE_OF, int(np.ceil(np.sqrt(len(found))))) if columns is None else columns
    if across < 1:
        raise DataError(f"Expected at least one picture a line, got columns={columns}.")
    drawn = sheet(found, min(across, len(found)))
    tall = drawn.shape[0] / drawn.shape[1]
    width = min(WIDTH, 1.5 * min(across, len(found)), HIGHEST / tall)
    fig = blank(width * tall, width)
    fig.set_layout_engine("none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.imshow(drawn, cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    ax.set_axis_off()
    return fig


def labeled(
    x: Any,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    value_range: tuple[float, float] = (0.0, 1.0),
    across: str | None = None,
    up: str | None = None,
) -> Figure:
    """Pictures line by line on one sheet, with what each line and each column is.

    x: (n, H, W), (n, H, W, C) or (n, C, H, W), as many as lines times columns. rows, columns: their names; ``""`` for none.
    across, up: names of the two axes.
    """
    found = pictures(x, value_range)
    if len(found) != len(rows) * len(columns):
        raise DataError(f"Expected {len(rows)} lines of {len(columns)} pictures, got {len(found)} pictures.")
    whole = sheet(found, len(columns))
    side = max(text_width(name, SMALL) for name in rows) + (0.35 if up is None else 0.6)
    below = 0.35 if across is None else 0.6
    wide = min(WIDTH - side, 1.0 * len(columns))
    high = min(wide * whole.shape[0] / whole.shape[1], HIGHEST)
    fig = blank(high + below, wide + side)
    ax = fig.add_subplot()
    ax.imshow(whole, cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    bare(ax)
    for axis, names, length in ((ax.yaxis, rows, found.shape[1]), (ax.xaxis, columns, found.shape[2])):
        pitch = length + _gap(found)
        axis.set_ticks([i * pitch + (length - 1) / 2 for i in range(len(names))], [plain(n) for n in names], font=font(SMALL))
    ax.tick_params(length=0)
    say(ax, x=across, y=up)
    return fig


def interpolation(
    strip: Any,
    *,
    image: bool,
    value_range: tuple[float, float] = (0.0, 1.0),
    names: Sequence[str] | None = None,
    texts: Texts | None = None,
) -> Figure:
    """The way from one row to another through the code.

    strip: image True: (steps, H, W), (steps, H, W, C) or (steps, C, H, W), drawn left to right under numbers from 1 on. image
    False: (steps, d), drawn as a map, a line a column, each from its lowest to its highest value. names: d, of the columns.
    """
    return _picture_strip(pictures(strip, value_range)) if image else _table_strip(strip, names, resolved(texts))


def _picture_strip(found: NDArray[Any]) -> Figure:
    n, tall = len(found), found.shape[1] / found.shape[2]
    wide = min(WIDTH / n, 1.5, HIGHEST / tall)
    width, height, head = wide * n, wide * tall + 0.22, 0.22
    fig = blank(height, width)
    fig.set_layout_engine("none")
    for i, picture in enumerate(found):
        ax = fig.add_axes(((i + 0.03) * wide / width, 0.01, 0.94 * wide / width, (height - head) / height - 0.01))
        draw_picture(ax, picture)
        ax.set_title(str(i + 1), font=font(SMALL), color=INK, pad=3)
    return fig


def _table_strip(strip: Any, names: Sequence[str] | None, words: Texts) -> Figure:
    values = np.asarray(strip, dtype=float)
    if values.ndim != 2 or 0 in values.shape or names is not None and len(names) != values.shape[1]:
        raise DataError(f"Expected a strip (steps, d) and d names, got shape {values.shape} and names {names!r}.")
    steps, d = values.shape
    low, high = values.min(axis=0), values.max(axis=0)
    shares = (values - low) / np.where(high > low, high - low, 1.0)
    fig = blank(1.1 + 0.26 * min(d, TABLE_ROWS))
    ax = fig.add_subplot()
    drawn = ax.imshow(shares.T, cmap=SCALE, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    bare(ax)
    shown = range(0, d, -(-d // TABLE_ROWS))
    said = [plain(shortened(str(names[i] if names is not None else i + 1), 1.6, SMALL)) for i in shown]
    ax.set_yticks(list(shown), said, font=font(SMALL))
    told = range(0, steps, -(-steps // TABLE_STEPS))
    ax.set_xticks(told, [str(i + 1) for i in told], font=font(SMALL))
    ax.tick_params(length=0)
    say(ax, x=words["strip.step"])
    bar = fig.colorbar(drawn, ax=ax, aspect=30, pad=0.02, ticks=[0, 1])
    bar.ax.set_yticklabels([words["strip.low"], words["strip.high"]], font=font(SMALL))
    lowest, highest = bar.ax.get_yticklabels()
    lowest.set_verticalalignment("bottom")
    highest.set_verticalalignment("top")
    return fig


def sheet(found: NDArray[Any], columns: int) -> NDArray[Any]:
    """Pictures (n, H, W) or (n, H, W, C) in [0, 1], so many a line, as one white picture with gaps between them."""
    n, high, wide = found.shape[:3]
    gap = _gap(found)
    lines = -(-n // columns)
    whole = np.ones((lines * (high + gap) - gap, columns * (wide + gap) - gap, *found.shape[3:]))
    for i, picture in enumerate(found):
        top, left = (i // columns) * (high + gap), (i % columns) * (wide + gap)
        whole[top : top + high, left : left + wide] = picture
    return whole


def _gap(found: NDArray[Any]) -> int:
    """Pixels between two pictures."""
    return max(1, round(0.06 * min(found.shape[1:3])))
