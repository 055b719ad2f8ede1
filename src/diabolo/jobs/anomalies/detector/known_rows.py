"""Memory: the scores of the training rows, by which a row that is one of them is known again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, final

import numpy as np
import torch

from diabolo.data.sources import Source
from diabolo.data.split import mixed

MOST_ROWS = 200_000
AT_ONCE = 2**20
_PLACE, _ROW = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)


@final
@dataclass(frozen=True, eq=False)
class Memory:
    """Up to 200 000 training rows. keys: (m,) uint64, ascending, see :func:`row_keys`. values: name -> (m,), their scores."""

    keys: np.ndarray
    values: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, keys: np.ndarray, values: Mapping[str, np.ndarray], neighbors: np.ndarray | None = None) -> Self:
        """keys (n,) of rows and their scores, (n,) each; of rows that are alike the first counts.

        neighbors: (k,), places of rows that others are compared with, and that must be known again lest they find themselves
        at distance 0. They come first where not all rows are remembered, the others in their order.
        """
        must = np.zeros(len(keys), dtype=bool)
        if neighbors is not None:
            must[neighbors] = True
        chosen = np.sort(np.argsort(~must, kind="stable")[:MOST_ROWS])
        ordered, first = np.unique(keys[chosen], return_index=True)
        first = chosen[first]
        return cls(ordered, {name: np.asarray(v[first], dtype=np.float64) for name, v in values.items()})

    def places(self, keys: np.ndarray) -> np.ndarray:
        """Where each row stands among those remembered, (n,) int64; -1 where it is none of them."""
        if len(self.keys) == 0:
            return np.full(len(keys), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, place, -1)


def row_keys(source: Source) -> np.ndarray:
    """A number for each row, (n,) uint64, the same for the same values in whatever dtype; others share one by chance of 2^-64.

    ``mix(Σ_j mix(bits of cell j as float64 + j c))`` with the finalizer of SplitMix64, the sum modulo 2^64.
    """
    found = []
    wide = max(1, int(np.prod(source.take(torch.zeros(1, dtype=torch.int64)).shape[1:]))) if len(source) else 1
    place = np.arange(1, wide + 1, dtype=np.uint64) * _PLACE
    for index in torch.arange(len(source)).split(max(1, AT_ONCE // wide)):
        cells = source.take(index).cpu().numpy().reshape(len(index), wide).astype(np.float64) + 0.0  # -0.0 is 0.0
        cells[np.isnan(cells)] = np.nan  # one of the many
        found.append(mixed(mixed(cells.view(np.uint64) + place).sum(axis=1, dtype=np.uint64) + _ROW))
    return np.concatenate(found) if found else np.empty(0, dtype=np.uint64)


def chances(keys: np.ndarray, seed: int) -> np.ndarray:
    """A number in [0, 1) a row, (n,): as good as drawn evenly, and always the same for the same row and seed."""
    return (mixed(keys ^ mixed(np.array([seed], dtype=np.uint64) + _ROW)) >> np.uint64(11)).astype(np.float64) * 2.0**-53
