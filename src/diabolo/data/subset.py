"""Some rows of a source, as a source; and which ones, where there are too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.data.sources import Source


def at_most(n: int, most: int, seed: int) -> NDArray[np.int64]:
    """At most so many of n row numbers, drawn without replacement, in order."""
    return np.arange(n) if n <= most else np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


@final
@dataclass(frozen=True)
class Subset(Source):
    """The rows of ``source`` with the numbers ``rows`` (int64), in that order; nothing is copied."""

    source: Source
    rows: Tensor

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: Tensor) -> Tensor:
        return self.source.take(self.rows[index])

    def to(self, device: torch.device) -> Subset:
        return Subset(self.source.to(device), self.rows)
