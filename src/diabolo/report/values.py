"""Rows of a table beside each other: a line a column, in the columns' own units."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape
from torch import Tensor

from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.mixed import MixedTableKind
from diabolo.report.language import Language

COLUMNS = 12
"""Columns that are shown; of more, those that differ most between the rows."""


def rows_beside(say: Language, kind: Kind, x: Tensor, heads: Sequence[str]) -> dict[str, Any]:
    """Rows x (n, F, *P), n of at least one, under n heads."""
    if isinstance(kind, MixedTableKind):
        return _cells_beside(say, kind, x, heads)
    told = [natural(kind, row) for row in x]
    flat = x.flatten(1)
    order: Sequence[int] = range(flat.shape[1])
    if len(order) > COLUMNS:
        apart = (flat.max(0).values - flat.min(0).values).tolist()
        order = sorted(sorted(order, key=lambda i: -apart[i])[:COLUMNS])
    names = kind.layout.names
    rows = [
        {
            "name": breakable(names[i] if len(names) == flat.shape[1] else str(i)),
            "values": alike([values[i] for values in told], say),
        }
        for i in order
    ]
    note = say("values.some", n=len(rows), all=flat.shape[1]) if len(rows) < flat.shape[1] else None
    return {"heads": list(heads), "rows": rows, "note": note}


def _cells_beside(say: Language, kind: MixedTableKind, x: Tensor, heads: Sequence[str]) -> dict[str, Any]:
    """Rows of a mixed table, a line a column: numbers, dates, levels as people write them, nothing where a cell is missing."""
    told = list(zip(*kind.shown(kind.cells(x)), strict=True))
    apart = kind.layout.by_column((x.max(0).values - x.min(0).values)[None])[0].tolist()
    order = sorted(sorted(range(kind.width), key=lambda i: -apart[i])[:COLUMNS])
    rows = [{"name": breakable(kind.names[i]), "values": words(told[i], say)} for i in order]
    note = say("values.some", n=len(rows), all=kind.width) if len(rows) < kind.width else None
    return {"heads": list(heads), "rows": rows, "note": note}


def words(cells: Sequence[Any], say: Language) -> list[str]:
    """The cells of one column as text; numbers with as many decimals as each other."""
    numbers = [v for v in cells if isinstance(v, float)]
    texts = iter(alike(numbers, say)) if numbers else iter(())
    return ["" if v is None else next(texts) if isinstance(v, float) else str(v) for v in cells]


def natural(kind: Any, x: Tensor) -> list[Any]:
    """A row (F, *P) in the columns' own units; of mixed tables a number, date or level a column, None where it is missing."""
    if isinstance(kind, MixedTableKind):
        return kind.shown(kind.cells(x[None]))[0]
    found: list[float] = kind.natural(x[None]).flatten().tolist()
    return found


def alike(values: list[float], say: Language) -> list[str]:
    """Values beside each other with as many decimals as give the largest four digits."""
    largest = max(abs(v) for v in values)
    if not 1e-3 <= largest < 1e6:
        return [say.number(v, 4) for v in values]
    decimals = max(0, 3 - math.floor(math.log10(largest)))
    return [say.fixed(v, decimals) for v in values]


def breakable(name: str) -> Markup:
    """A name that may be broken after an underscore, a slash or a dot."""
    return Markup(re.sub(r"([_/.])", r"\1<wbr>", str(escape(name))))
