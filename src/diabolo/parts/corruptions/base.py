"""What a corruption is: how inputs are damaged before the encoder sees them. Stateless, so it needs no module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from diabolo.records import Corrupted, Layout
from diabolo.spec import Part


@dataclass
class Corruption(Part, ABC):
    """Base of the corruptions (abstract). Each call draws new noise from ``generator``; nothing is remembered."""

    family: ClassVar[str] = "corruption"

    @abstractmethod
    def __call__(self, x: Tensor, layout: Layout, generator: torch.Generator) -> Corrupted:
        """x (N, F, *P) -> the damaged x, (N, F, *self.positions(P)), same dtype and device; x itself is left as it was."""

    def positions(self, positions: tuple[int, ...]) -> tuple[int, ...]:
        """The positions that are left of P; all of them unless a corruption says otherwise."""
        return positions

    @property
    def partial(self) -> bool:
        """Whether the loss counts only in some cells, so that what comes out must have the shape of what goes in."""
        return False

    @property
    def hides(self) -> bool:
        """Whether it hides cells as ``masks.emptied`` does, so that a model learns to fill them in."""
        return False

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError where this corruption has no meaning for such data."""
