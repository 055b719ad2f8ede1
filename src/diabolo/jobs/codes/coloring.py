"""Coloring: what the points of a map are colored by: labels, the error of each row, a column, or numbers of the caller's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from diabolo.data import read_like
from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.mixed import MixedTableKind
from diabolo.data.sources import Source
from diabolo.errors import DataError, unknown
from diabolo.jobs.codes.reconstruct import reconstruction_error
from diabolo.jobs.labels import without_missing
from diabolo.trained import Trained, has_fractions

LABEL, ERROR = "label", "error"
CLASSES = 20
"""Different numbers up to which they count as classes, each with a color of its own."""


@final
@dataclass(frozen=True, eq=False)
class Coloring:
    """Values to color n points by. name: what they are. values: (n,). continuous: whether a scale tells them, not a legend."""

    name: str
    values: np.ndarray
    continuous: bool

    def of(self, rows: np.ndarray) -> np.ndarray:
        """The values of some of the rows (m,)."""
        return self.values[rows]


def coloring(trained: Trained, data: Any, source: Source, labels: Any = None, color: Any = None) -> Coloring | None:
    """What to color the rows of ``source`` by; None where nothing is asked and there are no labels.

    Args:
        data: what the source was read from, for columns of a table that are no features.
        labels: (n,), those that came with the data or were given.
        color: None: by label where there are labels. ``"label"``. ``"error"``: the mean squared error of each row, on the
            data's own scale. The name of a column of a table, a feature or not. Values (n,) of the caller's.

    Raises:
        DataError where there are no labels, no such column, or another number of values than rows.
    """
    n = len(source)
    if color is None and labels is None:
        return None
    if color is None or (isinstance(color, str) and color == LABEL):
        if labels is None:
            raise DataError("The color was to be the label, and the data came without labels. Give them, or color by 'error'.")
        return _as_coloring(LABEL, np.broadcast_to(labels, (n,)) if np.ndim(labels) == 0 else labels, n)
    if isinstance(color, str) and color == ERROR:
        return Coloring("error (mse)", reconstruction_error(trained, source, labels), True)
    if isinstance(color, str):
        return _as_coloring(color, column_of(trained, data, source, color), n)
    return _as_coloring("", color, n)


def _as_coloring(name: str, given: Any, n: int) -> Coloring:
    values = without_missing(given)
    if values.shape != (n,):
        raise DataError(f"Colors must be one value a row: there are {n} rows, the values have the shape {values.shape}.")
    numbers = values.dtype.kind in "iuf"
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    return Coloring(name, values, numbers and (has_fractions(values) or len(np.unique(known)) > CLASSES))


def told_cells(kind: Kind, column: int, cells: np.ndarray) -> np.ndarray:
    """Cells (n,) of a column as a source has them, as labels: levels of categories; "" where it is missing or not known."""
    if not isinstance(kind, MixedTableKind) or kind.sorts[column].counted:
        return cells
    levels = np.array(["", *map(str, kind.sorts[column].levels)], dtype=object)
    return levels[np.where(cells >= 0, cells, -1).astype(int) + 1]


def column_of(trained: Trained, data: Any, source: Source, name: str, *, factor: bool = False) -> Any:
    """The values of a column (n,): of a feature in its own unit, of any other as it was given.

    factor: whether it is asked for as a known factor, not as the color. DataError, which says so, where there is none.
    """
    if trained.kind.layout.positions:
        instead = "give factors as a file of numbers, a row for each picture" if factor else "color them by 'label' or 'error'"
        raise DataError(f"Pictures have no column {name!r}: {instead}.")
    names = [str(n) for n in trained.kind.layout.places]
    if name in names:
        cells = source.take(torch.arange(len(source)))[:, names.index(name)].cpu().numpy()
        return told_cells(trained.kind, names.index(name), cells)
    found = None if isinstance(data, Source) else read_like(trained.kind, data, label=name, may_lack=True).labels
    if found is None:
        use = "a factor" if factor else "the color, which may also be 'label' or 'error'"
        raise DataError(f"{unknown('column', name, {*names, *trained.kind.wants.apart})} It was asked for as {use}.")
    return found
