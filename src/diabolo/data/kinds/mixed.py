"""Mixed tables: numbers, dates, categories and booleans, with cells missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.cells import codes, shown
from diabolo.data.checks import check_count, check_finite
from diabolo.data.dates import grain
from diabolo.data.given import Columns, Given, Sort, Wants, some
from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.robust import RobustScaling
from diabolo.data.kinds.scaling import FixedScaling
from diabolo.data.kinds.states import States
from diabolo.data.kinds.table import FARTHEST, cast, check_flat, check_names
from diabolo.data.rebuilding import rebuilt_cells
from diabolo.data.sources import ArraySource, Source
from diabolo.errors import DataError
from diabolo.records import Column, Layout

_CHUNK_CELLS = 2**23
_SAMPLE_ROWS = 200_000


@final
@dataclass(frozen=True, eq=False)
class MixedTableKind(Kind):
    """A table of d columns of any sort, (n, d) float64 cells outside, (N, F) inside, where a column is a block of fields.

    Outside, a cell is a number, a date in days since 1970-01-01, or the place of its category among the column's levels (-1
    of a level that was not there when the kind was made); NaN is missing. Inside, numbers and dates are [value, missing],
    the value scaled by :class:`diabolo.data.kinds.robust.RobustScaling`, and categories and booleans [one-hot over the
    states of :class:`diabolo.data.kinds.states.States`, missing]. Where a cell is missing, missing is 1 and the others are 0.

    Columns that are constant, or empty, in the training rows are given back as that, whatever the model says.

    sorts: what each column holds. columns: what a data frame or file said of them; None for an array. dtype: of an array.
    aside: columns that are no features. scaling_, states: learned; None before ``fit``. empty: (d,) bool, columns without a
    cell in the training rows. grains: (d,) float64, of dates the step in days between them, 0 of other columns.
    """

    name: ClassVar[str] = "mixed"

    sorts: tuple[Sort, ...]
    dtype: str = "float64"
    columns: Columns | None = None
    aside: Wants = field(default_factory=Wants)
    robust: RobustScaling | None = None
    states: States | None = None
    empty: Tensor | None = None
    grains: Tensor | None = None
    _moved: dict[torch.device, _Fitted] = field(default_factory=dict, init=False, repr=False)

    @property
    def network(self) -> str:
        return "mlp"

    @property
    def likelihood(self) -> str:
        return "mixed"

    @property
    def width(self) -> int:
        """d, the number of columns as the caller has them."""
        return len(self.sorts)

    @property
    def features(self) -> int:
        return self.width

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names; ``x0``, ``x1``, … where they have none."""
        return tuple(f"x{i}" for i in range(self.width)) if self.columns is None else tuple(map(str, self.columns.names))

    @cached_property
    def counted(self) -> tuple[int, ...]:
        """The columns of numbers and dates."""
        return tuple(i for i, sort in enumerate(self.sorts) if sort.counted)

    @cached_property
    def chosen(self) -> tuple[int, ...]:
        """The columns of categories and booleans."""
        return tuple(i for i, sort in enumerate(self.sorts) if not sort.counted)

    @cached_property
    def layout(self) -> Layout:
        """A column's fields carry its name; those of categories their level as well. Before ``fit``, as if it would see every
        level equally often."""
        states = self.states or States.fit([np.ones(len(self.sorts[i].levels), np.int64) for i in self.chosen])
        names: list[str] = []
        columns: list[Column] = []
        for i, (name, sort) in enumerate(zip(self.names, self.sorts, strict=True)):
            start = len(names)
            if sort.counted:
                names.append(name)
            else:
                at = self.chosen.index(i)
                names += [f"{name}={sort.levels[place]}" for place in states.levels(at).tolist()]
                names += [f"{name}: other"] * bool(states.merged[at]) + [f"{name}: never seen"]
            levels = 0 if sort.counted else len(names) - start
            names.append(f"{name}: missing")
            columns.append(Column(name, start, len(names), levels))
        return Layout(tuple(names), columns=tuple(columns))

    @property
    def wants(self) -> Wants:
        return replace(self.aside, later=True, sorts=tuple(zip(self.names, self.sorts, strict=True)))

    def accept(self, given: Given, named: str) -> Source:
        rows, _ = self._translated(given, named)
        check_finite(rows, self.names)
        self._check_reach(rows)
        return ArraySource(rows)

    def remarks(self, given: Given) -> tuple[str, ...]:
        _, new = self._translated(given, "the model")
        return tuple(
            f"column {name!r}: {count} cell{'s' * (count != 1)} of {len(levels)} level{'s' * (len(levels) != 1)} never seen in "
            f"training: {some([repr(level) for level in levels])}"
            for name, (count, levels) in new.items()
        )

    def fit(self, source: Source, rows: Tensor) -> Self:
        step = -(-len(rows) // _SAMPLE_ROWS)
        sample = source.take(rows[::step]).double().cpu().numpy()
        low, high, there = _extremes(source, rows, self.width)
        if not bool((low < high).any()):
            raise DataError(
                f"Every column is constant or empty in the training rows ({len(rows)}), so there is nothing to learn. Give "
                "other data, or more of them."
            )
        span = np.where(there > 0, high, 0) - np.where(there > 0, low, 0)
        if not np.isfinite(span).all():
            wide = [repr(self.names[i]) for i in np.flatnonzero(~np.isfinite(span))]
            raise DataError(f"The numbers span more than float64 can hold in column {some(wide)}. Rescale it.")
        cells = [sample[~np.isnan(sample[:, i]), i] for i in range(self.width)]
        if step > 1:  # the ends may lie between the rows of the sample
            cells = [np.append(found, [low[i], high[i]]) if there[i] else found for i, found in enumerate(cells)]
        scaling = RobustScaling.fit([cells[i] for i in self.counted])
        return replace(
            self,
            robust=scaling,
            states=States.fit(self._counts(source, rows)),
            empty=torch.from_numpy(there == 0),
            grains=torch.from_numpy(self._grains(source, rows)),
        )

    def encode(self, rows: Tensor) -> Tensor:
        known = self._on(rows.device)
        v = rows.to(known.exact)
        gone = v.isnan()
        x = torch.zeros(len(v), self.layout.fields, device=v.device)
        x[:, known.flags] = gone.float()
        x[:, known.values] = known.robust.inside(v[:, known.counted]).masked_fill(gone[:, known.counted], 0.0).float()
        if len(known.chosen):
            missing = gone[:, known.chosen]
            places = v[:, known.chosen].masked_fill(missing, -1).long()
            hot = torch.where(missing, known.flags[known.chosen], known.starts + known.states.of(places))
            x.scatter_(1, hot, 1.0)
        return x

    def scaling(self) -> FixedScaling:
        return FixedScaling(self.encode, (self.width,))

    def cells(self, x: Tensor) -> Tensor:
        """x (N, F) -> cells (N, d) float64 on the host, as a source has them: the likeliest known level, NaN where missing."""
        known = self._on(torch.device("cpu"))
        x = known.constants(x.detach().cpu())
        v = torch.empty(len(x), self.width, dtype=torch.float64)
        v[:, known.counted] = known.robust.outside(x[:, known.values].double())
        for at, i in enumerate(self.chosen):
            levels, start = known.states.levels(at), int(known.starts[at])
            block = x[:, start : start + len(levels)]
            v[:, i] = levels[block.argmax(1)].double() if len(levels) else torch.nan
        assert self.grains is not None
        rounded = (v / self.grains).round() * self.grains
        v = torch.where(self.grains > 0, rounded, v)
        return v.masked_fill((x[:, known.flags] > 0.5) | known.empty, torch.nan)

    def decode(self, x: Tensor) -> Any:
        """x (N, F) -> an array (N, d) in the caller's dtype, or a frame with the caller's columns, dtypes and categories.

        Cells whose missing flag is above one half come back missing; levels never seen and "other" are never chosen.
        """
        v = self.cells(x).numpy()
        if self.columns is None:
            return v if np.isnan(v).any() and np.dtype(self.dtype).kind != "f" else cast(v, self.dtype)
        return rebuilt_cells(list(v.T), self.sorts, self.columns)

    def natural(self, x: Tensor) -> Tensor:
        """x (N, F) -> (N, F) float64: numbers in their columns' own units, dates in days, the other fields as they are."""
        known = self._on(x.device)
        v = x.to(known.exact, copy=True)
        v[:, known.values] = known.robust.outside(v[:, known.values])
        return v

    def settled(self, x: Tensor) -> Tensor:
        """x̂ (N, F) with the constant in columns that were constant in the training rows, and no cell missing: a model does not
        say that one is."""
        known = self._on(x.device)
        return known.constants(x).index_fill(1, known.flags, 0.0)

    @property
    def log_scale(self) -> float:
        """Of a row whose numbers are all there and at their columns' medians."""
        return float(self.log_scales(torch.zeros(1, self.layout.fields))[0])

    def log_scales(self, x: Tensor) -> Tensor:
        """(N,): the sum over the numbers and dates of a row that are there and not constant; levels are no densities."""
        known = self._on(x.device)
        slopes = known.robust.log_slope(x[:, known.values].to(known.exact)).masked_fill(known.robust.constant, 0.0)
        return (slopes * (1 - x[:, known.flags[known.counted]])).sum(1).to(x.dtype)

    def shown(self, cells: Tensor) -> list[list[Any]]:
        """Cells (n, d), as a source or :meth:`cells` has them -> d values a row as people read them.

        Numbers, dates and levels; None where a cell is missing, or of a level never seen.
        """
        v = cells.double().cpu().numpy()
        return [list(row) for row in zip(*(shown(v[:, i], sort) for i, sort in enumerate(self.sorts)), strict=True)]

    def to_json(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        columns = None if self.columns is None else asdict(self.columns)
        data: dict[str, Any] = {"sorts": [asdict(sort) for sort in self.sorts], "dtype": self.dtype, "columns": columns}
        data |= {"label": self.aside.label, "ignore": list(self.aside.ignore), "id": self.aside.id}
        if self.robust is None or self.states is None or self.empty is None or self.grains is None:
            return data, {}
        tensors = {f"robust.{f.name}": getattr(self.robust, f.name) for f in fields(RobustScaling)}
        tensors |= {f"states.{f.name}": getattr(self.states, f.name) for f in fields(States)}
        return data, tensors | {"empty": self.empty, "grains": self.grains}

    @classmethod
    def from_json(cls, data: dict[str, Any], tensors: dict[str, Tensor]) -> Self:
        try:
            sorts = tuple(Sort(**{k: _tuple(v) for k, v in sort.items()}) for sort in data["sorts"])
            columns = None if data["columns"] is None else Columns(**{k: _tuple(v) for k, v in data["columns"].items()})
            aside = Wants(label=data["label"], ignore=tuple(data["ignore"]), id=data["id"])
            kind = cls(sorts, np.dtype(data["dtype"]).name, columns, aside)
            if tensors:
                robust = RobustScaling(**{f.name: tensors[f"robust.{f.name}"] for f in fields(RobustScaling)})
                states = States(**{f.name: tensors[f"states.{f.name}"] for f in fields(States)})
                kind = replace(kind, robust=robust, states=states, empty=tensors["empty"], grains=tensors["grains"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"The description of the table cannot be read: {type(error).__name__} {error}.") from error
        kind._check_whole(len(tensors))
        return kind

    def _check_whole(self, tensors: int) -> None:
        """DataError where the parts of a description are of different widths."""
        sizes = [len(self.sorts)] + ([len(self.columns.names), len(self.columns.dtypes)] if self.columns else [])
        wrong = len(set(sizes)) > 1
        if self.robust is not None and self.states is not None and self.empty is not None and self.grains is not None:
            levels = [len(self.sorts[i].levels) + 1 for i in self.chosen]
            wrong |= any(len(getattr(self.robust, f.name)) != len(self.counted) for f in fields(RobustScaling))
            wrong |= self.states.sizes.tolist() != levels or len(self.states.table) != sum(levels)
            wrong |= any(len(t) != len(self.chosen) for t in (self.states.kept, self.states.merged))
            wrong |= any(len(t) != self.width for t in (self.empty, self.grains))
            wrong |= tensors != len(fields(RobustScaling)) + len(fields(States)) + 2
        if wrong:
            raise DataError(f"The description of the table does not fit together: {self.width} columns, but parts of others.")

    def _translated(self, given: Given, named: str) -> tuple[np.ndarray, dict[str, tuple[int, list[Any]]]]:
        """Cells (n, d) float64 with this kind's order of columns and levels; and the levels never seen, with how many cells.

        Raises DataError where columns are others, or hold something else.
        """
        if given.form in ("images", "pictures"):
            raise DataError(f"Expected a table of {self.width} columns, which {named} was trained on, got {given.what}.")
        check_flat(given.rows, f"rows of {self.width} columns, which {named} was trained on")
        order = self._order(given)
        check_count(given.rows, named)
        if given.rows.shape[1] != self.width:
            raise DataError(f"X has {given.rows.shape[1]} features, but {named} is expecting {self.width} features as input.")
        rows = given.rows[:, order].astype(np.float64)
        new: dict[str, tuple[int, list[Any]]] = {}
        for i, (name, sort) in enumerate(zip(self.names, self.sorts, strict=True)):
            came = given.sorts[order[i]] if given.sorts else Sort()
            _check_sort(name, sort, came, rows[:, i], named)
            if not sort.counted:
                strange = _to_levels(rows[:, i], came, sort)
                if strange:
                    new[name] = (int((rows[:, i] == -1).sum()), strange)
        return rows, new

    def _order(self, given: Given) -> list[int]:
        """Where in the given rows each column of this kind is. DataError where it is not."""
        if self.columns is None or given.columns is None:
            return list(range(given.rows.shape[1]))
        got = tuple(map(str, given.columns.names))
        if sorted(got) != sorted(self.names):
            check_names(self.names, got)
        return [got.index(name) for name in self.names]

    def _check_reach(self, rows: np.ndarray) -> None:
        """DataError for numbers so far from those of training that their squares leave float32; columns are named."""
        known = self._on(torch.device("cpu"))
        x = known.robust.inside(torch.from_numpy(rows)[:, known.counted]).abs().nan_to_num(0.0)
        counts = (x > FARTHEST).sum(0).tolist()
        columns = [f"{n} in column {self.names[i]!r}" for i, n in zip(self.counted, counts, strict=True) if n]
        if columns:
            raise DataError(
                f"Numbers lie more than {FARTHEST:.0e} spreads from those of training: {some(columns)}. Mend these cells, or "
                "give the columns in the units of training."
            )

    def _counts(self, source: Source, rows: Tensor) -> list[np.ndarray]:
        """How often each level of each column of categories is there in the given rows."""
        counts = [np.zeros(len(self.sorts[i].levels), np.int64) for i in self.chosen]
        for part in rows.split(max(1, _CHUNK_CELLS // self.width)):
            block = source.take(part).cpu().numpy()
            for count, i in zip(counts, self.chosen, strict=True):
                places = block[:, i][block[:, i] >= 0].astype(np.int64)
                count += np.bincount(places, minlength=len(count))
        return counts

    def _grains(self, source: Source, rows: Tensor) -> np.ndarray:
        """The step between the dates of each column in the given rows, in days; 0 of other columns: (d,)."""
        dated = [i for i, sort in enumerate(self.sorts) if sort.name == "date"]
        found = np.zeros(self.width)
        found[dated] = 1.0
        for part in rows.split(max(1, _CHUNK_CELLS // self.width)) if dated else ():
            block = source.take(part).double().cpu().numpy()
            for i in dated:
                found[i] = min(found[i], grain(block[~np.isnan(block[:, i]), i]))
        return found

    def _known(self) -> _Learned:
        if self.robust is None or self.states is None or self.empty is None:
            raise DataError("This table kind has not been fitted: call kind.fit(source, rows) first.")
        return _Learned(self.robust, self.states, self.empty)

    def _on(self, device: torch.device) -> _Fitted:
        if device not in self._moved:
            self._moved[device] = _fitted(self, self._known(), device)
        return self._moved[device]


@final
@dataclass(frozen=True, eq=False)
class _Learned:
    robust: RobustScaling
    states: States
    empty: Tensor


@final
@dataclass(frozen=True, eq=False)
class _Fitted:
    """What was learned, on a device. counted, chosen: which columns; values: the field of each number; flags: (d,) of each
    column the field that says it is missing; starts: of each category its first field. fixed: (F,) bool, the fields of
    constant columns, whose values are constant (F,)."""

    exact: torch.dtype
    robust: RobustScaling
    states: States
    empty: Tensor
    counted: Tensor
    chosen: Tensor
    values: Tensor
    flags: Tensor
    starts: Tensor
    fixed: Tensor
    constant: Tensor

    def constants(self, x: Tensor) -> Tensor:
        """x (N, F) with the fields of constant columns as in training."""
        return torch.where(self.fixed, self.constant.to(x.dtype), x)


def _fitted(kind: MixedTableKind, learned: _Learned, device: torch.device) -> _Fitted:
    exact = torch.float32 if device.type == "mps" else torch.float64  # Apple's GPUs know no float64
    columns = kind.layout.columns
    fixed, constant = torch.zeros(2, kind.layout.fields)
    for at, i in enumerate(kind.counted):
        fixed[columns[i].start] = float(learned.robust.constant[at])
    for at, i in enumerate(kind.chosen):
        if int(learned.states.kept[at]) <= 1:
            fixed[columns[i].start : columns[i].flag] = 1.0
            constant[columns[i].start] = float(learned.states.kept[at])

    def place(numbers: Sequence[int]) -> Tensor:
        return torch.tensor(list(numbers), dtype=torch.int64, device=device)

    return _Fitted(
        exact=exact,
        robust=learned.robust.to(device, exact),
        states=learned.states.to(device),
        empty=learned.empty.to(device),
        counted=place(kind.counted),
        chosen=place(kind.chosen),
        values=place([columns[i].start for i in kind.counted]),
        flags=place([column.flag for column in columns]),
        starts=place([columns[i].start for i in kind.chosen]),
        fixed=fixed.bool().to(device),
        constant=constant.to(device),
    )


def _check_sort(name: str, want: Sort, got: Sort, cells: np.ndarray, named: str) -> None:
    """DataError where a column that held numbers or dates now holds something else, or categories now dates."""
    free = {"number": ("boolean",), "date": (), "category": ("number", "boolean"), "boolean": ("number", "category")}
    if got.name == want.name or got.name in free[want.name] or np.isnan(cells).all():
        return
    words = {"number": "numbers", "date": "dates", "category": "categories", "boolean": "booleans"}
    example = f" such as {got.levels[0]!r}" if got.levels and got.name == "category" else ""
    style = f", written {want.style}" if want.style else ""
    raise DataError(
        f"Column {name!r} holds {words[got.name]}{example}, but {named} was trained on {words[want.name]}{style} there. Mend "
        "these cells, or empty them."
    )


def _to_levels(cells: np.ndarray, came: Sort, sort: Sort) -> list[Any]:
    """Places among the levels of further data, or numbers, to places among a column's own, in place; -1 for others.

    Returns the levels that are new. Numbers stand for the levels of that text.
    """
    there = ~np.isnan(cells)
    if not came.counted and came.levels == sort.levels:
        return []
    values, back = np.unique(cells[there], return_inverse=True)
    levels = values.tolist() if came.counted else [came.levels[int(v)] for v in values]
    places = codes([_alike(level, sort) for level in levels], sort.levels)
    cells[there] = places[back]
    return [level for level, place in zip(levels, places, strict=True) if place < 0]


def _alike(level: Any, sort: Sort) -> Any:
    """A level as the column's own levels would be written."""
    if sort.name == "boolean":
        return {"true": True, "false": False}.get(level.lower(), level) if isinstance(level, str) else level
    if not any(isinstance(own, str) for own in sort.levels):
        return level
    return str(int(level)) if isinstance(level, float) and level.is_integer() else str(level)


def _extremes(source: Source, rows: Tensor, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Smallest and largest cell of each column, and how many are there, (d,) each."""
    low, high, there = np.full(width, np.inf), np.full(width, -np.inf), np.zeros(width, np.int64)
    for part in rows.split(max(1, _CHUNK_CELLS // width)):
        block = source.take(part).double().cpu().numpy()
        low, high = np.fmin(low, np.fmin.reduce(block, axis=0)), np.fmax(high, np.fmax.reduce(block, axis=0))
        there += (~np.isnan(block)).sum(axis=0)
    return low, high, there


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value
