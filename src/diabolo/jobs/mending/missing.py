"""Missing cells of mixed tables, filled in, and how well: beside the mean and the most frequent level."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.given import Given, Sort
from diabolo.data.kinds.mixed import MixedTableKind
from diabolo.data.kinds.table import cast
from diabolo.data.rebuilding import rebuilt_cells
from diabolo.data.sources import ArraySource, Source
from diabolo.data.subset import Subset
from diabolo.errors import DataError
from diabolo.jobs.inference import apply, chunk_rows
from diabolo.trained import Trained

JUDGED = 500
"""Rows whose cells are hidden one column at a time, to see how well they are guessed."""


@final
@dataclass(frozen=True)
class Guesses:
    """How well the cells of one column are guessed that are there, each hidden from the model.

    cells: how many. measure: "rmse" for numbers and dates, in the column's own unit (days); "right" for categories, the share
    of levels that are guessed. model: of the model. simplest: of the mean of the column's cells, or of its most frequent level.
    """

    column: str
    cells: int
    measure: str
    model: float
    simplest: float

    @property
    def better(self) -> bool:
        """Whether the model guesses better than the simplest there is."""
        return self.model < self.simplest if self.measure == "rmse" else self.model > self.simplest


@final
@dataclass(frozen=True, eq=False)
class Filled:
    """A mixed table with what was missing filled in.

    values: (n, d) float64, the cells as :class:`diabolo.data.given.Sort` has them, in the columns' order in training. sorts:
    what each column holds, with levels that training did not see. gone: bool like values, which were filled in. guesses: how
    well, a line a column, of columns of which two cells or more could be hidden.
    """

    values: np.ndarray
    sorts: tuple[Sort, ...]
    gone: np.ndarray
    guesses: tuple[Guesses, ...]

    def table(self, kind: MixedTableKind, given: Given) -> Any:
        """In the caller's own library, columns and dtypes; an array where they gave one."""
        if given.columns is None:
            whole = np.isnan(self.values).any() and given.rows.dtype.kind != "f"  # of a column that training never had
            return self.values if whole else cast(self.values, given.rows.dtype.name)
        names = tuple(given.columns.names[i] for i in _order(kind, given))
        columns = dataclasses.replace(given.columns, names=names, dtypes=tuple(sort.native for sort in self.sorts))
        return rebuilt_cells(list(self.values.T), self.sorts, columns)


def fill(trained: Trained, kind: MixedTableKind, given: Given, hidden: Any = None, y: Any = None) -> Filled:
    """Cells that are missing, or where ``hidden`` (bool, (n, d) as the rows came) is True, as the model guesses them.

    All others stay as they came, levels too that training did not see. Raises DataError where nothing is missing, or all of a
    row.
    """
    source, order = kind.accept(given, "the model"), _order(kind, given)
    rows = source.take(torch.arange(len(source))).numpy()
    gone = np.isnan(rows)
    if hidden is not None:
        gone = gone | np.broadcast_to(np.asarray(hidden, dtype=bool), given.rows.shape)[:, order]
    if not gone.any():
        raise DataError("No cell is missing, so there is nothing to fill in: give hidden=, or leave cells empty.")
    if gone.all(1).any():
        raise DataError("A row with every cell missing has nothing to be filled in from. Leave such rows out, or use sample.")
    condition = trained.condition(given.labels if y is None else y, len(source))
    values, sorts = _as_they_came(rows, kind, given, order)
    values = np.where(gone, guessed(trained, kind, source, condition, torch.from_numpy(gone)), values)
    visible = ArraySource(np.where(gone, np.nan, rows))
    return Filled(values, sorts, gone, judge_guesses(trained, kind, visible, condition))


