"""Gathered: everything a report is about, computed once, before any words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from diabolo.data.sources import Source
from diabolo.data.split import split
from diabolo.jobs.anomalies.detector.odd_rows import OddRows, find_odd_rows, rarer_label
from diabolo.jobs.anomalies.detector.screen import NAME
from diabolo.jobs.anomalies.strangest import Oddities, find_oddities
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.codes.maps import CodeMap, can_arrange, map_codes
from diabolo.jobs.codes.neighborhoods import Neighborhood, neighborhoods
from diabolo.jobs.codes.uses import Uses, find_uses
from diabolo.jobs.diagnosis.curves import Curves, read_curves
from diabolo.jobs.diagnosis.diagnose import Diagnosis, diagnose
from diabolo.jobs.diagnosis.layers import Layer, layer_table
from diabolo.jobs.evaluation.evaluate import Evaluation
from diabolo.jobs.evaluation.extremes import Extremes, find_extremes
from diabolo.jobs.findings import Finding
from diabolo.jobs.labels import class_names
from diabolo.jobs.mending.repairs import Repair, find_repairs
from diabolo.jobs.studies import Studies, studies_of
from diabolo.trained import Trained

EACH = {"image": 6, "table": 1}
DIAGNOSED = 500
"""Rows that the health of the code is judged by; `diabolo diagnose` takes more."""


@final
@dataclass(frozen=True)
class Gathered:
    """What is known.

    labels: (n,) of the rows of ``source``, or None. odd_rows: of a table, whose rows need not be those of ``source``. maps: of
    at most 1000 codes, with ``map_labels``. neighborhoods: how well codes and the last map keep who is near whom. uses: what
    else the code is good for, or why that was not looked at; None where nobody asked. studies: those that travel with the
    model.
    """

    trained: Trained
    source: Source
    labels: np.ndarray | None
    evaluation: Evaluation
    curves: Curves | None
    extremes: Extremes
    repairs: tuple[Repair, ...]
    oddities: Oddities | None
    odd_rows: OddRows | None
    diagnosis: Diagnosis
    layers: tuple[Layer, ...]
    maps: tuple[CodeMap, ...]
    command: str
    neighborhoods: tuple[Neighborhood, ...] = ()
    uses: Uses | Finding | None = None
    studies: Studies = field(default_factory=Studies)

    @property
    def errors(self) -> dict[str, float]:
        """Mean squared errors by contender."""
        return {c.name: c.errors["mse"] for c in self.evaluation.table}

    @property
    def numbers(self) -> int:
        """How many numbers a code has."""
        return self.evaluation.health.units

    @property
    def cells(self) -> int:
        """How many numbers a row has, of mixed tables how many columns."""
        return self.trained.kind.features

    @property
    def noun(self) -> str:
        """What a row is: "image" or "table"."""
        return "image" if self.trained.kind.name == "image" else "table"

    @property
    def split(self) -> tuple[int, int] | None:
        """How many rows trained and how many were held out, None where that is not known."""
        rows, share = self.trained.config.data.get("rows"), self.trained.config.options.get("validation_fraction")
        if rows is None or share is None or rows < 2:
            return None
        if "held_out" in self.trained.config.data:
            apart = int(self.trained.config.data["held_out"])
            return rows - apart, apart
        kept, held_out = split(rows, share)
        return len(kept), len(held_out)

    def map_labels(self, found: CodeMap) -> Any:
        """The labels of a map's points, None without labels."""
        return None if self.labels is None else self.labels[found.rows]


def gather(
    trained: Trained,
    source: Source,
    labels: Any,
    evaluation: Evaluation,
    *,
    command: str = "",
    target: Any = None,
    uses: bool = False,
    training: Source | None = None,
    odd_rows: OddRows | None = None,
) -> Gathered:
    """Look at the model from every side a report shows.

    uses: also at what else the code is good for, which takes seconds. odd_rows: those that were found already; None: those of
    the source, where the model is a detector.
    """
    y = None if labels is None else np.asarray(labels).ravel()
    each = EACH.get(trained.kind.name, 1)
    z = embed(trained, source, y if trained.config.labels else None)
    extremes = find_extremes(trained, source, y, target, each=each)
    ordinary = np.array([e.index for e in extremes.groups.get("median", extremes.groups["best"])])
    maps = _maps(z)
    return Gathered(
        trained=trained,
        source=source,
        labels=y,
        evaluation=evaluation,
        curves=read_curves(trained),
        extremes=extremes,
        repairs=find_repairs(trained, source, ordinary, y),
        oddities=find_oddities(trained, source, y),
        odd_rows=odd_rows or _odd_rows(trained, source, y),
        diagnosis=diagnose(trained, source, y if trained.config.labels else None, rows=DIAGNOSED),
        layers=layer_table(trained),
        maps=maps,
        command=command,
        neighborhoods=neighborhoods(trained, source, z, y, maps[-1]) if uses else (),
        uses=find_uses(trained, source, y, training=training) if uses else None,
        studies=studies_of(trained),
    )


def _odd_rows(trained: Trained, source: Source, y: np.ndarray | None) -> OddRows | None:
    if NAME not in trained.companions or trained.kind.name == "image":
        return None
    rarer, names = rarer_label(y), class_names(y) if y is not None else None
    return find_odd_rows(trained, source, y, anomalous=None if rarer is None or names is None else names == rarer)


def _maps(z: np.ndarray) -> tuple[CodeMap, ...]:
    if z.shape[1] <= 2:
        return (map_codes(z),)
    pca = map_codes(z, "pca")
    return (pca, map_codes(z, "tsne")) if can_arrange(z[pca.rows]) else (pca,)
