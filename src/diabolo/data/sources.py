"""Where rows come from: each source holds data in their own dtype and hands out batches of raw rows."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor


class Source(ABC):
    """Rows in their own dtype (abstract)."""

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def take(self, index: Tensor) -> Tensor:
        """The rows with these numbers (int64, on the host), in this order, as one tensor in the source's own dtype."""

    @abstractmethod
    def to(self, device: torch.device) -> Source:
        """The source with its rows next to the arithmetic, where it keeps them in memory; else itself."""
