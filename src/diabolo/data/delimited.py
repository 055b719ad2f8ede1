"""Tables in text files: separator, decimal sign, encoding and header are recognized; ragged lines are named."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, final

from diabolo.data.given import stray_cell
from diabolo.errors import SourceError

if TYPE_CHECKING:
    import polars as pl

Line = tuple[int, str]
"""A line of a file: its number, from 1, and its text."""

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-")
"""Cells that stand for a missing number, in lower case."""

_STYLES = ((".", ""), (",", ""), (",", "."), (".", ","))
"""Decimal sign and sign between thousands, the likelier first where a cell can be read by several."""

_SPACES = " \u00a0\u202f"
_COMMENT = re.compile(r"\s*#(?!\s*[,;\t|])")  # a first column may be called #
_SAMPLE_LINES = 200


@final
@dataclass(frozen=True)
class Dialect:
    """How a text file writes its table. thousands: the sign between them, beside spaces. comments: lines above the table."""

    encoding: str
    separator: str
    decimal_comma: bool
    header: bool
    thousands: str = ""
    comments: int = 0

    @property
    def text(self) -> str:
        """For a note: ``semicolon-separated, decimal comma, windows-1251``."""
        parts = [f"{SEPARATORS[self.separator]}-separated"]
        parts += ["decimal comma"] if self.decimal_comma else []
        parts += [f"thousands apart by {self.thousands!r}"] if self.thousands else []
        parts += [] if self.encoding == "utf-8" else [self.encoding]
        parts += [] if self.header else ["no header line"]
        parts += [f"{self.comments} line{'s' * (self.comments != 1)} of comment left out"] if self.comments else []
        return ", ".join(parts)

    @property
    def number(self) -> str:
        """The pattern of a number in this table."""
        return _number("," if self.decimal_comma else ".", self.thousands, self.separator)


PLAIN = Dialect("utf-8", ",", decimal_comma=False, header=True)
"""What needs no word."""


def read_delimited(path: Path, apart: Sequence[str] = (), words: Sequence[str] = ()) -> tuple[pl.DataFrame, Dialect]:
    """The file as a frame, numbers as Int64 or Float64, everything else as text.

    apart: columns that need not be numbers. words: columns that are text, whatever stands in them. Raises SourceError for
    what is no table, for ragged lines and for a cell that is no number in a column of numbers, with its line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    encoding = encoding_of(raw)
    text = _decoded(raw, encoding, path.name)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    try:
        return _parsed(lines, encoding, path.name, apart, words)
    except csv.Error as error:
        raise SourceError(f"{path.name} cannot be read as a table: {error}. Is a quotation mark left open?") from error


def _parsed(
    lines: list[Line], encoding: str, name: str, apart: Sequence[str], words: Sequence[str]
) -> tuple[pl.DataFrame, Dialect]:
    comments = list(takewhile(lambda line: _COMMENT.match(line[1]), lines))
    lines = lines[len(comments) :]
    if not lines:
        raise SourceError(f"{name} is empty: expected a header line and rows of numbers.")
    dialect = _dialect([line for _, line in lines[:_SAMPLE_LINES]], encoding, name)
    if comments and _names_columns(comments[-1][1], lines[0][1], dialect):
        number, line = comments.pop()
        lines, dialect = [(number, line.lstrip("# ")), *lines], replace(dialect, header=True)
    dialect = replace(dialect, comments=len(comments))
    if dialect.separator == " ":
        lines = [(number, "\t".join(line.split())) for number, line in lines]
    mark = "\t" if dialect.separator == " " else dialect.separator
    _check_ragged(lines, mark, dialect, name)
    frame = _frame("\n".join(line for _, line in lines), mark, dialect.header, name)
    return _typed(frame, dialect, lines, apart, words, name), dialect


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


