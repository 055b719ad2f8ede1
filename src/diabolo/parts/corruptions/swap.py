"""Cells of other rows: noise that looks like data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from diabolo.parts.corruptions.base import Corruption
from diabolo.parts.corruptions.draws import chance_of_cells
from diabolo.records import Corrupted, Layout
from diabolo.spec import option


@final
@dataclass
class Swap(Corruption):
    """A cell takes what the same cell of another row of the batch holds, with the chance ``fraction``, each by itself.

    What comes in is a value that the column really has, as often as it has it, so nothing but the rest of the row tells that it
    is wrong; and it needs no unit, which makes it the noise for tables of numbers and categories. In a mixed table whole
    columns are swapped. A cell may become missing, and a missing cell a value.

    What a struck cell held is gone, hence those cells are reported as hidden. A batch of one row stays as it is.

    References: Vincent et al. 2008, https://doi.org/10.1145/1390156.1390294 (cells are damaged at random, by a value that is no
    datum); with values of other rows: Bahri et al. 2022, SCARF, algorithm 1, https://arxiv.org/abs/2106.15147
    """

    name: ClassVar[str] = "swap"

    fraction: float = option(0.15, "chance of a cell to be swapped", low=0.0, high=1.0)

    def __call__(self, x: Tensor, layout: Layout, generator: torch.Generator) -> Corrupted:
        """x (N, F, *P) -> the same with swapped cells; hidden where they are."""
        hidden = chance_of_cells(x, self.fraction if len(x) > 1 else 0.0, layout, generator)
        return Corrupted(torch.where(hidden, _of_other_rows(x, layout, generator), x), hidden)


def _of_other_rows(x: Tensor, layout: Layout, generator: torch.Generator) -> Tensor:
    """x (N, F, *P), each cell that of another row, drawn for it; in mixed tables a column's fields are of one row."""
    drawn = x[:, : len(layout.columns)] if layout.columns else x
    ahead = torch.randint(1, max(len(x), 2), drawn.shape, generator=generator, device=x.device)
    own = torch.arange(len(x), device=x.device).reshape(-1, *[1] * (x.dim() - 1))
    other = (own + ahead) % len(x)
    return x.gather(0, other[:, layout.owner(x.device)] if layout.columns else other)
