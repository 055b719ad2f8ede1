"""The members of clusters as pictures: typical ones at the left, odd ones at the right, a line a cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diabolo.figures.pictures import draw_picture, pictures
from diabolo.figures.style import INK, MUTED, SMALL, blank, font, plain, shortened
from diabolo.figures.texts import Texts, resolved
from diabolo.jobs.codes.cluster import MEMBERS, Clustering

WIDE = 8.0  # inches: of the whole figure
SAID, APART, HEAD, GAP = 1.3, 0.25, 0.3, 0.04  # inches: words at the left, between the halves, above all, between pictures


def members(
    found: Clustering,
    rows: Callable[[NDArray[np.int64]], Any],
    *,
    value_range: tuple[float, float] = (0.0, 1.0),
    texts: Texts | None = None,
) -> Figure:
    """Up to eight typical and eight odd pictures of each cluster, with its size and its commonest label.

    rows: row numbers (m,) -> their pictures, (m, H, W), (m, H, W, C) or (m, C, H, W).
    """
    words = resolved(texts)
    cell = (WIDE - SAID - APART) / (2 * MEMBERS)
    first = pictures(rows(found.typical[0]), value_range)
    line = cell * first.shape[1] / first.shape[2]
    height = HEAD + found.clusters * max(line, 0.32)
    fig = blank(height, WIDE)
    fig.set_layout_engine("none")
    halves = ((SAID, found.typical, "clusters.typical"), (SAID + MEMBERS * cell + APART, found.odd, "clusters.odd"))
    for left, chosen, key in halves:
        said = shortened(words[key], MEMBERS * cell, SMALL)
        fig.text(left / WIDE, 1 - 0.08 / height, said, font=font(SMALL), color=MUTED, va="top")
        for c, numbers in enumerate(chosen):
            top = height - HEAD - c * max(line, 0.32)
            drawn = pictures(rows(numbers), value_range) if len(numbers) else ()
            for i, picture in enumerate(drawn):
                box = (left + i * cell + GAP / 2, top - line + GAP / 2, cell - GAP, line - GAP)
                ax = fig.add_axes((box[0] / WIDE, box[1] / height, box[2] / WIDE, box[3] / height))
                draw_picture(ax, picture)
    for c in range(found.clusters):
        middle = height - HEAD - c * max(line, 0.32) - line / 2
        fig.text(0.08 / WIDE, middle / height, _said(found, c, words), font=font(SMALL), color=INK, va="center")
    return fig


def _said(found: Clustering, c: int, words: Texts) -> str:
    rows = words["clusters.rows"].format(count=found.sizes[c])
    if found.commonest is None:
        return f"{c}\n{rows}"
    label, share = found.commonest[c]
    return f"{plain(shortened(f'{c}: {label}', SAID - 0.5, SMALL))}, {share:.0%}\n{rows}"
