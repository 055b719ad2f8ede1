"""Columns of a frame made again from cells: the caller's library, dtypes, categories and ways to write dates."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import narwhals as nw
import numpy as np

from diabolo.data.cells import shown
from diabolo.data.dates import microseconds, moments
from diabolo.data.given import Columns, Sort
from diabolo.errors import MissingExtraError

_WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


def rebuilt_cells(cells: Sequence[np.ndarray], sorts: Sequence[Sort], columns: Columns) -> Any:
    """A frame of the caller's library from d columns of cells (n,), float64 as :class:`diabolo.data.given.Sort` has them.

    NaN becomes a missing cell. Raises MissingExtraError where the library is not installed.
    """
    make = {"pandas": _pandas, "pyarrow": _pyarrow}.get(columns.library, _other)
    try:
        return make(cells, sorts, columns)
    except ImportError as error:
        raise missing_library(columns.library) from error


def missing_library(library: str) -> MissingExtraError:
    """What to say where frames of a library are wanted that is not there."""
    return MissingExtraError(
        f"The model was trained on a {library} frame and gives one back, but {library} is not installed. "
        f"Install it with: pip install {library}"
    )


def objects(cells: np.ndarray, sort: Sort) -> list[Any]:
    """Cells (n,) as Python's objects of the column's dtype, None where they are missing."""
    if sort.name == "date" and not sort.style:
        days_only = not sort.unit
        return [None if m is None else (m.date() if days_only else m) for m in moments(cells, sort.unit)]
    if sort.name == "number":
        whole = sort.native.lower().removesuffix("[pyarrow]")
        values = _within(cells, whole).tolist() if whole in _WHOLE else cells.tolist()
        if whole in ("bool", "boolean"):
            values = [v > 0.5 for v in values]
        return [None if gone else v for v, gone in zip(values, np.isnan(cells), strict=True)]
    return shown(cells, sort)


def _within(cells: np.ndarray, dtype: str) -> np.ndarray:
    """Whole numbers as Python's, inside a dtype's range; 0 for NaN."""
    info = np.iinfo(dtype)
    whole = np.round(np.nan_to_num(cells))
    return np.array([min(max(int(v), info.min), info.max) for v in whole.tolist()], dtype=object)


def _pandas(cells: Sequence[np.ndarray], sorts: Sequence[Sort], columns: Columns) -> Any:
    pd: Any = import_module("pandas")
    made = {i: _pandas_column(pd, values, sort) for i, (values, sort) in enumerate(zip(cells, sorts, strict=True))}
    frame = pd.DataFrame(made, copy=False)
    frame.columns = list(columns.names)
    return frame


def _pandas_column(pd: Any, cells: np.ndarray, sort: Sort) -> Any:
    gone = np.isnan(cells)
    if sort.native == "category":
        places = np.where(gone | (cells < 0), -1, np.nan_to_num(cells)).astype(int)
        return pd.Categorical.from_codes(places, categories=list(sort.levels), ordered=sort.ordered)
    if sort.native.startswith("datetime64"):
        series = pd.Series(microseconds(cells, sort.native[11:13]))
        if sort.zone is not None:
            series = series.dt.tz_localize("UTC").dt.tz_convert(sort.zone)
        return series.astype(sort.native)
    if sort.native in _WHOLE or sort.native == "bool":
        if gone.any():  # no dtype of NumPy holds both
            return cells
        return np.array(objects(cells, sort), dtype=sort.native)
    if sort.native.startswith("float") and "[" not in sort.native:
        return cells.astype(sort.native)
    if sort.name == "number" and sort.native in ("", "object"):
        return cells
    return pd.Series(objects(cells, sort), dtype=sort.native or None)


def _pyarrow(cells: Sequence[np.ndarray], sorts: Sequence[Sort], columns: Columns) -> Any:
    pa: Any = import_module("pyarrow")
    arrays = [pa.array(objects(values, sort), type=_arrow_type(pa, sort)) for values, sort in zip(cells, sorts, strict=True)]
    return pa.table(arrays, names=list(map(str, columns.names)))


def _arrow_type(pa: Any, sort: Sort) -> Any:
    """The type of a column by its own text."""
    if sort.native.startswith("dictionary"):
        index = sort.native.partition("indices=")[2].partition(",")[0]
        return pa.dictionary(pa.type_for_alias(index), pa.string(), ordered=sort.native.endswith("ordered=1>"))
    if sort.native.startswith("timestamp"):
        return pa.timestamp(sort.native[10:].partition(",")[0].rstrip("]"), tz=sort.zone)
    known = {"double": "float64", "float": "float32", "halffloat": "float16"}
    if sort.name == "number" and (sort.native in ("", "null") or sort.native.startswith("decimal")):
        return pa.float64()
    return pa.type_for_alias(known.get(sort.native, sort.native))


def _other(cells: Sequence[np.ndarray], sorts: Sequence[Sort], columns: Columns) -> Any:
    """Frames of polars, and of whatever else narwhals knows."""
    library: Any = columns.library
    named = zip(map(str, columns.names), cells, sorts, strict=True)
    made = {name: _series(name, values, sort, library) for name, values, sort in named}
    return nw.from_dict(made, backend=library).to_native()


def _series(name: str, cells: np.ndarray, sort: Sort, library: Any) -> nw.Series[Any]:
    if sort.native.startswith("Datetime"):
        unit: Any = sort.unit
        series: nw.Series[Any] = nw.new_series(name, objects(cells, sort), nw.Datetime("us"), backend=library)
        if sort.zone is not None:
            series = series.dt.replace_time_zone("UTC").dt.convert_time_zone(sort.zone)
        return series.cast(nw.Datetime(unit, sort.zone))
    return nw.new_series(name, objects(cells, sort), _narwhals_type(sort), backend=library)


def _narwhals_type(sort: Sort) -> Any:
    head = sort.native.partition("(")[0]
    if head == "Enum":
        return nw.Enum(list(map(str, sort.levels)))
    if sort.name == "number" and head in ("", "Null", "Decimal", "Unknown", "Object"):
        return nw.Float64()
    return getattr(nw, head)()
