"""Arrays and what can become one: NumPy, lists, anything with ``__array__``; cells that are no numbers are named."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from diabolo.data.given import Given, some, times
from diabolo.errors import DataError, UnsupportedError


def array(data: Any, name: str | None = None, what: str | None = None) -> Given:
    """Numbers from an array or a list, in their own dtype. Raises DataError for text, dates, complex and ragged data."""
    if _is_sparse(data):
        raise DataError(f"X is sparse ({type(data).__name__}), and a dense array is needed: pass X.toarray().")
    rows = numeric(_plain(data))
    shape = f"array of shape {rows.shape}"
    return Given(rows, name or shape, what or f"an {shape}, {rows.dtype}")


def numeric(rows: np.ndarray, names: Sequence[str | int] | None = None) -> np.ndarray:
    """The array itself where its dtype is a number or bool; objects become float64 where every one is a number."""
    if rows.dtype.kind == "c":
        raise DataError(f"Complex data not supported: got {rows.dtype}. Give real and imaginary parts as columns of their own.")
    if rows.dtype.kind in "buif":
        return rows
    if rows.ndim == 0:
        raise DataError(f"Expected an array, a data frame or a path, got {rows.item()!r} of type {type(rows.item()).__name__}.")
    if rows.dtype.kind == "O":
        return _from_objects(rows, names)
    example = rows.reshape(-1)[0] if rows.size else "nothing"
    raise DataError(f"Expected numbers, got {_dtype_word(rows.dtype)} such as {str(example)!r}. Turn it into numbers first.")


def label_array(values: Any) -> np.ndarray:
    """Labels as they came, (n,): whole numbers as int64, everything else as text."""
    labels = np.asarray(values)
    if labels.dtype.kind in "biu":
        return labels.astype(np.int64)
    if labels.dtype.kind == "f" and np.all(np.isfinite(labels)) and np.all(labels == np.round(labels)):
        return labels.astype(np.int64)
    return np.array(["" if v is None else str(v) for v in labels.tolist()], dtype=str)


def stacked(items: Sequence[Any], what: str) -> np.ndarray:
    """Items of one shape as one array, (n, ...); the first one that differs is named."""
    arrays = [np.asarray(item) for item in items]
    for i, item in enumerate(arrays):
        if item.shape != arrays[0].shape:
            raise DataError(
                f"All items must have one shape, but item 0 of {what} is {times(arrays[0].shape)} and item {i} is "
                f"{times(item.shape)}. Bring them to one size first."
            )
    return np.stack(arrays) if arrays else np.empty((0, 1))


def _plain(data: Any) -> np.ndarray:
    if isinstance(data, list | tuple):
        _refuse_lists(data)
    if isinstance(data, np.ma.MaskedArray):
        return np.ma.filled(data.astype(np.float64), np.nan) if np.ma.is_masked(data) else np.asarray(data.data)
    try:
        rows = np.asarray(data)
    except ValueError as error:
        raise DataError(f"Expected numbers in one regular array; NumPy could not make one: {error}") from error
    if rows.dtype.names is not None:
        raise DataError(
            f"Expected plain numbers, got a structured array with fields {some(list(rows.dtype.names))}. Use a data frame."
        )
    return rows


def _refuse_lists(data: Sequence[Any]) -> None:
    """Lists that are other kinds of data, which are refused, not guessed."""
    if data and all(isinstance(item, str) for item in data):
        raise UnsupportedError("A list of str is text, and text is not supported yet: this version reads images and tables.")
    lengths = {len(item) for item in data if isinstance(item, list | tuple) or (isinstance(item, np.ndarray) and item.ndim)}
    if len(lengths) > 1:
        raise UnsupportedError(
            f"A list of arrays of unequal length (here {min(lengths)} to {max(lengths)}) is a set of series, which are not "
            "supported yet: this version reads images and tables. For those, give every row the same shape."
        )


def _is_sparse(data: Any) -> bool:
    return hasattr(data, "toarray") and hasattr(data, "nnz")


def _from_objects(rows: np.ndarray, names: Sequence[str | int] | None) -> np.ndarray:
    cells = rows.reshape(len(rows), -1) if len(rows) else rows.reshape(0, 1)
    bad: dict[int, Any] = {}
    for column in range(cells.shape[1]):
        odd = next((v for v in cells[:, column] if not _is_number(v)), None)
        if odd is not None:
            bad[column] = odd
    if bad:
        _refuse_objects(bad, names)
    return rows.astype(np.float64)


def _is_number(value: Any) -> bool:
    return value is None or (
        isinstance(value, numbers.Number | np.bool_) and not isinstance(value, complex | np.complexfloating)
    )


def _refuse_objects(bad: dict[int, Any], names: Sequence[str | int] | None) -> None:
    label = {c: repr(names[c]) if names is not None else str(c) for c in bad}
    texts = [f"column {label[c]} holds {value!r}" for c, value in bad.items()]
    first = next(iter(bad.values()))
    if isinstance(first, complex | np.complexfloating):
        raise DataError(f"Complex data not supported: {some(texts)}. Give real and imaginary parts as columns of their own.")
    if isinstance(first, str | bytes):
        raise DataError(f"Expected numbers, but {some(texts)}. Turn text into numbers, or leave these columns out.")
    raise UnsupportedError(f"A cell's argument must be a number or, in a file, a string that reads as a number; {some(texts)}.")


def _dtype_word(dtype: np.dtype) -> str:
    words = {"M": "dates", "m": "time spans", "U": "text", "S": "bytes", "T": "text", "V": "raw bytes"}
    return words.get(dtype.kind, f"{dtype} cells")
