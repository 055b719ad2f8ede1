"""Tables of figures: a line for the model and for each of what is simpler, the best of a column in bold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

from diabolo.report.language import Language


@final
@dataclass(frozen=True)
class Column:
    """head: key of its text. better: which end is best, None where neither is. share: whether figures are percentages."""

    name: str
    head: str
    better: Literal["higher", "lower"] | None = None
    share: bool = False


@final
@dataclass(frozen=True)
class Line:
    """name: in the reader's language. values: by the columns' names; None, or none at all, where there is no such figure."""

    name: str
    values: Mapping[str, float | None]
    own: bool = False
    numbers: int | None = None


def compared(say: Language, first: str, columns: Sequence[Column], lines: Sequence[Line]) -> dict[str, Any]:
    """The context of the page's table of contenders, without columns that no line has a figure for. first: its first head."""
    kept = [c for c in columns if any(line.values.get(c.name) is not None for line in lines)]
    rows = [
        {
            "name": line.name,
            "own": line.own,
            "numbers": "–" if line.numbers is None else say.count(line.numbers),
            "values": [_cell(say, c, line, lines) for c in kept],
        }
        for line in lines
    ]
    return {"first": say.plain(first), "heads": [say.plain(c.head) for c in kept], "rows": rows}


def _cell(say: Language, column: Column, line: Line, lines: Sequence[Line]) -> dict[str, Any]:
    value = line.values.get(column.name)
    if value is None:
        return {"text": "–", "share": None, "best": False}
    every = [v for other in lines if (v := other.values.get(column.name)) is not None]
    best = column.better is not None and len(every) > 1 and value == (max if column.better == "higher" else min)(every)
    return {"text": _written(say, column, value), "share": None, "best": best}


def _written(say: Language, column: Column, value: float) -> str:
    """Whole numbers are counts."""
    if column.share:
        return say.percent(value)
    return say.count(value) if isinstance(value, int) else say.number(value, 3, trim=False)
