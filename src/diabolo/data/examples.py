"""Examples: sources and kinds put together, so that a row number becomes a row of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from diabolo.data.kinds.base import Kind
from diabolo.data.sources import Source
from diabolo.errors import DataError
from diabolo.records import Batch


def encode(kind: Kind, rows: Tensor, device: torch.device) -> Tensor:
    """Raw rows as x (N, F, *P) on the device; bytes travel, float64 is encoded first (Apple's GPUs do not know it)."""
    return kind.encode(rows if rows.dtype == torch.float64 else rows.to(device)).to(device)


@final
@dataclass(frozen=True)
class Examples:
    """Rows ready for a model: what goes in, what should come out, and under which condition.

    source, kind: the inputs. target, target_kind: the wanted outputs, None where they are the inputs.
    condition: (n, C) one-hot labels, None for unconditional recipes.
    """

    source: Source
    kind: Kind
    target: Source | None = None
    target_kind: Kind | None = None
    condition: Tensor | None = None

    def __post_init__(self) -> None:
        if self.target is not None and len(self.target) != len(self.source):
            raise DataError(f"target= must have a row for each row of X: X has {len(self.source)}, target {len(self.target)}.")

    def __len__(self) -> int:
        return len(self.source)

    def batch(self, index: Tensor, device: torch.device) -> Batch:
        """The rows with these numbers (int64, on the host) as a batch on the device: one gather, one encode."""
        x = encode(self.kind, self.source.take(index), device)
        target = None
        if self.target is not None and self.target_kind is not None:
            target = encode(self.target_kind, self.target.take(index), device)
        condition = None if self.condition is None else self.condition[index].to(device)
        return Batch(x, target=target, condition=condition)

    def to(self, device: torch.device) -> Examples:
        """The same with the rows next to the arithmetic, where the sources keep them in memory."""
        target = None if self.target is None else self.target.to(device)
        return Examples(self.source.to(device), self.kind, target, self.target_kind, self.condition)
