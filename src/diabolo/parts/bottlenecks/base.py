"""What a bottleneck is: what is asked of the code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.distributions import Distribution

from diabolo.records import Code, Context
from diabolo.spec import Part


class Neck(nn.Module, ABC):
    """A built bottleneck (abstract). Acts on the channel axis, so vectors, sequences and maps are all the same to it.

    variational: whether ``posterior`` gives a distribution; such a neck has a prior too.
    """

    variational: bool = False

    @abstractmethod
    def forward(self, h: Tensor, real: Tensor | None, context: Context) -> Code:
        """h (N, wants, *L) -> the code training sees, drawn with ``context.generator`` where it is random."""

    @abstractmethod
    def mode(self, h: Tensor) -> Tensor:
        """h (N, wants, *L) -> z (N, gives, *L), deterministic: what ``transform`` returns."""

    def posterior(self, h: Tensor) -> Distribution | None:
        """q(z|x), or None where the code is a point."""
        return None

    def prior(self) -> Distribution | None:
        """p(z) of one code number, from which new rows are drawn; None where nothing was asked of the codes' distribution."""
        return None


@dataclass
class Bottleneck(Part, ABC):
    """Base of the bottlenecks (abstract)."""

    family: ClassVar[str] = "bottleneck"

    def wants(self, latent_dim: int) -> int:
        """Channels asked of the encoder."""
        return latent_dim

    def gives(self, latent_dim: int) -> int:
        """Channels handed to the decoder."""
        return latent_dim

    @abstractmethod
    def build(self, latent_dim: int) -> Neck:
        """The module."""
