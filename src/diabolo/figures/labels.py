"""How good a classifier is with few labels."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, PercentFormatter

from diabolo.figures.style import BLUE, BODY, GREEN, MUTED, ORANGE, OTHER, blank, clean, font, say
from diabolo.figures.texts import Texts, resolved
from diabolo.jobs.learning.label_curve import LabelCurve

LOOKS = {"fine-tuned": (BLUE, "-", "o"), "scratch": (ORANGE, "--", "s"), "frozen": (GREEN, "-.", "^"), "raw": (MUTED, ":", "v")}


def accuracy_by_labels(curve: LabelCurve, *, texts: Texts | None = None) -> Figure:
    """A line a method from few labels to many, on a logarithmic axis; bars are standard deviations over the draws of labels."""
    words = resolved(texts)
    fig = blank(3.6)
    ax = fig.add_subplot()
    clean(ax)
    for method, (color, dashes, marker) in LOOKS.items():
        points = [a for a in curve.accuracies if a.method == method]
        if points:
            ax.errorbar(
                [a.labels for a in points],
                [a.mean for a in points],
                yerr=[a.std for a in points],
                color=color,
                linestyle=dashes,
                marker=marker,
                markersize=4,
                capsize=2,
                linewidth=1.6,
                elinewidth=0.8,
                label=words[f"labels.{method}"],
            )
    ax.axhline(curve.majority, color=OTHER, linewidth=1, linestyle=(0, (1, 3)), label=words["labels.majority"])
    ax.set_xscale("log")
    ax.set_xticks(curve.counts, [str(n) for n in curve.counts])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    say(ax, x=words["labels.count"], y=words["labels.accuracy"])
    fig.legend(loc="outside upper center", ncols=2, frameon=False, prop=font(BODY))
    return fig
