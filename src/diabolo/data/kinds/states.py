"""States: what a model sees of a column's levels, the most frequent ones each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, final

import numpy as np
import torch
from torch import Tensor

MOST_KEPT = 255
"""Levels of a column that have a state of their own, at most."""


@final
@dataclass(frozen=True, eq=False)
class States:
    """The states of c columns: those of the levels kept, then "other" where levels were merged, then "never seen".

    kept: (c,) int64, how many levels have a state of their own, the most frequent ones of training first. merged: (c,) bool,
    whether there is a state "other". table: (sum of levels + c,) int64, the state of each place among a column's levels, one
    column after the other, each beginning with the state of the place -1, which is no level. sizes: (c,) int64, how many
    entries of the table a column has.
    """

    kept: Tensor
    merged: Tensor
    table: Tensor
    sizes: Tensor

    @classmethod
    def fit(cls, counts: Sequence[np.ndarray]) -> Self:
        """From how often each level of each column is there in training, (levels,) a column."""
        kept, merged, tables = [], [], []
        for count in counts:
            order = np.argsort(-count, kind="stable")
            seen = int(np.count_nonzero(count))
            own = min(seen, MOST_KEPT)
            table = np.full(len(count) + 1, own + (seen > own), dtype=np.int64)
            table[1 + order[:own]] = np.arange(own)
            table[1 + order[own:seen]] = own
            kept.append(own)
            merged.append(seen > own)
            tables.append(table)
        whole = np.concatenate(tables) if tables else np.zeros(0, np.int64)
        sizes = [len(table) for table in tables]
        return cls(
            torch.tensor(kept, dtype=torch.int64),
            torch.tensor(merged, dtype=torch.bool),
            torch.from_numpy(whole),
            torch.tensor(sizes, dtype=torch.int64),
        )

    @property
    def numbers(self) -> list[int]:
        """How many states each column has."""
        return (self.kept + self.merged + 1).tolist()

    def to(self, device: torch.device) -> Self:
        """On a device."""
        return type(self)(self.kept.to(device), self.merged.to(device), self.table.to(device), self.sizes.to(device))

    def of(self, places: Tensor) -> Tensor:
        """States (N, c) int64 of places among the levels, (N, c) int64, -1 for what is no level."""
        starts = self.sizes.cumsum(0) - self.sizes
        return self.table[starts + 1 + places]

    def levels(self, column: int) -> Tensor:
        """The place of each kept level of a column, (kept,) int64, by its state."""
        start = int(self.sizes[:column].sum())
        entries = self.table[start + 1 : start + int(self.sizes[column])]
        order = entries.argsort(stable=True)
        return order[: int(self.kept[column])]
