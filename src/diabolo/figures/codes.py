"""The code space in two dimensions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import matplotlib.patheffects as effects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from diabolo.errors import DataError
from diabolo.figures import style
from diabolo.figures.texts import Texts, resolved

CATEGORIES = 20
MARKERS = ("o", "^")  # each goes once through the palette, so that 20 categories stay apart
RASTER_FROM = 2000  # more points than this are a picture inside an SVG, not 2000 elements
SHORT = 0.8  # inches: a legend of names up to this stands at the right, and the names in the cloud too; wider ones stand below

DRAWN, LETTER = 4.0, 0.14  # inches: the side of the cloud as it is drawn, and the height of a line of text

Look = tuple[str, str]  # color, marker
Where = Literal["outside right upper", "outside lower center"]


def codes(
    z2: Any,
    labels: Any = None,
    *,
    title: str | None = None,
    axis_names: tuple[str, str] | None = None,
    continuous: bool = False,
    color_name: str | None = None,
    texts: Texts | None = None,
) -> Figure:
    """A scatter of codes that were brought to two dimensions.

    z2: (n, 2). labels: (n,) of anything. Up to 20 different ones each get a color, a marker and a place in the legend, and
    short names stand at the median of their points where these lie apart. More numbers get a color bar; of more names the 19
    commonest are told apart. None and NaN are drawn as "no label". Both axes have one scale. continuous: numbers get the color
    bar however few they are. color_name: what the color bar shows.
    """
    points = np.asarray(z2, dtype=float)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise DataError(f"Expected points of shape (n, 2), got {points.shape}. Bring the codes to two dimensions first.")
    fig = style.blank(4.6)
    ax = fig.add_subplot()
    if labels is None:
        _scatter(ax, points, len(points), color=style.BLUE)
    else:
        _labeled(fig, ax, points, _as_labels(labels, len(points)), resolved(texts), continuous, color_name)
    style.clean(ax, grid="both")
    ax.set_aspect("equal", adjustable="datalim")
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.yaxis.set_major_locator(MaxNLocator(6))
    across, up = axis_names or (None, None)
    style.say(ax, title=title, x=across, y=up)
    return fig


def _labeled(
    fig: Figure, ax: Axes, points: NDArray[Any], labels: NDArray[Any], words: Texts, continuous: bool, name: str | None
) -> None:
    missing = np.array([label is None or label != label for label in labels])
    if missing.any():
        _scatter(ax, points[missing], len(points), color=style.LINE)
    points, known = points[~missing], labels[~missing]
    enough = (continuous and len(known) > 0) or len(set(known)) > CATEGORIES
    if enough and all(isinstance(label, (int, float, np.number)) for label in known):
        drawn = _scatter(ax, points, len(labels), c=known.astype(float), cmap=style.SCALE)
        bar = fig.colorbar(drawn, ax=ax, shrink=0.85, aspect=30, pad=0.02)
        bar.ax.tick_params(labelsize=style.SMALL, labelfontfamily=style.FONT)
        if name:
            bar.ax.set_ylabel(style.plain(name), font=style.font(style.SMALL), color=style.INK)
        return
    looks, names = _looks(known, words["codes.other"])
    _interleaved(ax, points, names, looks, len(labels))
    if missing.any():
        looks[words["codes.missing"]] = (style.LINE, "o")
    if max(style.text_width(name, style.SMALL) for name in looks) <= SHORT:
        _legend(fig, looks, "outside right upper", 1)
        _name_the_clouds(ax, points, names)
    else:
        _legend_below(fig, looks)


def _looks(known: NDArray[Any], other: str) -> tuple[dict[str, Look], NDArray[Any]]:
    """A color and a marker for each name, in natural order, and each point's name: the rarest are ``other``'s."""
    names = np.array([str(label) for label in known], dtype=object)
    found, counts = np.unique(names.astype(str), return_counts=True)
    rarest = set() if len(found) <= CATEGORIES else set(found[np.argsort(-counts, kind="stable")][CATEGORIES - 1 :])
    kept = sorted((str(name) for name in found if name not in rarest), key=_natural)
    size = len(style.PALETTE)
    looks = {name: (style.PALETTE[i % size], MARKERS[i // size]) for i, name in enumerate(kept)}
    if rarest:
        looks[other] = (style.LINE, "o")
        names = np.array([other if name in rarest else name for name in names], dtype=object)
    return looks, names


def _natural(name: str) -> tuple[float, list[str | int]]:
    """Numbers by their value, then names, in which 2 stands before 10."""
    try:
        return float(name), []
    except ValueError:
        return float("inf"), [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _interleaved(ax: Axes, points: NDArray[Any], names: NDArray[Any], looks: Mapping[str, Look], n: int) -> None:
    """A scatter a marker, its points in mixed order, so that no category lies on top of all the others."""
    mixed = np.random.default_rng(0).permutation(len(points))
    for marker in MARKERS:
        rows = [i for i in mixed if looks[names[i]][1] == marker]
        if rows:
            _scatter(ax, points[rows], n, c=[looks[names[i]][0] for i in rows], marker=marker)


def _scatter(ax: Axes, points: NDArray[Any], n: int, **look: Any) -> Any:
    """Points of a size and transparency that suit a figure of n of them in all."""
    look |= {"s": float(np.clip(14000 / n, 5.0, 28.0)), "alpha": float(np.clip(60 / np.sqrt(n), 0.5, 0.9))}
    return ax.scatter(points[:, 0], points[:, 1], linewidths=0, rasterized=n > RASTER_FROM, **look)


def _name_the_clouds(ax: Axes, points: NDArray[Any], names: NDArray[Any]) -> None:
    """Each name at the median of its points; none of them where two would lie on each other."""
    if not len(names):
        return
    medians = {name: np.median(points[names == name], axis=0) for name in dict.fromkeys(names)}
    inch = max(np.ptp(points, axis=0).max() / DRAWN, 1e-12)
    boxes = [(x / inch, y / inch, style.text_width(name, style.BODY, bold=True)) for name, (x, y) in medians.items()]
    for i, (x, y, width) in enumerate(boxes):
        if any(abs(x - u) < (width + other) / 2 and abs(y - v) < LETTER for u, v, other in boxes[:i]):
            return
    halo = [effects.withStroke(linewidth=2.5, foreground=style.PAPER)]
    for name, (x, y) in medians.items():
        text = ax.text(x, y, style.plain(name), font=style.font(style.BODY, bold=True), color=style.INK, path_effects=halo)
        text.set(ha="center", va="center", zorder=4)


def _legend_below(fig: Figure, looks: Mapping[str, Look]) -> None:
    widest = max(style.text_width(style.shortened(name, 2.4, style.SMALL), style.SMALL) for name in looks)
    columns = max(1, min(len(looks), int(style.WIDTH / (widest + 0.4))))
    fig.set_figheight(fig.get_figheight() + 0.19 * -(-len(looks) // columns))
    _legend(fig, looks, "outside lower center", columns)


def _legend(fig: Figure, looks: Mapping[str, Look], where: Where, columns: int) -> None:
    handles = [Line2D([], [], color=color, marker=marker, linestyle="", markersize=6) for color, marker in looks.values()]
    names = [style.plain(style.shortened(name, 2.4, style.SMALL)) for name in looks]
    said = fig.legend(handles, names, loc=where, ncols=columns, frameon=False, handletextpad=0.2, columnspacing=1.0)
    for text in said.get_texts():
        text.set_fontproperties(style.font(style.SMALL))


def _as_labels(labels: Any, n: int) -> NDArray[Any]:
    array = np.asarray(labels)
    if array.shape != (n,):
        raise DataError(f"Expected one label a point, shape ({n},), got {array.shape}.")
    return array.astype(object)
