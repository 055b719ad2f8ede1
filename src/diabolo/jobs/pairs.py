"""Pairs that are made, not given: small pictures and the large ones they come from, for models that enlarge."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from diabolo import recipes
from diabolo.data import Reading
from diabolo.data.kinds.base import Kind
from diabolo.data.sources import Source, source_of
from diabolo.parts.corruptions import Downsample
from diabolo.trained import Trained

CELLS_AT_ONCE = 2**22
SHRINKS = "shrinks"
"""The name under which a model's config says how many times smaller its inputs were made."""


def shrinking(options: Mapping[str, Any], kind: Kind) -> Downsample | None:
    """The ``downsample`` corruption that options (as ``Options.to_json`` gives them) ask for, None where they ask for none.

    It changes the size of rows and holds no chance: the rows are made smaller once, and training goes on with pairs.
    """
    hints = recipes.Hints(kind.network, kind.likelihood, kind.layout.bounds, kind.patches)
    part = recipes.chosen_corruption(options["recipe"], hints, options["corruption"], options["settings"])
    if not isinstance(part, Downsample):
        return None
    part.check_layout(kind.layout)
    return part


def without_shrinking(options: Any) -> Any:
    """Training options as pairs want them: no corruption, and no settings of one."""
    settings = tuple(s for s in options.settings if not s[0].startswith("corruption."))
    return dataclasses.replace(options, corruption="none", settings=settings)


def smaller(reading: Reading, factor: int) -> Reading:
    """The same pictures, each side ``factor`` times smaller, in their own dtype."""
    kind = reading.kind
    small = kind.resized(tuple(size // factor for size in kind.layout.positions))
    note = f"pictures were made {factor} times smaller; the model gives them back as they were"
    return dataclasses.replace(
        reading, kind=small, source=_shrunk(kind, small, reading.source, factor), notes=(*reading.notes, note)
    )


def smaller_rows(trained: Trained, large: Source) -> Source | None:
    """Rows as large as the model's outputs, made as small as its inputs; None for a model that was not trained so."""
    factor = trained.config.data.get(SHRINKS)
    return None if factor is None else _shrunk(trained.out_kind, trained.kind, large, int(factor))


def _shrunk(kind: Kind, small: Kind, source: Source, factor: int) -> Source:
    part, generator = Downsample(factor), torch.Generator()
    rows = max(1, CELLS_AT_ONCE // kind.layout.cells)
    parts = [
        small.decode(part(kind.encode(source.take(index).cpu()), kind.layout, generator).x)
        for index in torch.arange(len(source)).split(rows)
    ]
    return source_of(np.concatenate(parts))
