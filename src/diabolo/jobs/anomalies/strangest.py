"""Strangest: how strange pictures look to a model, and the strangest of them with where they are so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.jobs.anomalies.calibration import CODES, calibration
from diabolo.jobs.anomalies.detect import detect
from diabolo.jobs.anomalies.judge import Detection
from diabolo.trained import Trained

ROWS, SHOWN = 1_000, 6
CHANNELS = (1, 3, 4)
"""Numbers of channels that can be drawn."""


@final
@dataclass(frozen=True, eq=False)
class Oddities:
    """found: of n rows of a source. strangest: the rows with the highest scores, places in ``found`` first to last.

    shown: (k, F, H, W), these pictures inside the model's scale. labels: of these, or None.
    """

    found: Detection
    strangest: np.ndarray
    shown: Tensor
    labels: tuple[Any, ...] | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        names = ("threshold", "quantile", "false_alarms", "rows", "held_out")
        outliers = int(self.found.is_outlier.sum())
        return {name: getattr(self.found, name) for name in names} | {"judged": len(self.found.scores), "outliers": outliers}


def find_oddities(trained: Trained, source: Source, y: np.ndarray | None = None) -> Oddities | None:
    """Up to 1 000 pictures of a source, evenly spread, judged; None for other data and where too little is kept."""
    if trained.kind.name != "image" or trained.kind.layout.fields not in CHANNELS or calibration(trained) is None:
        return None
    if len(trained.companions[CODES].arrays["z"]) < 2:  # no density to tell rare codes by
        return None
    rows = torch.arange(len(source))[:: -(-len(source) // ROWS)]
    labels = None if y is None else np.asarray(y)[rows.numpy()]
    found = detect(trained, Subset(source, rows), labels if trained.config.labels else None)
    strangest = np.argsort(-found.scores, kind="stable")[:SHOWN]
    shown = trained.kind.inside(source, rows[torch.from_numpy(strangest)])
    return Oddities(found, strangest, shown, None if labels is None else tuple(labels[strangest]))
