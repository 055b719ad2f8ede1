"""What a regularizer is: a price on something besides the reconstruction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import nn

from diabolo.records import Layout, Penalty, Step
from diabolo.spec import Part

if TYPE_CHECKING:
    from diabolo.model import Model


@dataclass
class Regularizer(Part, ABC):
    """Base of the regularizers (abstract). ``model.encode(x, real, condition)`` gives the deterministic code."""

    family: ClassVar[str] = "regularizer"

    def build(self, target: Layout, code_shape: tuple[int, ...]) -> nn.Module | None:
        """The critic it judges by, initialized from torch's global generator; None where it needs none.

        The engine trains it beside the model, and a call finds it in ``model.critics[name]``. A critic must not behave
        otherwise in evaluation, and keeps no running statistics.
        """
        return None

    @abstractmethod
    def __call__(self, model: Model, step: Step) -> Penalty:
        """One weighted number a row, (N,), and the critic's own loss where there is a critic."""
