"""Whether numbers can be used at all: how many there are, whether they are finite, what range they span."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from diabolo.data.given import Given, some
from diabolo.errors import DataError

CHUNK_BYTES = 64 * 2**20


@final
@dataclass(frozen=True)
class Extent:
    """Smallest and largest number, of each column or of everything: ``(d,)`` or ``()``, in the data's own dtype."""

    low: np.ndarray
    high: np.ndarray


def chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    """The rows in blocks of about 64 MB, so that data on disk are never in memory at once."""
    size = max(1, CHUNK_BYTES // max(1, rows.nbytes // max(1, len(rows))))
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def check_count(rows: np.ndarray, named: str) -> None:
    """DataError, in scikit-learn's voice, where there are no rows or no columns."""
    if len(rows) == 0:
        raise DataError(f"Found array with 0 sample(s) (shape={rows.shape}) while a minimum of 1 is required by {named}.")
    if math.prod(rows.shape[1:]) == 0:
        raise DataError(f"Found array with 0 feature(s) (shape={rows.shape}) while a minimum of 1 is required.")


def check_numbers(given: Given, named: str) -> None:
    """DataError where columns of a table hold dates or categories, which ``named`` cannot take."""
    names = () if given.columns is None else given.columns.names
    odd = [
        f"{name!r} ({sort.name}{f' such as {sort.levels[0]!r}' if sort.levels else ''})"
        for name, sort in zip(names, given.sorts, strict=bool(given.sorts))
        if sort.name in ("date", "category") and not np.isnan(given.rows[:, names.index(name)]).all()
    ]
    if odd:
        raise DataError(
            f"{'Columns' if len(odd) > 1 else 'Column'} {some(odd)} {'hold' if len(odd) > 1 else 'holds'} no numbers, and "
            f"{named} takes numbers alone. Turn them into numbers, or name such a column with label=, "
            "ignore= or id= (--label, --ignore, --id) to leave it out of the features."
        )


def check_finite(rows: np.ndarray, names: Sequence[str | int] | None) -> None:
    """DataError for infinity in (n, d) numbers, with columns and counts; NaN stands for a missing cell and is none."""
    if rows.dtype.kind != "f":
        return
    counts = sum(np.isinf(block).sum(axis=0) for block in chunks(rows))
    bad = np.flatnonzero(counts).tolist()
    if bad:
        columns = [f"{counts[c]} in column {repr(names[c]) if names is not None else c}" for c in bad]
        raise DataError(f"Input contains inf (infinite cells): {some(columns)}. Mend these cells, or empty them.")


def extremes(rows: np.ndarray) -> Extent:
    """Range of each column of (n, d) numbers; NaN where one of them is."""
    parts = [(block.min(axis=0), block.max(axis=0)) for block in chunks(rows)]
    return Extent(np.min([low for low, _ in parts], axis=0), np.max([high for _, high in parts], axis=0))


def table_extent(rows: np.ndarray, names: Sequence[str | int] | None, known: Extent | None = None) -> Extent:
    """Range of each column of (n, d) finite numbers; NaN and infinity are a DataError that names columns and counts.

    known: the range, where it was looked at before.
    """
    extent = extremes(rows) if known is None else known
    bad = np.flatnonzero(~(_finite(extent.low) & _finite(extent.high)))
    if len(bad):
        raise DataError(_table_message(rows, bad, names))
    return extent


def image_extent(rows: np.ndarray) -> Extent:
    """Range of all pixels of (n, ...) images; NaN and infinity are a DataError that counts pixels and images."""
    parts = [(block.min(), block.max()) for block in chunks(rows)]
    extent = Extent(np.min([low for low, _ in parts]), np.max([high for _, high in parts]))
    if not (_finite(extent.low) and _finite(extent.high)):
        raise DataError(_image_message(rows))
    return extent


def _finite(values: np.ndarray) -> np.ndarray:
    return np.isfinite(values) if values.dtype.kind == "f" else np.ones(np.shape(values), bool)


def _table_message(rows: np.ndarray, bad: np.ndarray, names: Sequence[str | int] | None) -> str:
    nan = sum(np.isnan(block[:, bad]).sum(axis=0) for block in chunks(rows))
    inf = sum(np.isinf(block[:, bad]).sum(axis=0) for block in chunks(rows))
    labels = [repr(names[c]) if names is not None else str(c) for c in bad]
    texts = []
    for word, counts in (("NaN (missing cells)", nan), ("inf (infinite cells)", inf)):
        columns = [f"{count} in column {label}" for count, label in zip(counts, labels, strict=True) if count]
        if columns:
            texts.append(f"{word}: {some(columns)}")
    return f"Input contains {'; and '.join(texts)}. Fill these cells, or leave the rows or columns out."


def _image_message(rows: np.ndarray) -> str:
    texts = []
    for word, test in (("NaN", np.isnan), ("inf", np.isinf)):
        counts = np.concatenate([test(block).reshape(len(block), -1).sum(axis=1) for block in chunks(rows)])
        if counts.any():
            texts.append(f"{word}: {counts.sum()} pixels in {np.count_nonzero(counts)} of {len(rows)} images")
    return f"Input contains {' and '.join(texts)}. Fill these pixels, or leave the images out."
