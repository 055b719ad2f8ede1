"""Rows and the labels that go with them."""

from __future__ import annotations

import warnings
from typing import Any

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
    warning = unfamiliar(trained, source, y)
    if warning is not None:
        warnings.warn(warning, UnfamiliarWarning, stacklevel=4)  # the caller of the estimator's method
    return source, y
