"""How well scores tell anomalies from normal rows: the ROC curve and the precision-recall curve of each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve, roc_curve

from diabolo.errors import DataError
from diabolo.figures.style import BLUE, BODY, GREEN, MUTED, ORANGE, PURPLE, SMALL, VERMILION, blank, clean, font, say
from diabolo.figures.texts import Texts, resolved

LOOKS = ((VERMILION, "-", 2.1), (BLUE, "-", 1.5), (ORANGE, "--", 1.5), (GREEN, (0, (4, 1, 1, 1)), 1.5), (PURPLE, ":", 1.5))
"""Color, dashes and width of one curve after the other."""


def rates(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], *, texts: Texts | None = None) -> Figure:
    """At the left the share of anomalies found against that of normal rows flagged, at the right precision against recall.

    curves: by name the truth (n,), True for anomalies, and scores (n,), higher is stranger; the first stands out. Gray dots are
    what chance reaches. Raises DataError without curves, and where a truth has only one of the two.
    """
    if not curves or any(truth.all() or not truth.any() for truth, _ in curves.values()):
        raise DataError("Curves need scores of both anomalies and normal rows.")
    words = resolved(texts)
    fig = blank(3.3)
    left, right = fig.subplots(1, 2)
    truth, _ = next(iter(curves.values()))
    left.plot([0, 1], [0, 1], color=MUTED, linestyle=":", linewidth=1.2, zorder=1)
    right.plot([0, 1], [truth.mean()] * 2, color=MUTED, linestyle=":", linewidth=1.2, label=words["rates.chance"], zorder=1)
    for k, (name, (known, scores)) in reversed(list(enumerate(curves.items()))):
        color, dashes, width = LOOKS[k % len(LOOKS)]
        false, true, _ = roc_curve(known, scores)
        precision, recall, _ = precision_recall_curve(known, scores)
        look = {"color": color, "linestyle": dashes, "linewidth": width, "zorder": 3 - k / len(curves)}
        left.plot(false, true, label=name, **look)
        right.plot(recall, precision, drawstyle="steps-post", **look)
    _axes(left, "ROC", words["rates.false"], words["rates.true"])
    _axes(right, words["rates.pr"], words["rates.recall"], words["rates.precision"])
    handles, names = left.get_legend_handles_labels()
    more, also = right.get_legend_handles_labels()
    legend = {"frameon": False, "prop": font(SMALL), "ncols": 3}
    fig.legend([*handles[::-1], *more], [*names[::-1], *also], loc="outside upper center", **legend)
    return fig


def _axes(ax: Axes, title: str, x: str, y: str) -> None:
    clean(ax, grid="both")
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.04)
    ax.set_xticks([0, 0.5, 1])
    ax.set_yticks([0, 0.5, 1])
    ax.set_aspect("equal")
    say(ax, x=x, y=y)
    ax.set_title(title, font=font(BODY), color=MUTED, loc="left", pad=4)
