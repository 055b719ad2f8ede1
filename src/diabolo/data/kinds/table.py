"""Numeric tables: named or unnamed columns of numbers, standardized."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.checks import Extent, check_count, check_numbers, chunks, table_extent
from diabolo.data.frames import rebuilt
from diabolo.data.given import Columns, Given, Wants, some
from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.scaling import ColumnScaling
from diabolo.data.sources import Source, source_of
from diabolo.errors import DataError
from diabolo.records import Layout

FARTHEST = 1e19
"""Standard deviations from the mean beyond which squares leave float32."""

_CHUNK_CELLS = 2**23


@final
@dataclass(frozen=True, eq=False)
class TableKind(Kind):
    """A table of d numeric columns, (n, d) outside, (N, d) inside, where each column has mean 0 and standard deviation 1.

    Inside, ``x = (v - mean) / scale``, computed in float64. A column that is constant in the training rows has scale 1
    and is given back as that constant, whatever the model says.

    columns: what a data frame or file said of them; None for an array. dtype: of an array. aside: columns that are no
    features. mean, scale: (d,) float64, None before ``fit``. constant: (d,) bool.
    """

    name: ClassVar[str] = "table"

    width: int
    dtype: str
    columns: Columns | None = None
    aside: Wants = field(default_factory=Wants)
    mean: Tensor | None = None
    scale: Tensor | None = None
    constant: Tensor | None = None
    _moved: dict[torch.device, tuple[Tensor, Tensor, Tensor]] = field(default_factory=dict, init=False, repr=False)

    @property
    def network(self) -> str:
        return "mlp"

    @property
    def likelihood(self) -> str:
        return "gaussian"

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names; ``x0``, ``x1``, … where they have none."""
        return tuple(f"x{i}" for i in range(self.width)) if self.columns is None else tuple(map(str, self.columns.names))

    @property
    def layout(self) -> Layout:
        return Layout(self.names)

    @property
    def wants(self) -> Wants:
        return replace(self.aside, later=True)

    def accept(self, given: Given, named: str) -> Source:
        rows = given.rows
        if given.form in ("images", "pictures"):
            raise DataError(f"Expected a table of {self.width} columns, which {named} was trained on, got {given.what}.")
        check_flat(rows, f"rows of {self.width} columns, which {named} was trained on")
        if self.columns is not None and given.columns is not None:
            check_names(self.names, tuple(map(str, given.columns.names)))
        check_numbers(given, named)
        check_count(rows, named)
        if rows.shape[1] != self.width:
            raise DataError(f"X has {rows.shape[1]} features, but {named} is expecting {self.width} features as input.")
        extent = table_extent(rows, given.columns.names if given.columns else None)
        self._check_reach(rows, extent)
        return source_of(rows)

    def fit(self, source: Source, rows: Tensor) -> Self:
        parts = rows.split(max(1, _CHUNK_CELLS // self.width))
        low, high = _extremes(source, parts)
        constant = low == high
        if bool(constant.all()):
            raise _nothing_to_learn(source, len(rows))
        span = torch.where(constant, 1.0, high - low)
        if not bool(span.isfinite().all()):
            wide = [repr(self.names[i]) for i in (~span.isfinite()).nonzero().flatten().tolist()]
            raise DataError(f"The numbers span more than float64 can hold in column {some(wide)}. Rescale it.")
        mean, scale = _moments(source, parts, low, span)
        return replace(
            self,
            mean=torch.where(constant, low, mean),
            scale=torch.where(constant | (scale == 0), 1.0, scale),
            constant=constant,
        )

    def encode(self, rows: Tensor) -> Tensor:
        mean, scale, _ = self._fitted(rows.device)
        return ((rows.to(mean.dtype) - mean) / scale).float()

    def scaling(self) -> ColumnScaling:
        mean, scale, _ = self._fitted(torch.device("cpu"))
        return ColumnScaling(mean, scale)

    def decode(self, x: Tensor) -> Any:
        """x (N, d) -> an array (N, d) in the caller's dtype, or a frame with the caller's columns; whole numbers rounded."""
        values = self.natural(self.settled(x.detach().cpu())).numpy()
        if self.columns is None:
            return cast(values, self.dtype)
        return rebuilt([cast(values[:, i], dtype) for i, dtype in enumerate(self.columns.dtypes)], self.columns)

    def natural(self, x: Tensor) -> Tensor:
        """x (N, d) -> (N, d) float64 in the columns' own units."""
        mean, scale, _ = self._fitted(x.device)
        return x.to(mean.dtype) * scale + mean

    def settled(self, x: Tensor) -> Tensor:
        """x̂ (N, d) with 0, which stands for their constant, in the columns that were constant in the training rows."""
        return x.masked_fill(self._fitted(x.device)[2], 0.0)

    @property
    def log_scale(self) -> float:
        _, scale, constant = self._fitted(torch.device("cpu"))
        return -float(scale[~constant].log().sum())

    def to_json(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        columns = None if self.columns is None else asdict(self.columns)
        data = {"width": self.width, "dtype": self.dtype, "columns": columns}
        data |= {"label": self.aside.label, "ignore": list(self.aside.ignore), "id": self.aside.id}
        if self.mean is None or self.scale is None or self.constant is None:
            return data, {}
        return data, {"mean": self.mean, "scale": self.scale, "constant": self.constant}

    @classmethod
    def from_json(cls, data: dict[str, Any], tensors: dict[str, Tensor]) -> Self:
        try:
            columns = None if data["columns"] is None else Columns(**{k: _tuple(v) for k, v in data["columns"].items()})
            aside = Wants(label=data["label"], ignore=tuple(data["ignore"]), id=data["id"])
            kind = cls(int(data["width"]), np.dtype(data["dtype"]).name, columns, aside, **tensors)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"The description of the table cannot be read: {type(error).__name__} {error}.") from error
        lengths = {len(t) for t in tensors.values()} | ({len(columns.names), len(columns.dtypes)} if columns else set())
        if lengths - {kind.width} or len(tensors) not in (0, 3):
            raise DataError(
                f"The description of the table does not fit together: {kind.width} columns, but lengths {sorted(lengths)}."
            )
        return kind

    def _check_reach(self, rows: np.ndarray, extent: Extent) -> None:
        """DataError for numbers so far from those of training that their squares leave float32; columns are named."""
        mean, scale, _ = (t.numpy() for t in self._fitted(torch.device("cpu")))

        def far(values: np.ndarray) -> np.ndarray:
            with np.errstate(over="ignore"):
                return np.abs((values.astype(np.float64) - mean) / scale) > FARTHEST

        bad = np.flatnonzero(far(extent.low) | far(extent.high))
        if len(bad):
            counts = sum(far(block)[:, bad].sum(axis=0) for block in chunks(rows))
            columns = [f"{count} in column {self.names[i]!r}" for i, count in zip(bad, counts, strict=True)]
            raise DataError(
                f"Numbers lie more than {FARTHEST:.0e} standard deviations from those of training: {some(columns)}. "
                "Mend these cells, or give the columns in the units of training."
            )

    def _fitted(self, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        if self.mean is None or self.scale is None or self.constant is None:
            raise DataError("This table kind has not been fitted: call kind.fit(source, rows) first.")
        if device not in self._moved:
            exact = torch.float32 if device.type == "mps" else torch.float64  # Apple's GPUs know no float64
            self._moved[device] = (self.mean.to(device, exact), self.scale.to(device, exact), self.constant.to(device))
        return self._moved[device]


def check_flat(rows: np.ndarray, expected: str) -> None:
    """DataError, in scikit-learn's voice, for what is no (n, d) array."""
    if rows.ndim == 1:
        raise DataError(
            f"Expected 2D array, got 1D array instead:\narray={rows}.\nReshape your data either using array.reshape(-1, 1) if "
            "your data has a single feature or array.reshape(1, -1), which is X[None], if it contains a single sample."
        )
    if rows.ndim != 2:
        raise DataError(f"Expected 2D array, got {rows.ndim}D array of shape {rows.shape} instead. Expected {expected}.")


def check_names(want: tuple[str, ...], got: tuple[str, ...]) -> None:
    """DataError, in scikit-learn's voice, for columns that are not those of training, in that order."""
    if want == got:
        return
    texts = ["The feature names should match those that were passed during fit."]
    for text, names in (
        ("Feature names unseen at fit time:", sorted(set(got) - set(want))),
        ("Feature names seen at fit time, yet now missing:", sorted(set(want) - set(got))),
    ):
        if names:
            texts += [text, *(f"- {name}" for name in names[:5]), *(["- ..."] if len(names) > 5 else [])]
    if len(texts) == 1:
        texts.append(f"Feature names must be in the same order as they were in fit. Reorder them: {some(list(want))}.")
    raise DataError("\n".join(texts) + "\n")


def cast(values: np.ndarray, dtype: str) -> np.ndarray:
    """float64 values in another dtype: whole numbers rounded and kept inside its range, bool above one half."""
    target = np.dtype(dtype)
    if target.kind == "b":
        return values > 0.5
    if target.kind in "iu":
        info = np.iinfo(target)
        whole = np.round(values)
        top = whole >= float(info.max)  # float(max) may lie one above max, which a cast would wrap
        return np.where(top, target.type(info.max), np.where(top, 0.0, np.maximum(whole, float(info.min))).astype(target))
    if target.itemsize < 8:
        limit = np.finfo(target).max
        values = np.clip(values, -float(limit), float(limit))
    return values.astype(target)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value


def _nothing_to_learn(source: Source, training: int) -> DataError:
    """Whether every column of the data is constant, or only of the few rows that are left for training."""
    low, high = _extremes(source, torch.arange(len(source)).split(_CHUNK_CELLS))
    if bool((low == high).all()):
        return DataError(
            f"Every column is constant in the training rows ({training}), so there is nothing to learn. Give other data."
        )
    return DataError(
        f"Too few rows: {training} of {len(source)} {'is' if training == 1 else 'are'} left for training, the others are held "
        "out for validation, and every column is constant there. Give more rows, or hold none out with validation_fraction=0."
    )


def _extremes(source: Source, parts: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Smallest and largest value of each column, (d,) float64 on the host."""
    lows, highs = [], []
    for part in parts:
        block = source.take(part).double()
        lows.append(block.amin(0).cpu())
        highs.append(block.amax(0).cpu())
    return torch.stack(lows).amin(0), torch.stack(highs).amax(0)


def _moments(source: Source, parts: tuple[Tensor, ...], low: Tensor, span: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each column, (d,) float64 on the host, in one pass over blocks.

    Blocks are combined as in Chan, Golub & LeVeque 1983 (https://doi.org/10.1080/00031305.1983.10483115), on values
    brought to [0, 1] first, so that neither large offsets nor large numbers cost digits.
    """
    count, mean, square = 0, torch.zeros_like(low), torch.zeros_like(low)
    for part in parts:
        block = source.take(part).double()
        block = (block - low.to(block.device)) / span.to(block.device)
        center = block.mean(0)
        squares = (block - center).square().sum(0).cpu()
        total = count + len(part)
        delta = center.cpu() - mean
        mean += delta * len(part) / total
        square += squares + delta.square() * count * len(part) / total
        count = total
    return low + mean * span, (square / count).sqrt() * span
