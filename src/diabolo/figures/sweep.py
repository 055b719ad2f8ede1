"""How wide the code should be: error and copying by width, and the same rows through every width."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, PercentFormatter

from diabolo.errors import DataError
from diabolo.figures.mosaic import sheet
from diabolo.figures.pictures import CHANNELS, pictures
from diabolo.figures.style import (
    BLUE,
    GREEN,
    INK,
    LINE,
    MUTED,
    ORANGE,
    OTHER,
    SMALL,
    VERMILION,
    WIDTH,
    blank,
    clean,
    font,
    plain,
    say,
    shortened,
)
from diabolo.figures.texts import Texts, resolved
from diabolo.jobs.diagnosis.sweep import Sweep

SAID = 0.75  # inches: words at the left of the pictures
LOWEST = 4.0  # times below the model's least error the drawing ends
TALLEST = 0.75  # inches: of one picture


def sweep_curve(found: Sweep, *, texts: Texts | None = None) -> Figure:
    """Above the errors by width, of held-out and training rows and of PCA; below the shares of the variance that come back.

    Both against the numbers in a code, the suggested width marked. Of shuffled cells much comes back where the model copies.
    """
    words = resolved(texts)
    at = np.array([w.numbers for w in found.widths], dtype=float)
    fig = blank(4.6)
    above, below = fig.subplots(2, sharex=True, height_ratios=(3, 2))
    above.axhline(found.variance, color=LINE, linewidth=1.4, label=words["sweep.mean"], zorder=1)
    errors, training, pca = ([getattr(w, name) for w in found.widths] for name in ("error", "training", "pca"))
    _line(above, at, errors, words["sweep.held-out"], VERMILION, "-", "o")
    _line(above, at, training, words["sweep.training"], BLUE, "--", "o")
    _line(above, at, pca, words["sweep.pca"], OTHER, "-", "s")
    _line(below, at, [w.kept for w in found.widths], words["sweep.kept"], VERMILION, "-", "o")
    _line(below, at, [w.copied for w in found.widths], words["sweep.copied"], ORANGE, "-", "^")
    drawn = np.array([v for v in (*errors, *training, *pca, found.variance) if v is not None])
    if drawn.min() > 0 and drawn.max() > 4 * drawn.min():
        above.set_yscale("log")
        above.set_ylim(bottom=max(drawn.min(), min(*errors, *training) / LOWEST) / 1.3)  # PCA of all numbers leaves rounding
    chosen = next(w for w in found.widths if w.latent_dim == found.suggestion.latent_dim).numbers
    marked = words["sweep.suggested"].format(count=chosen)
    for ax in (above, below):
        clean(ax)
        ax.axvline(chosen, color=GREEN, linestyle=":", linewidth=1.8, label=marked if ax is above else None, zorder=1)
    below.set_ylim(min(-0.02, *(w.kept for w in found.widths if w.kept > -0.5)), 1.02)
    below.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    below.set_xscale("log", base=2)
    shown = at if len(at) <= 12 else at[:: -(-len(at) // 12)]
    below.set_xticks(shown, [f"{n:g}" for n in shown], font=font(SMALL))
    below.xaxis.set_minor_formatter(NullFormatter())
    below.minorticks_off()
    above.yaxis.set_minor_formatter(NullFormatter())
    say(above, y=words["sweep.error"])
    say(below, x=words["sweep.numbers"], y=words["sweep.share"])
    handles = {label: line for ax in (above,) for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=3, frameon=False, prop=font(SMALL))
    below.legend(loc="best", frameon=False, prop=font(SMALL))
    return fig


def _line(ax: Axes, x: np.ndarray, values: list[float | None], label: str, color: str, dashes: str, marker: str) -> None:
    y = np.array([np.nan if v is None else v for v in values], dtype=float)
    if np.isfinite(y).any():
        ax.plot(x, y, color=color, linestyle=dashes, marker=marker, markersize=4, linewidth=1.7, label=label)


def sweep_pictures(found: Sweep, *, texts: Texts | None = None) -> Figure:
    """A few held-out pictures, and below them what each width makes of them, with its error; the suggested one stands out."""
    if found.value_range is None or found.originals.ndim != 4:
        raise DataError("These rows are no pictures. The curve of the sweep has their errors.")
    words = resolved(texts)
    rows = [_drawable(x) for x in (found.originals, *found.pictures)]
    drawn = [pictures(x, found.value_range) for x in rows]
    count, lines = len(drawn[0]), len(drawn)
    whole = sheet(np.concatenate(drawn), count)
    tall = whole.shape[0] / whole.shape[1]  # of all of them
    wide = min(WIDTH - SAID, TALLEST * count, max(TALLEST, 0.34) * lines / tall)
    wide = max(wide, min(0.36 * lines / tall, WIDTH - SAID))  # room for two lines of words
    width = np.floor(100 * (SAID + wide)) / 100
    wide = width - SAID
    height = wide * tall
    fig = blank(height, width)
    fig.set_layout_engine("none")
    ax = fig.add_axes((SAID / width, 0, wide / width, 1))
    ax.imshow(whole, cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    ax.set_axis_off()
    said = [shortened(words["sweep.rows"], SAID - 0.1, SMALL)] + [f"{w.latent_dim}\n{w.error:.3g}" for w in found.widths]
    for i, text in enumerate(said):
        marked = i > 0 and found.widths[i - 1].latent_dim == found.suggestion.latent_dim
        color = GREEN if marked else INK if i else MUTED
        fig.text(0.05 / width, 1 - (i + 0.5) / lines, plain(text), font=font(SMALL, bold=marked), color=color, va="center")
    return fig


def _drawable(x: np.ndarray) -> np.ndarray:
    """Pictures (n, F, H, W) with as many channels as can be drawn: all of 1, 3 or 4, else the first."""
    return x if x.shape[1] in CHANNELS else x[:, :1]