def guessed(trained: Trained, kind: MixedTableKind, source: Source, condition: Tensor | None, gone: Tensor) -> np.ndarray:
    """What the model makes of the cells of all rows where those of ``gone`` (n, d) bool are hidden: (n, d) float64."""
    layout, rows = kind.layout, iter(gone.split(chunk_rows(trained)))

    def look(x: Tensor, c: Tensor | None) -> Tensor:
        some = next(rows).to(x.device)
        full = torch.cat([some, some[-1:].expand(len(x) - len(some), -1)])[:, layout.owner(x.device)]
        seen = torch.where(full, layout.missing(x), x)
        return trained.model.decode(trained.model.encode(seen, None, c), c).mean

    return kind.cells(kind.settled(apply(trained, source, condition, look))).numpy()


def judge_guesses(
    trained: Trained, kind: MixedTableKind, source: Source, condition: Tensor | None = None
) -> tuple[Guesses, ...]:
    """Hide the cells of up to 500 rows that are there, one column after the other, and compare what the model says with them.

    The mean and the most frequent level are those of all rows of the source, so they know more of these rows than the model;
    but where rows are some that the model was trained on, it guesses them better than others. Columns that the training never
    had are left out.
    """
    every = source.take(torch.arange(len(source))).numpy()
    some = torch.arange(len(source))[:: -(-len(source) // JUDGED)]
    few, cells = Subset(source, some), every[some.numpy()]
    own = None if condition is None else condition[some]
    found, empty = [], np.zeros(kind.width, dtype=bool) if kind.empty is None else kind.empty.numpy()
    for i, (name, sort) in enumerate(zip(kind.names, kind.sorts, strict=True)):
        known = ~np.isnan(cells[:, i]) & (cells[:, i] >= (0 if sort.levels else -np.inf))
        if known.sum() < 2 or len(kind.sorts) == 1 or empty[i]:
            continue
        gone = torch.zeros(cells.shape, dtype=torch.bool)
        gone[:, i] = True
        says = guessed(trained, kind, few, own, gone)[known, i]
        found.append(_guesses(name, sort, cells[known, i], says, every[:, i]))
    return tuple(found)


def _guesses(name: str, sort: Sort, cells: np.ndarray, says: np.ndarray, every: np.ndarray) -> Guesses:
    there = every[~np.isnan(every)]
    if sort.counted:
        model, simplest = (float(np.sqrt(np.square(cells - v).mean())) for v in (says, there.mean()))
        return Guesses(name, len(cells), "rmse", model, simplest)
    often = np.bincount(there[there >= 0].astype(np.int64)).argmax()
    return Guesses(name, len(cells), "right", float((cells == says).mean()), float((cells == often).mean()))


def _as_they_came(
    rows: np.ndarray, kind: MixedTableKind, given: Given, order: list[int]
) -> tuple[np.ndarray, tuple[Sort, ...]]:
    """rows (n, d) as the kind took them, with levels it does not know (-1) as further levels after its own."""
    values, sorts = rows.copy(), []
    for i, known in enumerate(kind.sorts):
        came = given.sorts[order[i]] if given.sorts else known
        sort = came if came.name == known.name else known
        if not known.counted:
            strange = rows[:, i] == -1
            words = [_level(v, came) for v in given.rows[strange, order[i]].tolist()]
            levels = known.levels + tuple(dict.fromkeys(words))
            values[strange, i] = [levels.index(word) for word in words]
            sort = dataclasses.replace(sort, levels=levels)
        sorts.append(sort)
    return values, tuple(sorts)


def _level(cell: float, came: Sort) -> Any:
    """What a cell of further data says, where it is one of a category: numbers stand for the levels of that text."""
    if not came.counted:
        return came.levels[int(cell)]
    return str(int(cell)) if cell.is_integer() else str(cell)


def _order(kind: MixedTableKind, given: Given) -> list[int]:
    """Where each column of the kind stands in what was given; the kind has looked at it."""
    if kind.columns is None or given.columns is None:
        return list(range(kind.width))
    got = list(map(str, given.columns.names))
    return [got.index(name) for name in kind.names]
