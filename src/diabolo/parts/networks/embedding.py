"""Entity embeddings: categories of many states as few numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from diabolo.records import Column, Layout

MANY = 16
"""States up to which a category goes in as it is."""

WIDEST = 32


@final
class Embedding(nn.Module):
    """Rows of a mixed table, the block of each category of many states mapped to few numbers: x (N, F) -> (N, width).

    What is mapped is a one-hot vector, so the map is a table of a vector a state; where the cell is missing it is the flag's
    own vector. It learns with the rest. All other blocks follow as they are: the embedded ones stand first.

    wide: which columns are embedded.

    Reference: Guo & Berkhahn 2016, Entity embeddings of categorical variables, https://arxiv.org/abs/1604.06737
    """

    rest: Tensor

    def __init__(self, fields: int, wide: Sequence[Column]) -> None:
        super().__init__()
        self.fields = fields
        self.blocks = tuple((c.start, c.stop) for c in wide)
        sizes = [(c.stop - c.start, numbers_of(c.levels)) for c in wide]
        self.maps = nn.ModuleList(nn.Linear(fields, numbers, bias=False) for fields, numbers in sizes)
        self._words = f"embeds {len(wide)} categories of many states: {', '.join(f'{a} → {b}' for a, b in sizes)}"
        taken = {f for c in wide for f in range(c.start, c.stop)}
        self.register_buffer("rest", torch.tensor([f for f in range(fields) if f not in taken]).long(), persistent=False)
        self.width = len(self.rest) + sum(numbers_of(c.levels) for c in wide)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        embedded = [m(x[:, start:stop]) for m, (start, stop) in zip(self.maps, self.blocks, strict=True)]
        return torch.cat([*embedded, x.index_select(1, self.rest)], dim=1)

    @torch.no_grad()
    def start(self) -> None:
        """Draw the vectors anew, of a length of about 1, as that of the one-hot vectors whose place they take."""
        for weight in self.maps.parameters():
            nn.init.normal_(weight, std=1 / math.sqrt(weight.shape[0]))

    def describe(self) -> str:
        """In words."""
        return self._words


def numbers_of(states: int) -> int:
    """How many numbers a category of so many states is embedded in: half as many, at most 32.

    >>> numbers_of(17), numbers_of(42), numbers_of(256)
    (9, 21, 32)
    """
    return min(WIDEST, math.ceil(states / 2))


def flattened(layout: Layout) -> tuple[nn.Module, int]:
    """What makes vectors of rows of this layout, x (N, F, *P) -> (N, width), and their width."""
    wide = [c for c in layout.columns if c.levels > MANY]
    if not wide:
        return nn.Flatten(), layout.cells
    embedding = Embedding(layout.fields, wide)
    return embedding, embedding.width


def initialize_embedding(flatten: nn.Module) -> None:
    """Where what makes vectors embeds, let its vectors start as they should."""
    if isinstance(flatten, Embedding):
        flatten.start()
