"""Rows and the labels that go with them."""

from __future__ import annotations

from typing import Any

from diabolo.data import read_like
from diabolo.data.sources import Source
from diabolo.jobs.inference import rows_of
from diabolo.trained import Trained


def rows_and_labels(trained: Trained, data: Any, y: Any = None) -> tuple[Source, Any]:
    """Rows in the caller's own shape, read as the model's kind, and their labels: y, else those that came with the data.

    Labels come with named data sets, files with a label column, folders of pictures and torch datasets of pairs.
    """
    if y is not None or isinstance(data, Source):
        return rows_of(trained, data), y
    reading = read_like(trained.kind, data)
    return reading.source, reading.labels
