"""One column of a data frame: what it holds, and its cells as numbers."""

from __future__ import annotations

import datetime
import numbers
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import narwhals as nw
import numpy as np

from diabolo.data.arrays import numeric
from diabolo.data.dates import dates, moments, written
from diabolo.data.given import Sort, stray_cell
from diabolo.errors import DataError

Level = str | int | float | bool

_CHOSEN = (nw.Categorical, nw.Enum)
_WORDS = (nw.String, nw.Object, nw.Unknown)


@final
@dataclass(frozen=True, eq=False)
class Cells:
    """A column's cells, (n,), in their own dtype where they are numbers, else float64 with NaN for missing ones; its sort."""

    values: np.ndarray
    sort: Sort


@final
class UnusableError(Exception):
    """A column of which nothing can be made; its one argument is an example."""


def cells(name: str, series: nw.Series[Any], native: str, known: Sort | None = None) -> Cells:
    """The cells of a column as numbers.

    native: the dtype as the library calls it. known: what the column held in training, which decides how text is read.
    Raises DataError for columns that are numbers but for a few cells, and :class:`UnusableError` for other cells that are
    neither numbers, booleans, dates nor text.
    """
    if series.dtype == nw.Boolean:
        return Cells(_plain(name, series), Sort("boolean", (False, True), native))
    if series.dtype.is_numeric():
        return Cells(_plain(name, series), Sort(native=native))
    if series.dtype in (nw.Date, nw.Datetime):
        return _moments(series, native)
    values = series.drop_nulls().to_list()
    if not values and len(series) and series.dtype not in (nw.String, *_CHOSEN):
        return Cells(np.full(len(series), np.nan), Sort(native="" if series.dtype in _WORDS else native))
    if series.dtype in _CHOSEN:
        return _chosen(series, values, native)
    if series.dtype in _WORDS:
        return _objects(name, series, values, native, known)
    raise UnusableError(values[0] if values else "")


def codes(values: Sequence[Any], levels: Sequence[Level]) -> np.ndarray:
    """The place of each value among the levels, (n,) float64; -1 where it is none of them."""
    place = {level: i for i, level in enumerate(levels)}
    return np.array([place.get(v, -1) for v in values], dtype=np.float64)


def _plain(name: str, series: nw.Series[Any]) -> np.ndarray:
    """Numbers and booleans, in their own dtype where none is missing."""
    if series.null_count() or isinstance(series.dtype, nw.Decimal):
        series = series.cast(nw.Float64).fill_null(float("nan"))
    return numeric(series.to_numpy(), [name])


def _spread(series: nw.Series[Any], values: np.ndarray) -> np.ndarray:
    """Numbers of the cells that are there, among all cells: NaN where they are not."""
    there = ~series.is_null().to_numpy().astype(bool)
    filled = np.full(len(series), np.nan)
    filled[there] = values
    return filled


def _moments(series: nw.Series[Any], native: str) -> Cells:
    """Dates and times as days; of time zones in universal time."""
    unit, zone = "", None
    if isinstance(series.dtype, nw.Datetime):
        unit, zone = series.dtype.time_unit, series.dtype.time_zone
    there = series.drop_nulls()
    if zone is not None:
        there = there.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    days = there.cast(nw.Datetime("us")).dt.timestamp("us").to_numpy() / 86_400e6
    return Cells(_spread(series, days), Sort("date", native=native, unit=unit, zone=zone))


def _chosen(series: nw.Series[Any], values: list[Any], native: str) -> Cells:
    """Categories as their library knows them, with those that no cell has."""
    ordered = False
    if series.implementation.is_pandas_like():
        dtype = series.to_native().dtype
        known, ordered = dtype.categories.tolist(), bool(dtype.ordered)
    elif isinstance(series.dtype, nw.Enum):
        known = list(series.dtype.categories)
    else:
        known = sorted(set(values))
    sort = Sort("category", tuple(map(_level, known)), native, ordered=ordered)
    return Cells(_spread(series, codes(values, known)), sort)


