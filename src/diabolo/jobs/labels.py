"""Rows and the labels that go with them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from diabolo.data import read_like
from diabolo.data.sources import Source
from diabolo.errors import UnfamiliarWarning
from diabolo.jobs.familiar import unfamiliar
from diabolo.jobs.inference import rows_of
from diabolo.trained import Trained


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


def _tell(trained: Trained, source: Source, y: Any) -> None:
    warning = unfamiliar(trained, source, y)
    if warning is not None:
        warnings.warn(warning, UnfamiliarWarning, stacklevel=5)  # the caller of the estimator's method
