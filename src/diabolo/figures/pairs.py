"""What went in above what came out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diabolo.errors import DataError
from diabolo.figures.pictures import draw_picture, pictures
from diabolo.figures.style import (
    BLUE,
    BODY,
    INK,
    MUTED,
    ORANGE,
    SMALL,
    WIDTH,
    blank,
    clean,
    font,
    plain,
    say,
    shortened,
    text_width,
)
from diabolo.figures.texts import Texts, resolved

PAIRS_A_LINE = 8
BARS_UP_TO = 16  # columns; a row of a wider table is drawn as two lines
GAP, EDGE, HIGHEST = 0.05, 0.3, 2.5  # inches: between pictures, for the words at the left, and of one picture


def reconstructions(
    x: Any,
    x_hat: Any,
    *,
    image: bool,
    value_range: tuple[float, float] = (0.0, 1.0),
    titles: Sequence[object] | None = None,
    names: Sequence[str] | None = None,
    center: Any = None,
    spread: Any = None,
    texts: Texts | None = None,
) -> Figure:
    """Inputs and their reconstructions, pair by pair.

    image True: x and x_hat are (n, H, W), (n, H, W, C) or (n, C, H, W), of any two sizes, drawn in pairs of rows, inputs above.
    image False: x and x_hat are (n, d), a panel a row, drawn as paired bars or, above 16 columns, as two lines.
    value_range: black and white of the pictures. titles: n, such as each pair's error. names: d, of the columns. center,
    spread: (d,), so that columns of different units can stand side by side: drawn is ``(value - center) / spread``.
    """
    words = resolved(texts)
    if len(x) != len(x_hat) or len(x) == 0:
        raise DataError(f"Expected as many reconstructions as inputs, and at least one, got {len(x_hat)} and {len(x)}.")
    if titles is not None and len(titles) != len(x):
        raise DataError(f"Expected a title a pair, {len(x)}, got {len(titles)}.")
    if image:
        return _images(pictures(x, value_range), pictures(x_hat, value_range), titles, words)
    return _tables(np.asarray(x, dtype=float), np.asarray(x_hat, dtype=float), titles, names, center, spread, words)


def _images(x: NDArray[Any], x_hat: NDArray[Any], titles: Sequence[object] | None, words: Texts) -> Figure:
    n, tall = len(x), x.shape[1] / x.shape[2]
    columns = min(n, PAIRS_A_LINE, max(1, round(PAIRS_A_LINE * tall)))  # fewer where pictures are wider than high
    wide = min((WIDTH - EDGE) / columns - GAP, 1.25 / min(tall, 1.0), HIGHEST / tall)
    high, head = wide * tall, 0.0 if titles is None else 0.2
    block = head + 2 * (high + GAP) + 0.1
    lines = -(-n // columns)
    width, height = EDGE + columns * (wide + GAP), lines * block
    fig = blank(height, width)
    fig.set_layout_engine("none")
    for i in range(n):
        line, column = divmod(i, columns)
        left, top = EDGE + column * (wide + GAP), height - line * block - head - 0.03
        for row, picture in enumerate((x[i], x_hat[i])):
            bottom = top - (row + 1) * high - row * GAP
            ax = fig.add_axes((left / width, bottom / height, wide / width, high / height))
            draw_picture(ax, picture)
            if column == 0:
                said = shortened(words["pairs.output" if row else "pairs.input"], high + GAP, SMALL)
                ax.set_ylabel(said, font=font(SMALL), color=MUTED, labelpad=4)
            if row == 0 and titles is not None:
                ax.set_title(plain(shortened(str(titles[i]), wide + GAP, SMALL)), font=font(SMALL), color=INK, pad=3)
    return fig


def _tables(
    x: NDArray[Any],
    x_hat: NDArray[Any],
    titles: Sequence[object] | None,
    names: Sequence[str] | None,
    center: Any,
    spread: Any,
    words: Texts,
) -> Figure:
    if x.ndim != 2 or x.shape != x_hat.shape or names is not None and len(names) != x.shape[1]:
        raise DataError(f"Expected rows (n, d) of one shape and d names, got {x.shape}, {x_hat.shape} and {names!r}.")
    n, d = x.shape
    shift, scale = np.broadcast_to(0.0 if center is None else center, d), np.broadcast_to(1.0 if spread is None else spread, d)
    scale = np.where(scale > 0, scale, 1.0)
    labels = [plain(shortened(str(name), 1.6, SMALL)) for name in (names if names is not None else range(1, d + 1))]
    slot = (WIDTH - 0.6) / d
    steep = d <= BARS_UP_TO and max(text_width(label, SMALL) for label in labels) > 0.95 * slot
    room = max(text_width(label, SMALL) for label in labels) if steep else 0.2
    fig = blank(0.7 + room + n * (1.25 + (0.2 if titles is not None else 0)))
    panels = fig.subplots(n, sharex=True, sharey=spread is not None, squeeze=False)[:, 0]
    for i, ax in enumerate(panels):
        _panel(ax, (x[i] - shift) / scale, (x_hat[i] - shift) / scale, words)
        if titles is not None:
            say(ax, title=str(titles[i]))
    _name_columns(panels[-1], labels, steep)
    fig.supylabel(words["pairs.value" if spread is None else "pairs.spread"], font=font(BODY), color=INK)
    handles, said = panels[0].get_legend_handles_labels()
    fig.legend(handles, said, loc="outside upper center", ncols=2, frameon=False, prop=font(BODY))
    return fig


def _panel(ax: Axes, row: NDArray[Any], row_hat: NDArray[Any], words: Texts) -> None:
    at = np.arange(len(row))
    clean(ax)
    if len(row) <= BARS_UP_TO:
        ax.bar(at - 0.2, row, width=0.38, color=BLUE, label=words["pairs.input"])
        ax.bar(at + 0.2, row_hat, width=0.38, color=ORANGE, label=words["pairs.output"])
        ax.axhline(0, color=MUTED, linewidth=0.8)
    else:
        ax.plot(at, row, color=BLUE, linewidth=1.8, label=words["pairs.input"])
        ax.plot(at, row_hat, color=ORANGE, linewidth=1.4, linestyle="--", label=words["pairs.output"])
    ax.margins(x=0.01)


def _name_columns(ax: Axes, labels: list[str], steep: bool) -> None:
    every = -(-len(labels) // BARS_UP_TO)
    if every > 1:
        room = (WIDTH - 0.6) * every / len(labels)
        every *= max(1, int(np.ceil(max(text_width(label, SMALL) for label in labels) * 1.1 / room)))
    shown = range(0, len(labels), every)
    ax.set_xticks(list(shown), [labels[i] for i in shown], rotation=90 if steep else 0, font=font(SMALL))