def _number(decimal: str, thousands: str, separator: str) -> str:
    """The pattern of a number; spaces stand between thousands where they can be nothing else."""
    groups = thousands + (_SPACES if separator not in ", " else "")
    whole = r"[0-9]+" + (rf"|[1-9][0-9]{{0,2}}(?:[{groups}][0-9]{{3}})+" if groups else "")
    return rf"[+-]?(?:(?:{whole})(?:[{decimal}][0-9]*)?|[{decimal}][0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?i:inf(?:inity)?)"


def _dialect(sample: list[str], encoding: str, name: str) -> Dialect:
    separator = _separator(sample)
    rows = _cells(sample, separator)
    decimal, thousands = _style([cell for row in rows[1:] or rows for cell in row], separator, name)
    dialect = Dialect(encoding, separator, decimal == ",", header=True, thousands=thousands)
    return replace(dialect, header=not all(_is_number(cell, [dialect.number]) for cell in rows[0]))


def _separator(sample: list[str]) -> str:
    """What stands between cells. A space only where all below the first line are numbers by it, and by nothing else."""
    marks = [mark for mark in SEPARATORS if mark != " "]
    best = max(marks, key=lambda mark: _score(sample, mark))
    if _is_all_numbers(sample, best):
        return best
    below = sample[1:]
    if (
        "," not in sample[0]
        and any("," in line for line in below)
        and all(re.fullmatch(_number(",", "", ";"), line.strip()) for line in below)
    ):
        return best if best != "," else ";"  # one column with a decimal comma
    return " " if _is_all_numbers(sample, " ") and not re.search(r"\s00", "\n".join(sample)) else best


def _is_all_numbers(sample: list[str], separator: str) -> bool:
    """Whether every line has as many cells, at least two, and every cell below the first line is a number."""
    rows, patterns = _cells(sample, separator), _patterns(separator)
    below = [cell for row in rows[1:] or rows for cell in row]
    return len({len(row) for row in rows}) == 1 < len(rows[0]) and all(_is_number(cell, patterns) for cell in below)


def _score(sample: list[str], separator: str) -> tuple[bool, bool, float, int]:
    """How well a separator explains the lines: several cells, as many in each, numbers in them, many of them."""
    rows, patterns = _cells(sample, separator), _patterns(separator)
    widths = [len(row) for row in rows]
    usual = max(set(widths), key=widths.count)
    cells = [cell for row in rows[1:] or rows for cell in row]
    share = sum(_is_number(c, patterns) for c in cells) / max(1, len(cells))
    return usual > 1, widths.count(usual) > 0.9 * len(widths), round(share, 2), usual


def _style(cells: list[str], separator: str, name: str) -> tuple[str, str]:
    """The decimal sign and the sign between thousands by which most cells are numbers; a SourceError where it is a guess."""
    read = {style: {c for c in set(cells) if re.fullmatch(_number(*style, separator), c)} for style in _STYLES}
    best = max(_STYLES, key=lambda style: sum(cell in read[style] for cell in cells))
    point, comma = read[_STYLES[0]], read[_STYLES[1]]
    if best[1] and not read[best] - point - comma:
        told = f"the point in {min(point - comma)!r} or the comma in {min(comma - point)!r} may stand between thousands"
    elif best == (",", "") and separator == "," and comma <= read[".", ","]:
        told = f"the comma in {min(comma - point)!r} may be a decimal sign or stand between thousands"
    else:
        return best
    raise SourceError(f"{name}: {told}. Write numbers with a decimal point and without signs between thousands.")


def _patterns(separator: str) -> list[str]:
    return [_number(*style, separator) for style in _STYLES]


def _cells(lines: list[str], separator: str) -> list[list[str]]:
    if separator == " ":
        return [line.split() for line in lines]
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]


def _is_number(cell: str, patterns: Sequence[str]) -> bool:
    return cell.lower() in MISSING or any(re.fullmatch(pattern, cell) for pattern in patterns)