def _level(value: Any) -> Level:
    """A level as JSON can hold it: text, numbers and booleans as they are, everything else as text."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | int | float | bool) else str(value)


def _objects(name: str, series: nw.Series[Any], values: list[Any], native: str, known: Sort | None) -> Cells:
    """Text, or Python's objects: all numbers, all booleans, all dates or all text."""
    boolean = all(isinstance(v, bool | np.bool_) for v in values)
    if values and all(isinstance(v, numbers.Number | np.number | np.bool_) for v in values):
        array = numeric(np.array(series.to_list(), dtype=object)[:, None], [name])[:, 0]
        gone = series.is_null().to_numpy().astype(bool)
        array = np.where(gone, np.nan, array)
        return Cells(array, Sort("boolean", (False, True), native) if boolean else Sort(native=native))
    if values and all(isinstance(v, datetime.date) for v in values):
        return _moments_of_objects(series, values, native)
    if not all(isinstance(v, str) for v in values):
        _check_strays(name, series, values)
        words = [v for v in values if not isinstance(v, str)]
        raise UnusableError(next((v for v in values if isinstance(v, str)), words[0]))
    return _text(name, series, values, native, known)


def _moments_of_objects(series: nw.Series[Any], values: list[Any], native: str) -> Cells:
    """Python's dates, or its dates with time, in one column; pandas' own too, of zones that narwhals has no name for."""
    timed = [isinstance(v, datetime.datetime) for v in values]
    if any(timed) and not all(timed):
        raise UnusableError(values[timed.index(False)])
    naive = [v.astimezone(datetime.UTC).replace(tzinfo=None) if timed[0] and v.tzinfo else v for v in values]
    days = np.array(naive, dtype="M8[us]").astype(np.int64) / 86_400e6
    zoned = re.fullmatch(r"datetime64\[(\w+), (.+)\]", native)
    unit, zone = zoned.groups() if zoned else ("us" if timed[0] else "", None)
    return Cells(_spread(series, days), Sort("date", native=native, unit=unit, zone=zone))


def _text(name: str, series: nw.Series[Any], values: list[str], native: str, known: Sort | None) -> Cells:
    """Text: booleans, dates, categories. Numbers written as text are categories, unless a few cells are none."""
    if known is None:
        _check_strays(name, series, values)
    levels = sorted(set(values))
    if known is None or known.name == "date":
        found = dates(levels, name, "" if known is None else known.style)
        if found is not None:
            days = found.days[codes(values, levels).astype(np.int64)]
            if np.isnan(days).any():
                raise DataError(_stray_date(name, series, values, days))
            return Cells(_spread(series, days), Sort("date", native=native, style=found.style))
    return Cells(_spread(series, codes(values, levels)), Sort("category", tuple(levels), native))


def _check_strays(name: str, series: nw.Series[Any], values: list[Any]) -> None:
    """DataError where some cells are text that is no number, and more than half are numbers."""
    words = {word for word in {v for v in values if isinstance(v, str)} if not _reads_as_number(word)}
    strays = [v for v in values if isinstance(v, str) and v in words]
    if 0 < 2 * len(strays) < len(values):
        row = series.to_list().index(strays[0])
        raise DataError(stray_cell(f"Row {row}, counted from 0", name, strays[0], len(strays), len(values)))


def _stray_date(name: str, series: nw.Series[Any], values: list[str], days: np.ndarray) -> str:
    strays = [value for value, gone in zip(values, np.isnan(days), strict=True) if gone]
    row = series.to_list().index(strays[0])
    return stray_cell(f"Row {row}, counted from 0", name, strays[0], len(strays), len(values), "date")


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def shown(cells: np.ndarray, sort: Sort) -> list[Any]:
    """Cells (n,) as people read them: levels, numbers, dates as text wrote them; None where they are missing or of no level."""
    if sort.style:
        return list(written(cells, sort.style))
    if sort.name == "date":
        whole = bool(np.all(np.isnan(cells) | (cells == np.round(cells))))
        return [None if m is None else (m.date() if whole else m) for m in moments(cells)]
    if sort.counted:
        return [None if np.isnan(v) else float(v) for v in cells]
    return [None if not v >= 0 else sort.levels[int(v)] for v in cells]
