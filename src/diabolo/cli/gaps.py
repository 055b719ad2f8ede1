"""Rows and tables with cells to fill in: those that are hidden, or those that are missing."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from diabolo.cli import console, restoring
from diabolo.data.kinds.mixed import MixedTableKind
from diabolo.errors import ParameterError

if TYPE_CHECKING:
    from diabolo.cli.hiding import Hidden
    from diabolo.data.given import Columns, Given
    from diabolo.jobs.mending.missing import Filled, Guesses
    from diabolo.trained import Trained

COLUMNS = 20
"""Columns whose guesses are told."""


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
    if isinstance(trained.kind, MixedTableKind):
        return _mixed(trained, trained.kind, given, data, output, ending, hidden)
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


def _mixed(
    trained: Trained, kind: MixedTableKind, given: Given, data: str, output: Path, ending: str, hidden: Hidden | None
) -> tuple[int, tuple[str, ...]]:
    """The same for tables with categories, dates and missing cells."""
    from diabolo.jobs.mending.missing import fill

    if ending not in (".csv", ".parquet"):
        raise ParameterError(f"-o {output}: a table with columns of several kinds goes into a .csv or .parquet file.")
    mask = None if hidden is None else hidden((len(given.rows), given.rows.shape[1]), "")
    if mask is None and not np.isnan(given.rows.astype(np.float64)).any():
        raise _whole(given)
    made = fill(trained, kind, given, mask)
    _write_columns(trained, data, given, made, kind, output, ending)
    notes = (f"{int(made.gone.sum())} of {made.gone.size} cells were filled in", *_words(made.guesses))
    return 1, (*given.notes, *kind.remarks(given), *notes)


def _words(guesses: Sequence[Guesses]) -> Iterator[str]:
    """How well cells are guessed, in words, the columns first where the model helps most."""
    if not guesses:
        return
    better = sum(g.better for g in guesses)
    yield (
        f"of cells that are there, hidden for a test, the model guesses {better} of {len(guesses)} columns better than the "
        "mean or the most frequent level does; better than of new rows, where the model was trained on these"
    )
    for g in guesses[:COLUMNS]:
        if g.measure == "rmse":
            yield f"  {g.column}: off by {g.model:.4g} (root mean square), the mean by {g.simplest:.4g}"
        else:
            yield f"  {g.column}: {g.model:.1%} right, the most frequent level {g.simplest:.1%}"


def _write_columns(
    trained: Trained, data: str, given: Given, made: Filled, kind: MixedTableKind, output: Path, ending: str
) -> None:
    """The table that was read, with its features filled in and every other column as it was."""
    import narwhals as nw
    import polars as pl

    from diabolo.data.files import read_table
    from diabolo.store.files import write_bytes

    found = nw.from_native(made.table(kind, given), pass_through=True)
    if isinstance(found, np.ndarray):
        table = pl.DataFrame(found, schema=list(kind.names))
    else:
        features = [pl.Series(name, found[name].to_list()) for name in found.columns]
        table = read_table(Path(data), kind.wants)[0] if Path(data).is_file() else pl.DataFrame()
        table = table.with_columns(features)
    buffer = io.BytesIO()
    table.write_csv(buffer) if ending == ".csv" else table.write_parquet(buffer)
    write_bytes(output, buffer.getvalue())


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


def _whole(given: Given) -> ParameterError:
    """What to say of a table without a missing cell."""
    return ParameterError(
        f"No cell of {given.name} is missing, so there is nothing to fill in: say which are hidden with --mask FILE."
    )


def _gone(trained: Trained, given: Given, hidden: Hidden | None) -> np.ndarray:
    """Which cells are to be filled in, bool (n, ...) as the rows came."""
    rows, layout = given.rows, trained.kind.layout
    if hidden is None:
        missing = np.isnan(rows) if rows.dtype.kind == "f" else np.zeros(rows.shape, bool)
        if not missing.any():
            if trained.kind.name == "table":
                raise _whole(given)
            raise ParameterError("Say which parts to fill in: --hide ROW,COLUMN,HEIGHT,WIDTH or --mask FILE, one of the two.")
        return missing
    mask = hidden((len(rows), *(layout.positions or (layout.fields,))), "")
    if mask.shape == rows.shape:
        return mask
    flags: Any = np.repeat(mask[:, None], layout.fields, 1)  # (n, F, H, W)
    if rows.shape[1:] == flags.shape[1:]:
        return np.asarray(flags)
    return np.asarray(flags.transpose(0, 2, 3, 1).reshape(rows.shape))
