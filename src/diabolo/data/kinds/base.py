"""What a kind is: the way from user data to tensors, and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from diabolo.data.gather import gather
from diabolo.data.given import Given, Wants
from diabolo.data.kinds.scaling import FixedScaling
from diabolo.data.sources import Source
from diabolo.errors import UnsupportedError
from diabolo.records import Layout


class Kind(ABC):
    """Base of the kinds (abstract). A kind is frozen; ``fit`` returns a fitted copy.

    name: ``"image"``, ``"table"``. network, likelihood: names of the default parts.
    """

    name: ClassVar[str]

    @property
    @abstractmethod
    def network(self) -> str:
        """Name of the default network."""

    @property
    @abstractmethod
    def likelihood(self) -> str:
        """Name of the default likelihood."""

    @property
    @abstractmethod
    def layout(self) -> Layout:
        """Shape and range of what ``encode`` returns."""

    @property
    @abstractmethod
    def wants(self) -> Wants:
        """How further data are to be read: columns that are no features, the size of pictures."""

    @abstractmethod
    def accept(self, given: Given, named: str) -> Source:
        """Check further data against this kind (width, size, names, NaN) and hold them in their own dtype."""

    def read(self, data: Any, *, named: str = "the model") -> Source:
        """Further data of this kind: an array, tensor, data frame, torch dataset, path or name.

        named: who asks, for errors such as "X has 3 features, but the model is expecting 4 features as input". Raises
        DataError where size, columns or numbers do not fit.
        """
        return self.accept(gather(data, self.wants), named)

    def remarks(self, given: Given) -> tuple[str, ...]:
        """What the user should know of further data that this kind accepts, beside what their reader says."""
        return ()

    @abstractmethod
    def fit(self, source: Source, rows: Tensor) -> Self:
        """A copy that has learned what it needs (means, scales) from the given rows of the source, and from no others."""

    @abstractmethod
    def encode(self, rows: Tensor) -> Tensor:
        """Raw rows, as a source gives them, (N, ...) -> x (N, F, *P), float32, on the rows' device."""

    def inside(self, source: Source, rows: Tensor | np.ndarray | None = None) -> Tensor:
        """Rows of a source as a model's parts see them, (N, F, *P), on the host. rows: their numbers; all without."""
        index = torch.arange(len(source)) if rows is None else torch.as_tensor(rows, dtype=torch.int64)
        return self.encode(source.take(index).cpu())

    def scaling(self) -> nn.Module:
        """What ``encode`` does as a module that moves and is saved with others: rows as tensors (N, ...) -> x (N, F, *P)."""
        return FixedScaling(self.encode)

    @abstractmethod
    def decode(self, x: Tensor) -> Any:
        """x (N, F, *P) -> data in the caller's own shape, dtype, range and columns."""

    @abstractmethod
    def natural(self, x: Tensor) -> Tensor:
        """x (N, F, *P) -> the same cells in the units errors are reported in: columns' own units, pixels as they are."""

    def settled(self, x: Tensor) -> Tensor:
        """x̂ (N, F, *P), as a model gives it, with the cells that are known whatever it says: columns that were constant."""
        return x

    @property
    def features(self) -> int:
        """How many numbers, or columns, a row has as the caller counts them."""
        return self.layout.cells

    @property
    def patches(self) -> bool:
        """Whether rows are pieces cut from larger ones."""
        return False

    def resized(self, positions: tuple[int, ...]) -> Self:
        """The kind of the same rows with other positions, such as smaller pictures. UnsupportedError where rows have none."""
        raise UnsupportedError(f"Rows of the kind {self.name!r} have no size that could be another: this is for images.")

    @property
    @abstractmethod
    def log_scale(self) -> float:
        """log |d inside / d caller's units| of one row, in nats: what is added to a log-density to give it in those units."""

    def log_scales(self, x: Tensor) -> Tensor:
        """``log_scale`` of each of the rows x (N, F, *P), (N,): the same for all unless the way inside bends, or cells are
        missing."""
        return x.new_full((len(x),), self.log_scale)

    @abstractmethod
    def to_json(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """What the store keeps: plain JSON values, and tensors."""

    @classmethod
    @abstractmethod
    def from_json(cls, data: dict[str, Any], tensors: dict[str, Tensor]) -> Self:
        """The inverse of ``to_json``; refuses what does not fit together (DataError)."""
