"""Data frames of any library, in through narwhals and back again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
from narwhals.exceptions import DuplicateError

from diabolo.data.arrays import label_array
from diabolo.data.cells import Cells, UnusableError, cells
from diabolo.data.given import Columns, Given, Wants, some
from diabolo.data.rebuilding import missing_library
from diabolo.errors import DataError, unknown


def frame_of(data: Any) -> nw.DataFrame[Any] | None:
    """``data`` as a narwhals frame where it is a data frame, eager or lazy, of a library narwhals knows; else None."""
    try:
        table = nw.from_native(data, pass_through=True)
    except DuplicateError as error:
        raise DataError(f"Every column needs a name of its own. {error}. Rename the columns.") from error
    if isinstance(table, nw.LazyFrame):
        table = table.collect()
    return table if isinstance(table, nw.DataFrame) else None


def frame(table: nw.DataFrame[Any], wants: Wants, name: str | None = None) -> Given:
    """The columns of a frame as one (n, d) array, each as :class:`diabolo.data.given.Sort` says; what stands beside them apart.

    Raises DataError for columns that hold neither numbers, booleans, dates nor text.
    """
    columns = {_text(c): table[:, i] for i, c in enumerate(_header(table))}
    _check_apart(columns, wants)
    features = {c: s for c, s in columns.items() if c not in wants.apart}
    _check_one_sort([c for c in _header(table) if _text(c) in features])
    found = _cells(features, wants)
    arrays = {c: cell.values for c, cell in found.items()}
    rows = np.column_stack(list(arrays.values())) if arrays else np.empty((len(table), 0))
    size = f"{len(table)} rows and {len(features)} columns"
    return Given(
        rows,
        name or f"data frame of {size}",
        f"{'a data frame' if name is None else name} of {size}",
        form="table",
        columns=_described(table, features, arrays),
        labels=_beside(columns, wants.label, label=True),
        ids=_beside(columns, wants.id, label=False),
        sorts=tuple(cell.sort for cell in found.values()),
    )


def rebuilt(rows: Sequence[np.ndarray], columns: Columns) -> Any:
    """A frame of the caller's library from d columns of n cells, with the caller's names and dtypes."""
    named = {_text(c): v for c, v in zip(columns.names, rows, strict=True)}
    library: Any = columns.library
    try:
        made = nw.from_dict(named, backend=library).to_native()
    except ImportError as error:
        raise missing_library(columns.library) from error
    if columns.library == "pandas":
        made.columns = list(columns.names)
        made = made.astype(dict(zip(columns.names, columns.native, strict=True)))
    return made


def aligned(result: Any, given: Any) -> Any:
    """``result`` with the row index of ``given``, where both are pandas frames of one length; else as it is."""
    tables = [nw.from_native(d, pass_through=True) for d in (result, given)]
    if all(isinstance(t, nw.DataFrame) and t.implementation.is_pandas() for t in tables) and len(result) == len(given):
        return result.set_axis(given.index, axis=0)
    return result


def _header(table: nw.DataFrame[Any]) -> list[str | int]:
    """The column names; two that are equal, or one that is neither text nor a number, are a DataError."""
    names: list[Any] = table.columns
    odd = [n for n in names if not isinstance(n, str | int)]
    if odd:
        raise DataError(f"Column names must be text or whole numbers, got {odd[0]!r}. Rename the columns.")
    name, count = max(Counter(map(_text, names)).items(), key=lambda item: item[1], default=("", 0))
    if count > 1:
        raise DataError(f"Every column needs a name of its own, but {name!r} names {count}. Rename the columns.")
    return names


def _check_one_sort(names: Sequence[str | int]) -> None:
    """DataError where some features are named by text and some by numbers, which scikit-learn cannot keep."""
    texts, whole = ([n for n in names if isinstance(n, str) is sort] for sort in (True, False))
    if texts and whole:
        raise DataError(
            f"Column names must be all text or all numbers, but {texts[0]!r} is text and {whole[0]!r} is a number. Rename the "
            "columns: X.columns = X.columns.astype(str)."
        )


def _text(name: str | int) -> str:
    return str(name)


def _check_apart(columns: dict[str, Any], wants: Wants) -> None:
    for name in wants.apart:
        if name not in columns and not wants.later:
            raise unknown("column", name, columns)


def _cells(features: dict[str, nw.Series[Any]], wants: Wants) -> dict[str, Cells]:
    """Each column's cells; columns of which nothing can be made are named together, each with an example."""
    known = dict(wants.sorts)
    found: dict[str, Cells] = {}
    odd: list[str] = []
    for name, series in features.items():
        try:
            found[name] = cells(name, series, _native(series), known.get(name))
        except UnusableError as error:
            odd.append(f"{name!r} (such as {error.args[0]!r})")
    if odd:
        raise DataError(
            f"{'Columns' if len(odd) > 1 else 'Column'} {some(odd)} {'mix' if len(odd) > 1 else 'mixes'} sorts of cells. "
            "Bring such a column to one sort of cells, or name it with label=, ignore= or id= (--label, --ignore, --id) to "
            "leave it out of the features."
        )
    return found


def _native(series: nw.Series[Any]) -> str:
    """A dtype by its library's own name, where narwhals has none that says all."""
    if series.implementation.is_pandas():
        return str(series.to_native().dtype)
    return str(series.to_native().type if series.implementation.is_pyarrow() else series.dtype)


def _described(table: nw.DataFrame[Any], features: dict[str, Any], arrays: dict[str, np.ndarray]) -> Columns:
    names = tuple(c for c in _header(table) if _text(c) in features)
    native = table.to_native()
    pandas = table.implementation.is_pandas()
    return Columns(
        names=names,
        dtypes=tuple(arrays[_text(c)].dtype.name for c in names),
        native=tuple(_giveable(native[c].dtype) for c in names) if pandas else (),
        library=table.implementation.value,
    )


def _giveable(dtype: Any) -> str:
    """A pandas dtype's name; columns of objects that were numbers go back as float64."""
    return "float64" if str(dtype) == "object" else str(dtype)


def _beside(columns: dict[str, nw.Series[Any]], name: str | None, *, label: bool) -> np.ndarray | None:
    if name is None or name not in columns:
        return None
    values = columns[name].to_list()
    return label_array(values) if label else np.array([str(v) for v in values], dtype=str)
