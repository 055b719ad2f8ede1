"""The silhouette of a model: how wide it is at each station, for a drawing made of the page's own boxes and text."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from diabolo.figures.architecture import Stage

NARROWEST = 16.0  # percent of the drawing's width


@final
@dataclass(frozen=True)
class Station:
    """One line of the drawing. width: of its block, in percent. above, below: of the outline halfway to its neighbors."""

    stage: Stage
    width: float
    above: float
    below: float

    @property
    def outline(self) -> str:
        """The outline as a CSS polygon: from the upper edge by the block in the middle to the lower edge."""
        right = [(self.above, 0), (self.width, 50), (self.below, 100)]
        left = [(-w, y) for w, y in reversed(right)]
        return ", ".join(f"{50 + w / 2:.4g}% {y}%" for w, y in (*right, *left))


def silhouette(stages: Sequence[Stage]) -> list[Station]:
    """Widths that show the logarithm of the numbers a row is at each station."""
    logs = [math.log(max(1, stage.numbers)) for stage in stages]
    low, high = min(logs), max(logs)
    widths = [NARROWEST + (100 - NARROWEST) * ((x - low) / (high - low) if high > low else 1.0) for x in logs]
    halves = [widths[0], *((a + b) / 2 for a, b in itertools.pairwise(widths)), widths[-1]]
    return [Station(s, w, a, b) for s, w, a, b in zip(stages, widths, halves, halves[1:], strict=False)]
