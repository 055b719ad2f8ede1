"""Rows and tables with cells to fill in: those that are hidden, or those that are missing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from diabolo.cli import console, restoring
from diabolo.errors import ParameterError

if TYPE_CHECKING:
    from diabolo.cli.hiding import Hidden
    from diabolo.data.given import Columns, Given
    from diabolo.trained import Trained


def fill(
    trained: Trained, data: str, output: Path, ending: str, hidden: Hidden | None, *, label: str | None, skip_broken: bool
) -> tuple[int, tuple[str, ...]]:
    """Fill in and write; how many files, and what the user should know. All other cells are written as they came.

    A table goes into a table with all its columns, those too that are no features.
    """
    from diabolo.data.reading import Reading, given_like
    from diabolo.data.sources import source_of
    from diabolo.jobs.anomalies.familiar import unfamiliar
    from diabolo.jobs.mending.mend import filled

    given = given_like(trained.kind, data, label=label, skip_broken=skip_broken)
    gone = _gone(trained, given, hidden)
    if hidden is not None:
        warning = unfamiliar(trained, trained.kind.accept(given, "the model"), given.labels)
        if warning is not None:
            console.warn(f"Warning: {warning}")
    values = filled(trained, given, gone)
    notes = (*given.notes, f"{int(gone.sum())} of {gone.size} cells were filled in")
    if ending in (".csv", ".parquet") and given.columns is not None and Path(data).is_file():
        _write_table(trained, Path(data), given.columns, values, output, ending)
        return 1, notes
    before = np.where(gone, values, given.rows).astype(values.dtype) if hidden is None else given.rows
    reading = Reading(trained.kind, source_of(before), given.labels, "", given.name, given.notes, given.ids)
    if ending in restoring.EXACT:
        return restoring.EXACT[ending](trained, reading, values, output), notes
    shown = restoring.first(reading, None, ending)
    x_hat = trained.kind.encode(trained.kind.read(values[: len(shown.source)]).take(torch.arange(len(shown.source))))
    return restoring.WRITERS[ending](trained, shown, x_hat, output), notes


def _write_table(trained: Trained, data: Path, columns: Columns, values: np.ndarray, output: Path, ending: str) -> None:
    """The table that was read, with its features filled in and every other column as it was."""
    import polars as pl

    from diabolo.data.files import read_table
    from diabolo.data.kinds.table import TableKind, cast
    from diabolo.store.files import write_bytes

    kind = trained.kind
    assert isinstance(kind, TableKind)  # pictures have no columns
    dtypes = kind.columns.dtypes if kind.columns is not None else (values.dtype.name,) * kind.width
    table, _ = read_table(data, kind.wants)
    features = [pl.Series(str(n), cast(v, d)) for n, v, d in zip(columns.names, values.T, dtypes, strict=True)]
    buffer = io.BytesIO()
    table = table.with_columns(features)
    table.write_csv(buffer) if ending == ".csv" else table.write_parquet(buffer)
    write_bytes(output, buffer.getvalue())


def _gone(trained: Trained, given: Given, hidden: Hidden | None) -> np.ndarray:
    """Which cells are to be filled in, bool (n, ...) as the rows came."""
    rows, layout = given.rows, trained.kind.layout
    if hidden is None:
        missing = np.isnan(rows) if rows.dtype.kind == "f" else np.zeros(rows.shape, bool)
        if not missing.any():
            raise ParameterError(
                f"No cell of {given.name} is missing, so there is nothing to fill in: say which are hidden with --mask FILE."
                if trained.kind.name == "table"
                else "Say which parts to fill in: --hide ROW,COLUMN,HEIGHT,WIDTH or --mask FILE, one of the two."
            )
        return missing
    mask = hidden((len(rows), *(layout.positions or (layout.fields,))), "")
    if mask.shape == rows.shape:
        return mask
    flags: Any = np.repeat(mask[:, None], layout.fields, 1)  # (n, F, H, W)
    if rows.shape[1:] == flags.shape[1:]:
        return np.asarray(flags)
    return np.asarray(flags.transpose(0, 2, 3, 1).reshape(rows.shape))
