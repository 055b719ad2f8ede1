"""Rows and the labels that go with them: how they come, and when labels are classes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from diabolo.data import read_like
from diabolo.data.sources import Source
from diabolo.errors import DataError, UnfamiliarWarning
from diabolo.jobs.anomalies.familiar import unfamiliar
from diabolo.jobs.inference import rows_of
from diabolo.trained import Trained, as_labels, has_fractions


def rows_and_labels(trained: Trained, data: Any, y: Any = None) -> tuple[Source, Any]:
    """Rows in the caller's own shape, read as the model's kind, and their labels: y, else those that came with the data.

    Labels come with named data sets, files with a label column, folders of pictures and torch datasets of pairs. Warns where
    the rows are pictures from another domain than those of the training; of a source, whoever read it has said so already.
    """
    if isinstance(data, Source):
        return data, y
    if y is None:
        reading = read_like(trained.kind, data)
        source, y = reading.source, reading.labels
    else:
        source = rows_of(trained, data)
    _tell(trained, source, y)
    return source, y


def rows_labels_names(trained: Trained, data: Any, y: Any = None) -> tuple[Source, Any, np.ndarray | None]:
    """:func:`rows_and_labels`, and the names of the rows (n,) where they came with names: files of pictures, an id column."""
    if isinstance(data, Source):
        return data, y, None
    reading = read_like(trained.kind, data)
    y = reading.labels if y is None else y
    _tell(trained, reading.source, y)
    return reading.source, y, reading.ids


def classes_of(labels: Any, n: int) -> np.ndarray | None:
    """The class of each of n rows, (n,): text, empty where a row has none. None where the labels are no classes.

    They are none where there are none or one for all rows, where they are measurements (numbers that are not whole, written as
    text too), or nearly one of its own a row: more different ones than half the rows that have one. Every figure beside labels
    (votes of neighbors, purity, precision at k, NMI) goes by this rule, and leaves out rows without one.

    Raises DataError where there is another number of labels than rows.

    >>> classes_of([7, 7.0, None, "7"], 4).tolist()
    ['7', '7', '', '7']
    >>> classes_of([0.5, 1.5, 0.5, 1.5], 4) is None, classes_of(["a", "b"], 2) is None
    (True, True)
    """
    if labels is None or np.ndim(labels) == 0:
        return None
    if np.shape(labels) != (n,):
        raise DataError(f"y must have one label a row: there are {n} rows, y has {_many(labels)}.")
    found = class_names(labels)
    if found is None:
        return None
    known = found[found != ""]
    return found if 0 < len(np.unique(known)) <= len(known) / 2 else None


def class_names(labels: Any) -> np.ndarray | None:
    """Labels (n,) as text, empty where a row has none; whole numbers are named alike, however they came.

    None for measurements.
    """
    values = without_missing(labels)
    if has_fractions(values):
        return None
    return np.array(["" if _is_missing(v) else _name(v) for v in values.tolist()], dtype=str)


def without_missing(labels: Any) -> np.ndarray:
    """Labels of any form, with None where text is missing or empty, as the empty cells of a file are; NaN stays NaN.

    Measurements that came as text, as those of a file's further columns do, are numbers again.
    """
    given = np.asarray(labels)
    if given.dtype.kind not in "OU" or given.ndim != 1:
        return as_labels(given)
    missing = np.array([_is_missing(v) for v in given.tolist()], dtype=bool)
    if not missing.all():
        numbers = _measurements(given, missing)
        if numbers is not None:
            return numbers
    if not missing.any():
        return as_labels(given)
    found = np.full(given.shape, None, dtype=object)
    found[~missing] = as_labels(given[~missing]).astype(object)
    return found


def _measurements(given: np.ndarray, missing: np.ndarray) -> np.ndarray | None:
    """Texts as float64, NaN where missing; None where some are no numbers, or all are whole ones that may be names ("007")."""
    texts = [str(v) for v in given[~missing].tolist()]
    if all(text.isdigit() for text in texts):
        return None
    found = np.full(given.shape, np.nan)
    try:
        found[~missing] = [float(text) for text in texts]
    except ValueError:
        return None
    return found


def _is_missing(value: Any) -> bool:
    """Whether a label is None, NaN, pandas' NA or an empty text."""
    if isinstance(value, str):
        return value == ""
    equal = value is not None and value == value  # pandas' NA answers NA
    return not (isinstance(equal, bool | np.bool_) and bool(equal))


def _name(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _many(labels: Any) -> str:
    return str(len(labels)) if np.ndim(labels) == 1 else f"the shape {np.shape(labels)}"


def _tell(trained: Trained, source: Source, y: Any) -> None:
    warning = unfamiliar(trained, source, y)
    if warning is not None:
        warnings.warn(warning, UnfamiliarWarning, stacklevel=5)  # the caller of the estimator's method
