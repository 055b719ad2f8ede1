"""Files by their ending: tables (csv, tsv, parquet, xlsx), arrays (npy, npz), pictures; and folders of pictures."""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from diabolo.data import pictures
from diabolo.data.arrays import array, label_array
from diabolo.data.delimited import MISSING, PLAIN, read_delimited
from diabolo.data.frames import frame
from diabolo.data.given import Given, Wants, some
from diabolo.data.sources import MAPPED_FROM
from diabolo.errors import DataError, SourceError, UnsupportedError

if TYPE_CHECKING:
    import polars as pl

TEXT_TABLES = (".csv", ".tsv", ".tab")
_TYPED = (".parquet", ".pq")
TABLES = (*TEXT_TABLES, *_TYPED, ".xlsx", ".xls", ".xlsb", ".ods")
ARRAYS = (".npy", ".npz")
_LATER = {".txt": "text", ".mid": "music", ".midi": "music", ".abc": "music"}
_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib")
_ROWS_OF = ("X", "x", "data", "images", "arr_0")
_LABELS_OF = ("y", "labels", "label")


def read_path(path: Path, wants: Wants) -> Given:
    """What a file or folder holds. Raises SourceError where it cannot be read, UnsupportedError for kinds not there yet."""
    path = path.expanduser()
    if not path.exists():
        raise SourceError(f"There is no file or folder {str(path)!r}. Check the path.")
    if path.is_dir():
        return pictures.read_folder(path, wants)
    ending = path.suffix.lower()
    if ending in TABLES:
        return _table(path, wants)
    if ending in pictures.ENDINGS:
        return pictures.read_one(path, wants)
    if ending in ARRAYS:
        return _npy(path) if ending == ".npy" else _npz(path)
    raise _refused(path, ending)


def _refused(path: Path, ending: str) -> DataError | UnsupportedError:
    if ending in _LATER:
        return UnsupportedError(
            f"{path.name} is {_LATER[ending]}, which is not supported yet: this version reads images and numeric tables."
        )
    known = " ".join((*TABLES, *ARRAYS, *pictures.ENDINGS))
    if ending in _PICKLES:
        return SourceError(
            f"{path.name} is a pickle, which can run code when opened and is never read. Save the array as .npy."
        )
    return SourceError(f"{path.name} has the ending {ending!r}, which is not known. Known: {known}, and folders of pictures.")


def _table(path: Path, wants: Wants) -> Given:
    table, notes = read_table(path, wants)
    table, numbers = _numbered(table)
    table, marks = _without_marks(table, wants) if path.suffix.lower() not in _TYPED else (table, ())
    given = frame(nw.from_native(table, eager_only=True), wants, path.name)
    left = ("the first column has no name and numbers the rows; it was left out",) if numbers is not None else ()
    return replace(given, ids=numbers if given.ids is None else given.ids, notes=(*notes, *left, *marks))


def _without_marks(table: pl.DataFrame, wants: Wants) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The table with nothing in cells of text that stand for a missing one, and booleans where text is true or false alone.

    Columns that are no features stay as they are, and true and false where they are known as categories. Returns also a note on
    the marks that were found.
    """
    import polars as pl

    found: Counter[str] = Counter()
    known = dict(wants.sorts)
    for series in [s for s in table if s.dtype == pl.String and s.name not in wants.apart]:
        bare = series.str.strip_chars()
        low = bare.str.to_lowercase()
        gone = low.is_in(MISSING)
        found.update(bare.filter(gone & (bare != "")).to_list())
        text = pl.select(pl.when(gone).then(None).otherwise(bare)).to_series()
        category = series.name in known and known[series.name].name == "category"
        if not category and text.count() and low.filter(~gone).is_in(("true", "false")).all():
            text = pl.select(pl.when(text.is_not_null()).then(low == "true")).to_series()
        table = table.with_columns(text.alias(series.name))
    if not found:
        return table, ()
    marks = some([f"{mark!r} in {count} cell{'s' * (count != 1)}" for mark, count in found.most_common()])
    return table, (f"read as missing: {marks}",)


def _numbered(table: pl.DataFrame) -> tuple[pl.DataFrame, np.ndarray | None]:
    """The table without the nameless first column that data frames write their row numbers to, and that column."""
    if table.columns[:1] == [""] and table[""].dtype.is_integer() and table[""].n_unique() == len(table):
        return table.drop(""), table[""].to_numpy().astype(str)
    return table, None


def read_table(path: Path, wants: Wants) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The table in a file with all its columns, and what the user should know of how it was read."""
    import polars as pl
    from fastexcel import FastExcelError

    if path.suffix.lower() in TEXT_TABLES:
        words = [name for name, sort in wants.sorts if sort.name == "category" or sort.style]
        table, dialect = read_delimited(path, wants.apart, words)
        return table, () if dialect == PLAIN else (f"{path.name} was read as {dialect.text}",)
    try:
        if path.suffix.lower() in _TYPED:
            return pl.read_parquet(path), ()
        sheets = pl.read_excel(path, sheet_id=0)
    except (pl.exceptions.PolarsError, FastExcelError, OSError, ValueError) as error:
        why = str(error).replace(str(path), path.name)
        raise SourceError(f"{path.name} cannot be read as {path.suffix[1:]}: {why}") from error
    name, table = next(iter(sheets.items()))
    note = f"sheet {name!r} of {len(sheets)} was read: {', '.join(sheets)}"
    return table, (note,) if len(sheets) > 1 else ()


def _npy(path: Path) -> Given:
    """An array, memory-mapped where it is large."""
    mode: Any = "r" if path.stat().st_size > MAPPED_FROM else None
    with _named(path), path.open("rb") as file:
        rows = np.load(path if mode else file, mmap_mode=mode, allow_pickle=False)
        if not isinstance(rows, np.ndarray):
            raise ValueError("it is an archive of arrays; call it .npz")
    return array(rows, path.name, path.name)


def _npz(path: Path) -> Given:
    """The array of rows in an archive, with the labels beside it where they are there."""
    with _named(path), path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        chosen = _rows_of(archive.files, path.name)
        label = next((n for n in _LABELS_OF if n in archive.files), None)
        rows = archive[chosen]
        labels = archive[label] if label is not None else None
    given = array(rows, path.name, f"array {chosen!r} of {path.name}")
    if labels is None or labels.size != len(rows):
        return given
    return replace(given, labels=label_array(labels.reshape(-1)))


def _rows_of(names: list[str], file: str) -> str:
    rest = [n for n in names if n not in _LABELS_OF]
    chosen = next((n for n in _ROWS_OF if n in names), rest[0] if len(rest) == 1 else None)
    if chosen is None:
        raise SourceError(f"{file} holds {names}; the rows should be an array called X (or {', '.join(_ROWS_OF[1:])}).")
    return chosen


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors of NumPy's reader as a SourceError that names the file."""
    try:
        yield
    except SourceError:
        raise
    except (ValueError, TypeError, AttributeError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        if "Object arrays" in str(error):
            why = "holds Python objects, which would have to be unpickled and could run code. Save plain numbers instead."
        elif "pickle" in str(error):  # what NumPy takes anything for that does not begin as its own files do
            why = "is no NumPy file, whatever its ending says. Write it with np.save or np.savez; call a table in text .csv."
        else:
            why = f"is cut short or no NumPy file: {error}"
        raise SourceError(f"{path.name} {why}") from error
