"""What a likelihood is: how the decoder's numbers speak about the data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from diabolo.maths.rows import row_sum
from diabolo.records import Batch, Layout
from diabolo.spec import Part


class Output(ABC):
    """p(x|z) of a batch (abstract): a distribution, or a loss that stands in its place."""

    @abstractmethod
    def log_prob(self, x: Tensor) -> Tensor:
        """x (N, F, *P) -> (N, F, *P), one number a cell: log-density in nats, or minus the loss."""

    @abstractmethod
    def log_mass(self, x: Tensor, step: float) -> Tensor:
        """Like log_prob, but the log-probability of the bin of width ``step`` around x: for data on a grid."""

    @abstractmethod
    def everyday(self, x: Tensor) -> Tensor:
        """The figure people know, one number a cell: squared error, cross-entropy, absolute error."""

    def costs(self, x: Tensor, real: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """−log p(x|z) and the everyday figure, each summed over a row's real cells: (N,) and (N,), the second without gradient.

        What training needs of a distribution; some know a shorter way than cell by cell.
        """
        with torch.no_grad():
            everyday = row_sum(self.everyday(x), real)
        return row_sum(-self.log_prob(x), real), everyday

    @property
    @abstractmethod
    def mean(self) -> Tensor:
        """(N, F, *P), inside the layout's bounds: what ``reconstruct`` returns."""

    @abstractmethod
    def sample(self, generator: torch.Generator) -> Tensor:
        """A draw of x, (N, F, *P)."""


class Head(nn.Module, ABC):
    """A built likelihood (abstract): decoder output to a distribution; holds what is learned, such as a shared σ."""

    @abstractmethod
    def forward(self, params: Tensor) -> Output:
        """params (N, outputs, *P) -> p(x|z)."""

    def start(self, mean: Tensor) -> Tensor | None:
        """Decoder output (outputs, *P) for which the mean of p(x|z) is ``mean`` (F, *P): where an untrained model starts.

        None where the likelihood cannot say.
        """
        return None

    def observe(self, batch: Batch, generator: torch.Generator, *, shared: bool = False) -> Batch:
        """The batch as this likelihood sees it: itself, or bits drawn from grey values (dynamic binarization).

        shared: the same noise for every row, so that what is drawn for a row does not depend on its neighbours.
        """
        return batch


@dataclass
class Likelihood(Part, ABC):
    """Base of the likelihoods (abstract).

    everyday: name of the figure people know, such as ``"mse"``. density: whether log_prob is a log-density in nats.
    scaled: whether it is one of the cells' values, so that it changes with their units. about: what it speaks about. drawn:
    whether new rows are draws of p(x|z), because its mean is no row.
    """

    family: ClassVar[str] = "likelihood"
    everyday: ClassVar[str]
    density: ClassVar[bool]
    scaled: ClassVar[bool] = True
    drawn: ClassVar[bool] = False
    about: ClassVar[str] = "the data"

    def wants(self, layout: Layout) -> int:
        """Channels a position asked of the decoder."""
        return layout.fields

    def direct(self, layout: Layout) -> bool:
        """Whether the decoder's first F channels are the mean of p(x|z) as they are."""
        return False

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError where this likelihood has no meaning for such data."""

    @abstractmethod
    def build(self, layout: Layout) -> Head:
        """The module."""
