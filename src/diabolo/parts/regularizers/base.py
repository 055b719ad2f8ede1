"""What a regularizer is: a price on something besides the reconstruction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from diabolo.records import Penalty, Step
from diabolo.spec import Part

if TYPE_CHECKING:
    from diabolo.model import Model


@dataclass
class Regularizer(Part, ABC):
    """Base of the regularizers (abstract). ``model.encode(x, real, condition)`` gives the deterministic code."""

    family: ClassVar[str] = "regularizer"

    @abstractmethod
    def __call__(self, model: Model, step: Step) -> Penalty:
        """One weighted number a row, (N,)."""
