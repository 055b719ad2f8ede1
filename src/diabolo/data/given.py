"""What came in, before any kind has looked at it: numbers in one array, and where they are from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np


@final
@dataclass(frozen=True)
class Sort:
    """What the cells of one column are, and how the caller's library holds them.

    name: ``"number"``; ``"date"``, in days since 1970-01-01; ``"category"`` or ``"boolean"``, in places among the levels.
    levels: what those places stand for. native: the library's own name of the dtype; "" of arrays. ordered: of pandas'
    categories. style: how text writes dates, such as ``"dd.mm.yyyy HH:MM"``; "" for dates that came as such. unit, zone: of
    date and time.
    """

    name: str = "number"
    levels: tuple[str | int | float | bool, ...] = ()
    native: str = ""
    ordered: bool = False
    style: str = ""
    unit: str = ""
    zone: str | None = None

    @property
    def counted(self) -> bool:
        """Whether cells are numbers to compute with; places among levels are none."""
        return self.name in ("number", "date")


@final
@dataclass(frozen=True)
class Wants:
    """How data are to be read, as the caller or a fitted kind says.

    label, ignore, id: columns of a table that are not features. later: True where a fitted kind reads further data;
    then those columns may be absent. side: side of the square that pictures are brought to. size: (H, W) instead.
    channels: 1, 3 or 4 for pictures. patch: side of the squares that pictures are cut into at full size.
    skip_broken: leave out pictures that cannot be read.
    sorts: what columns hold, by name, as a fitted kind knows it: text is then read as such, whatever stands in further data.
    """

    label: str | None = None
    ignore: tuple[str, ...] = ()
    id: str | None = None
    later: bool = False
    side: int | None = None
    size: tuple[int, int] | None = None
    channels: int | None = None
    patch: int | None = None
    skip_broken: bool = False
    sorts: tuple[tuple[str, Sort], ...] = ()

    @property
    def apart(self) -> tuple[str, ...]:
        """The columns that are not features."""
        return tuple(c for c in (self.label, self.id, *self.ignore) if c is not None)


@final
@dataclass(frozen=True)
class Columns:
    """The features of a table with named columns, d of them.

    names: as the caller has them; pandas allows numbers. dtypes: NumPy's names. native: the library's own names of the
    dtypes. library: ``"pandas"``, ``"polars"``, ``"pyarrow"``, ...: whose frames to give back.
    """

    names: tuple[str | int, ...]
    dtypes: tuple[str, ...]
    native: tuple[str, ...]
    library: str


@final
@dataclass(frozen=True)
class Given:
    """Data as they came, in one array of numbers.

    rows: (n, ...) in their own dtype, in memory or memory-mapped. name: short, for reports. what: how a sentence calls
    them. form: ``"array"`` where the shape decides what they are; ``"table"``, ``"images"``, ``"pictures"`` (from files) where
    they come as such.
    labels, ids: (n,) what came beside them. groups: (n,) whole numbers, alike for rows that belong together (patches of one
    picture). notes: what the user should know. step: see :class:`diabolo.records.Layout`.
    sorts: of data frames and files of tables, what each column holds; () of arrays, whose cells are all numbers.
    """

    rows: np.ndarray
    name: str
    what: str
    form: str = "array"
    columns: Columns | None = None
    labels: np.ndarray | None = None
    ids: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    step: float | None = None
    groups: np.ndarray | None = None
    sorts: tuple[Sort, ...] = ()


def stray_cell(where: str, column: str, value: object, strays: int, filled: int, what: str = "number") -> str:
    """The text of an error on cells that are no numbers in a column where most are. where: of the first of them."""
    return (
        f"{where}: {value!r} in column {column!r} is no {what}, and {filled - strays} of {filled} cells of the column are. "
        f"Mend {'this cell' if strays == 1 else f'these {strays} cells'}, or leave the column out with ignore= (--ignore)."
    )


def times(shape: tuple[int, ...]) -> str:
    """A shape as people write it: ``28×28``."""
    return "×".join(map(str, shape))


def some(items: list[str], limit: int = 5) -> str:
    """A list that stays short: ``a, b, c and 7 more``.

    >>> some(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    return ", ".join(items[:limit]) + (f" and {len(items) - limit} more" if len(items) > limit else "")
