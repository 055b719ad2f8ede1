"""Some rows of a source, as a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from diabolo.data.sources import Source


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
