"""Disentangle: whether known factors lie apart in the codes of a model, beside PCA with as many numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from diabolo.data.frames import frame_of
from diabolo.data.subset import Subset, at_most
from diabolo.errors import DataError
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.inference import codes
from diabolo.jobs.labels import rows_and_labels, without_missing
from diabolo.metrics.disentanglement import Separation, as_factors, separation
from diabolo.trained import Trained

ROWS, CELLS = 10_000, 50_000_000
"""Rows that are judged, and numbers they may hold for PCA."""


@final
@dataclass(frozen=True)
class Disentanglement:
    """model: MIG, SAP and DCI of the model's codes. pca: of PCA's, as many numbers; None for models trained on pairs."""

    model: Separation
    pca: Separation | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"model": self.model.to_dict(), "pca": None if self.pca is None else self.pca.to_dict()}


def disentangle(
    trained: Trained,
    data: Any,
    factors: Any,
    y: Any = None,
    *,
    names: Sequence[str] | None = None,
    seed: int = 0,
) -> Disentanglement:
    """MIG, SAP and DCI of codes beside known factors (:func:`diabolo.metrics.disentanglement.separation`).

    data: rows in the caller's own shape, or a source of such rows; of more than 10 000 so many are drawn. factors: (n, F), a
    data frame, or a dict of F columns. y: labels, for conditional recipes. names: of factors without names of their own.
    """
    source, y = rows_and_labels(trained, data, y)
    n, (columns, known) = len(source), named(factors)
    for column in columns if isinstance(columns, list) else [columns]:
        if len(column) != n:
            raise DataError(f"Factors must have a value for each row: there are {n} rows, the factors have {len(column)}.")
    condition = trained.condition(y, n)
    rows = torch.from_numpy(at_most(n, max(20, min(ROWS, CELLS // trained.kind.layout.cells)), seed))
    part = Subset(source, rows)
    given = [f.values for f in as_factors(_taken(columns, rows.numpy()), len(rows), known or names)]
    called = known or names or [f"factor {i}" for i in range(len(given))]
    z = codes(trained, part, None if condition is None else condition[rows]).flatten(1).numpy()
    found = separation(z, given, called, seed=seed)
    twin = linear_twin(trained)
    if twin is None:
        return Disentanglement(found, None)
    x = trained.kind.inside(part).flatten(1).numpy()
    return Disentanglement(found, separation(twin.transform(x), given, called, seed=seed))


def named(factors: Any) -> tuple[Any, list[str] | None]:
    """Factors as columns with their names; arrays as they are, without."""
    if isinstance(factors, Mapping):
        return [_as_numbers(np.asarray(v)) for v in factors.values()], [str(k) for k in factors]
    frame = frame_of(factors)
    if frame is None:
        return np.asarray(factors), None
    return [_as_numbers(frame[c].to_numpy()) for c in frame.columns], [str(c) for c in frame.columns]


def _as_numbers(column: np.ndarray) -> np.ndarray:
    """A column (n,) as it is; numbers again where all its values are numbers written as text, as those of files may be."""
    values = without_missing(column)
    if values.dtype.kind == "U" and all(v.isdecimal() for v in values.tolist()):
        return values.astype(np.int64)
    return values


def _taken(columns: Any, rows: np.ndarray) -> Any:
    return [c[rows] for c in columns] if isinstance(columns, list) else columns[rows]