def _names_columns(comment: str, first: str, dialect: Dialect) -> bool:
    """Whether a line of comment is the header: as many cells as the first line has, which holds numbers and so is none."""
    if dialect.separator == " ":
        return False  # words of a sentence
    names, cells = _cells([comment.lstrip("# "), first], dialect.separator)
    return len(names) == len(cells) > 1 and any(_is_number(cell, [dialect.number]) for cell in cells)


def _check_ragged(lines: list[Line], mark: str, dialect: Dialect, name: str) -> None:
    """SourceError for the first line with another number of cells than the first."""
    quoted = any('"' in line for _, line in lines)
    widths = ((n, len(row)) for n, row in _rows(lines, mark)) if quoted else ((n, line.count(mark) + 1) for n, line in lines)
    first, want = next(widths)
    for number, got in widths:
        if got != want:
            raise SourceError(
                f"{name}, line {number}: {got} cell{'s' * (got != 1)}, but line {first} has {want}. "
                f"The table was read as {SEPARATORS[dialect.separator]}-separated; mend the line."
            )


def _rows(lines: list[Line], mark: str) -> Iterator[tuple[int, list[str]]]:
    """The number of the line each row begins on, and its cells; quotes may hide separators and line ends."""
    reader = csv.reader((line + "\n" for _, line in lines), delimiter=mark)
    start = 0
    for row in reader:
        yield lines[start][0], row
        start = reader.line_num


def _frame(text: str, mark: str, header: bool, name: str) -> pl.DataFrame:
    """All cells as text."""
    import polars as pl

    try:
        frame = pl.read_csv(text.encode(), separator=mark, has_header=header, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise SourceError(f"{name} cannot be read as a table: {error}") from error
    frame.columns = _names(text, mark, name) if header else [f"x{i}" for i in range(frame.width)]
    return frame


def _names(text: str, mark: str, name: str) -> list[str]:
    names = [cell.strip() for cell in next(csv.reader(io.StringIO(text, newline=""), delimiter=mark))]
    twice = next((n for i, n in enumerate(names) if n in names[:i]), None)
    if twice is not None:
        raise SourceError(f"{name} has two columns called {twice!r}. Rename one.")
    return names


def _typed(
    frame: pl.DataFrame, dialect: Dialect, lines: list[Line], apart: Sequence[str], words: Sequence[str], name: str
) -> pl.DataFrame:
    """Columns in which every cell is a number or missing as numbers; the others stay text."""
    import polars as pl

    columns: dict[str, pl.Series] = {}
    for series in frame:
        bare = series.str.strip_chars()
        if series.name in words:
            columns[series.name] = bare
            continue
        text = pl.select(pl.when(bare.str.to_lowercase().is_in(MISSING)).then(None).otherwise(bare)).to_series()
        numbers = _numbers(text, dialect)
        strays = (text.is_not_null() & numbers.is_null()).arg_true().to_list()
        if series.name not in apart and 0 < 2 * len(strays) < text.count():
            starts = [number for number, _ in _rows(lines, "\t" if dialect.separator == " " else dialect.separator)]
            where = f"{name}, line {starts[strays[0] + dialect.header]}"
            raise SourceError(stray_cell(where, series.name, text[strays[0]], len(strays), text.count()))
        columns[series.name] = bare if strays else numbers
    return pl.DataFrame(columns)


def _numbers(text: pl.Series, dialect: Dialect) -> pl.Series:
    """The cells as Int64 or Float64, null where they are no numbers."""
    import polars as pl

    for dtype in (pl.Int64,) if dialect.decimal_comma else (pl.Int64, pl.Float64):
        numbers = text.cast(dtype, strict=False)
        if numbers.null_count() == text.null_count():
            return numbers
    bare = text.str.replace_all(f"[{_SPACES}{dialect.thousands}]", "").str.replace(",", ".", literal=True)
    fitting = pl.select(pl.when(text.str.contains(f"^(?:{dialect.number})$")).then(bare)).to_series()
    whole = fitting.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == fitting.null_count() else fitting.cast(pl.Float64, strict=False)
