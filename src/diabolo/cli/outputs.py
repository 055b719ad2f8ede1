"""Results as files: which ending means what, and writing them whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from diabolo.cli import console
from diabolo.errors import ParameterError, StoreError

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from diabolo.report import Report

REPORT = "report.html"
"""The report's name in a model folder."""

FIGURES = "report.json"
"""What it says, as plain values."""

TABLES = (".csv", ".npz", ".parquet")


def ending(path: Path, known: Sequence[str], data: str, *, folder: bool = False, option: str = "-o") -> str:
    """The ending of an output file, in lower case; ``""`` where a folder may be meant.

    Looked at before any work is done. option: how the file was asked for. Raises ParameterError for an ending that is not
    known, StoreError where the file cannot be put there or would replace the data.
    """
    found = path.suffix.lower()
    if found not in known and not (folder and not found):
        more = ", or the name of a folder" if folder else ""
        raise ParameterError(f"{option} {path}: the ending says what is written, and should be {_listed(known)}{more}.")
    if not path.parent.is_dir():
        raise StoreError(f"There is no folder {path.parent} to write {path.name} into. Make it first.")
    if found and path.is_dir():
        raise StoreError(f"{path} is a folder; {option} needs the name of a file.")
    if path.exists() and Path(data).exists() and path.samefile(data):
        raise StoreError(f"{option} {path} would replace the data themselves. Choose another name.")
    return found


def write_report(folder: Path, report: Report) -> None:
    """A report into its model's folder: the page, and what it says as JSON."""
    from diabolo.store.files import write_json, write_text

    write_text(folder / REPORT, report.html)
    write_json(folder / FIGURES, console.plain(report.to_dict()))


def write_figure(fig: Figure, path: Path) -> None:
    """A figure as SVG where the ending says so, else as PNG."""
    from diabolo.figures.export import to_png, to_svg
    from diabolo.store.files import write_bytes, write_text

    if path.suffix.lower() == ".svg":
        write_text(path, to_svg(fig))
    else:
        write_bytes(path, to_png(fig))


def write_table(
    path: Path,
    ending: str,
    key: str,
    columns: Mapping[str, np.ndarray],
    beside: Mapping[str, np.ndarray],
    *,
    after: Mapping[str, Sequence[float | str | None]] = MappingProxyType({}),
) -> None:
    """Columns of numbers, and what stands beside them, as csv, npz or parquet.

    key: name of the array (n, d) in an npz; what stands beside keeps its own names there, ``columns`` are theirs. after:
    columns that follow, numbers or text, with cells missing.
    """
    import numpy as np
    import polars as pl

    from diabolo.store.files import write_bytes

    buffer = io.BytesIO()
    if ending == ".npz":
        numbers = np.column_stack(list(columns.values()))
        arrays: dict[str, Any] = {key: numbers, "columns": np.array(list(columns))}
        arrays |= {_apart(name, key): values for name, values in {**beside, **_filled(after)}.items()}
        np.savez_compressed(buffer, **arrays)
    else:
        whole = {**{_apart(k, *columns): v for k, v in beside.items()}, **columns}
        frame = pl.DataFrame({k: v.tolist() if v.dtype.kind == "O" else v for k, v in whole.items()} | dict(after))
        frame.write_csv(buffer) if ending == ".csv" else frame.write_parquet(buffer)
    write_bytes(path, buffer.getvalue())


def _filled(columns: Mapping[str, Sequence[float | str | None]]) -> dict[str, np.ndarray]:
    """Columns as arrays; where a cell is missing NaN, or no text."""
    import numpy as np

    texts = {name: any(isinstance(v, str) for v in values) for name, values in columns.items()}
    return {
        name: np.array([("" if texts[name] else np.nan) if v is None else v for v in values])
        for name, values in columns.items()
    }


def _apart(name: str, *taken: str) -> str:
    """A name that is none of those taken."""
    return name if name not in (*taken, "columns") else _apart(name + "_", *taken)


def _listed(endings: Sequence[str]) -> str:
    return f"{', '.join(endings[:-1])} or {endings[-1]}" if len(endings) > 1 else endings[0]
