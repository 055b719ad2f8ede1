"""Random choices of cells, drawn from the generator that is passed in and on its device."""

from __future__ import annotations

import torch
from torch import Tensor

from diabolo.records import Layout


def chance(x: Tensor, p: float, generator: torch.Generator) -> Tensor:
    """bool like x, each entry True with the chance p by itself."""
    return torch.rand(x.shape, generator=generator, device=x.device) < p


def chance_of_cells(x: Tensor, p: float, layout: Layout, generator: torch.Generator) -> Tensor:
    """Like :func:`chance`; in mixed tables a column of a row is drawn as a whole, with all its fields."""
    if not layout.columns:
        return chance(x, p, generator)
    return chance(x[:, : len(layout.columns)], p, generator)[:, layout.owner(x.device)]


def exactly(rows: int, things: int, count: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """bool (rows, things), True at ``count`` things of every row, drawn without replacement.

    >>> exactly(2, 5, 3, torch.Generator().manual_seed(0), torch.device("cpu")).sum(1)
    tensor([3, 3])
    """
    order = torch.rand(rows, things, generator=generator, device=device).argsort(1)
    return torch.zeros(rows, things, dtype=torch.bool, device=device).scatter(1, order[:, :count], True)
