"""Rows of a table beside each other: a line a column, in the columns' own units."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape
from torch import Tensor

from diabolo.data.kinds.base import Kind
from diabolo.report.language import Language

COLUMNS = 12
"""Columns that are shown; of more, those that differ most between the rows."""


def rows_beside(say: Language, kind: Kind, x: Tensor, heads: Sequence[str]) -> dict[str, Any]:
    """Rows x (n, F, *P), n of at least one, under n heads. Of mixed tables a line is a column, with numbers, dates and levels."""
    told = [natural(kind, row) for row in x]
    flat = kind.layout.by_column(x) if kind.layout.columns else x.flatten(1)
    order: Sequence[int] = range(flat.shape[1])
    if len(order) > COLUMNS:
        apart = (flat.max(0).values - flat.min(0).values).tolist()
        order = sorted(sorted(order, key=lambda i: -apart[i])[:COLUMNS])
    names = kind.layout.places
    rows = [
        {
            "name": breakable(names[i] if len(names) == flat.shape[1] else str(i)),
            "values": alike([values[i] for values in told], say),
        }
        for i in order
    ]
    note = say("values.some", n=len(rows), all=flat.shape[1]) if len(rows) < flat.shape[1] else None
    return {"heads": list(heads), "rows": rows, "note": note}


def natural(kind: Any, x: Tensor) -> list[Any]:
    """A row (F, *P) in the columns' own units; of mixed tables a number, date or level a column, None where it is missing."""
    found: list[Any] = kind.shown(x[None])[0] if kind.layout.columns else kind.natural(x[None]).flatten().tolist()
    return found


def alike(values: Sequence[Any], say: Language) -> list[str]:
    """Numbers beside each other with as many decimals as give the largest four digits; everything else as it is."""
    if not all(isinstance(v, float) for v in values):
        return ["–" if v is None else say.number(v, 4) if isinstance(v, float) else str(v) for v in values]
    largest = max(abs(v) for v in values)
    if not 1e-3 <= largest < 1e6:
        return [say.number(v, 4) for v in values]
    decimals = max(0, 3 - math.floor(math.log10(largest)))
    return [say.fixed(v, decimals) for v in values]


def breakable(name: str) -> Markup:
    """A name that may be broken after an underscore, a slash or a dot."""
    return Markup(re.sub(r"([_/.])", r"\1<wbr>", str(escape(name))))
