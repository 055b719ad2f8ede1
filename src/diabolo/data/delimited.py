"""Tables in text files: separator, decimal sign, encoding and header are recognized; ragged lines are named."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

from diabolo.errors import SourceError

if TYPE_CHECKING:
    import polars as pl

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-")
"""Cells that stand for a missing number, in lower case."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)
_COMMA_NUMBER = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?")
_SAMPLE_LINES = 200


@final
@dataclass(frozen=True)
class Dialect:
    """How a text file writes its table."""

    encoding: str
    separator: str
    decimal_comma: bool
    header: bool

    @property
    def text(self) -> str:
        """For a note: ``semicolon-separated, decimal comma, windows-1251``."""
        parts = [f"{SEPARATORS[self.separator]}-separated"]
        parts += ["decimal comma"] if self.decimal_comma else []
        parts += [] if self.encoding == "utf-8" else [self.encoding]
        parts += [] if self.header else ["no header line"]
        return ", ".join(parts)


PLAIN = Dialect("utf-8", ",", decimal_comma=False, header=True)
"""What needs no word."""


def read_delimited(path: Path) -> tuple[pl.DataFrame, Dialect]:
    """The file as a frame, numbers as Int64 or Float64, everything else as text. Raises SourceError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    encoding = encoding_of(raw)
    text = _decoded(raw, encoding, path.name)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise SourceError(f"{path.name} is empty: expected a header line and rows of numbers.")
    dialect = _dialect([line for _, line in lines[:_SAMPLE_LINES]], encoding)
    _check_ragged(text, lines, dialect.separator, path.name)
    return _typed(_frame("\n".join(line for _, line in lines), dialect, path.name), dialect), dialect


def encoding_of(raw: bytes) -> str:
    """The encoding of a file: by its mark, else UTF-8 where it is valid, else the eight-bit one its letters look like.

    >>> encoding_of("температура;давление".encode("windows-1251"))
    'windows-1251'
    """
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if raw.startswith(mark):
            return name
    head = raw[:4096]
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 3 and head[start::2].count(0) > len(head) // 4 > 0:
            return name
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return _eight_bit(raw)
    return "utf-8"


def _eight_bit(raw: bytes) -> str:
    """Cyrillic words are runs of high bytes; accents in Latin words stand alone."""
    runs = re.findall(rb"[\x80-\xff]+", raw[: 2**20])
    long = sum(len(run) for run in runs if len(run) > 1)
    return "windows-1251" if 2 * long > sum(map(len, runs)) else "windows-1252"


def _decoded(raw: bytes, encoding: str, name: str) -> str:
    try:
        return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{name} is not valid {encoding} ({error.reason} at byte {error.start}). Save it as UTF-8."
        ) from error


def _dialect(sample: list[str], encoding: str) -> Dialect:
    separator = max(SEPARATORS, key=lambda mark: _score(sample, mark))
    rows = _cells(sample, separator)
    cells = [cell for row in rows[1:] or rows for cell in row]
    commas = sum(bool(_COMMA_NUMBER.fullmatch(c)) for c in cells)
    dots = sum("." in c and bool(_NUMBER.fullmatch(c)) for c in cells)
    decimal_comma = separator != "," and commas > 0 and dots == 0
    header = not all(_is_number(cell, decimal_comma) for cell in rows[0])
    return Dialect(encoding, separator, decimal_comma, header)


def _score(sample: list[str], separator: str) -> tuple[bool, bool, float, int]:
    """How well a separator explains the lines: several cells, as many in each, numbers in them, many of them."""
    rows = _cells(sample, separator)
    widths = [len(row) for row in rows]
    usual = max(set(widths), key=widths.count)
    cells = [cell for row in rows[1:] or rows for cell in row]
    share = sum(_is_number(c, separator != ",") for c in cells) / max(1, len(cells))
    return usual > 1, widths.count(usual) > 0.9 * len(widths), round(share, 2), usual


def _cells(lines: list[str], separator: str) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]


def _is_number(cell: str, comma: bool) -> bool:
    return cell.lower() in MISSING or bool(_NUMBER.fullmatch(cell)) or (comma and bool(_COMMA_NUMBER.fullmatch(cell)))


def _check_ragged(text: str, lines: list[tuple[int, str]], separator: str, name: str) -> None:
    """SourceError for the first line with another number of cells than the first."""
    widths = _quoted_widths(text, separator) if '"' in text else ((n, line.count(separator) + 1) for n, line in lines)
    first, want = next(widths)
    for number, got in widths:
        if got != want:
            raise SourceError(
                f"{name}, line {number}: {got} cell{'s' * (got != 1)}, but line {first} has {want}. "
                f"The table was read as {SEPARATORS[separator]}-separated; mend the line."
            )


def _quoted_widths(text: str, separator: str) -> Iterator[tuple[int, int]]:
    """Line numbers and counts of cells where quotes may hide separators and line ends."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    start = 1
    for row in reader:
        if row:
            yield start, len(row)
        start = reader.line_num + 1


def _frame(text: str, dialect: Dialect, name: str) -> pl.DataFrame:
    """All cells as text."""
    import polars as pl

    try:
        frame = pl.read_csv(text.encode(), separator=dialect.separator, has_header=dialect.header, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise SourceError(f"{name} cannot be read as a table: {error}") from error
    frame.columns = _names(text, dialect, name) if dialect.header else [f"x{i}" for i in range(frame.width)]
    return frame


def _names(text: str, dialect: Dialect, name: str) -> list[str]:
    names = [cell.strip() for cell in next(csv.reader(io.StringIO(text, newline=""), delimiter=dialect.separator))]
    twice = next((n for i, n in enumerate(names) if n in names[:i]), None)
    if twice is not None:
        raise SourceError(f"{name} has two columns called {twice!r}. Rename one.")
    return names


def _typed(frame: pl.DataFrame, dialect: Dialect) -> pl.DataFrame:
    """Columns in which every cell is a number or missing as numbers; the others stay text."""
    import polars as pl

    columns: dict[str, pl.Series] = {}
    for series in frame:
        words = series.str.strip_chars()
        text = pl.select(pl.when(words.str.to_lowercase().is_in(MISSING)).then(None).otherwise(words)).to_series()
        plain = text.str.replace(",", ".", literal=True) if dialect.decimal_comma else text
        numbers = [plain.cast(dtype, strict=False) for dtype in (pl.Int64, pl.Float64)]
        columns[series.name] = next((n for n in numbers if n.null_count() == text.null_count()), words)
    return pl.DataFrame(columns)
