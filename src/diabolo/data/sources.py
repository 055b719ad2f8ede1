"""Where rows come from: each source holds data in their own dtype and hands out batches of raw rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import numpy as np
import torch
from torch import Tensor

MAPPED_FROM = 256 * 2**20
"""Bytes from which data on disk stay there, memory-mapped, instead of being read into memory."""

BLOCK_BYTES, WINDOW_BLOCKS = 256 * 2**10, 256
"""How rows on disk are shuffled: neighbours stay together in blocks of so many bytes, rows are mixed within so many blocks."""

# What torch can hold but not gather on every device goes into the next wider type it can.
_WIDER = {"uint16": np.int32, "uint32": np.int64, "uint64": np.float64, "longdouble": np.float64, "float128": np.float64}


class Source(ABC):
    """Rows in their own dtype (abstract)."""

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def take(self, index: Tensor) -> Tensor:
        """The rows with these numbers (int64, on the host), in this order, as one tensor in the source's own dtype."""

    def order(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """The row numbers ``rows`` (int64, ascending) in random order, for one pass of a training."""
        return rows[torch.randperm(len(rows), generator=generator)]

    @abstractmethod
    def to(self, device: torch.device) -> Source:
        """The source with its rows next to the arithmetic, where it keeps them in memory; else itself."""


@final
class ArraySource(Source):
    """Rows held in memory, or on the device after :meth:`to`.

    An array is shared, not copied, wherever torch can hold it as it is: uint16, uint32 and uint64 become the next wider
    type torch can gather, foreign byte orders and read-only arrays are copied.

    >>> ArraySource(np.arange(6, dtype=np.uint8).reshape(3, 2)).take(torch.tensor([2, 0]))
    tensor([[4, 5],
            [0, 1]], dtype=torch.uint8)
    """

    def __init__(self, rows: np.ndarray | Tensor) -> None:
        self.rows = rows if isinstance(rows, Tensor) else tensor_of(rows)  # (n, ...)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: Tensor) -> Tensor:
        return self.rows.index_select(0, index.to(self.rows.device))

    def to(self, device: torch.device) -> ArraySource:
        """The same rows on ``device``. Apple's GPUs know no float64: such rows stay on the host."""
        if device.type == "mps" and self.rows.dtype == torch.float64:
            return self
        moved = self.rows.to(device)
        return self if moved is self.rows else ArraySource(moved)


@final
class MappedSource(Source):
    """Rows in a memory-mapped array: read when they are taken, never all at once.

    rows: ``np.memmap``, or a view of one. It may be read-only. A pass reads blocks of neighbours in random order and mixes the
    rows of 256 blocks (64 MB) at a time, so that a disk reads a quarter of a megabyte at once and not a row. Memory beside the
    network's own: what a batch and its validation take, and 16 bytes a row for the row numbers of a pass.
    """

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: Tensor) -> Tensor:
        return tensor_of(np.asarray(self.rows[index.cpu().numpy()]))

    def order(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        span = max(1, BLOCK_BYTES // max(1, self.rows[:1].nbytes))
        whole = torch.randperm(len(rows) // span, generator=generator)
        blocks = torch.cat([whole, torch.tensor([len(whole)])])  # what is left over stays last
        index = (blocks[:, None] * span + torch.arange(span)).flatten()[: len(rows)]
        for window in index.split(span * WINDOW_BLOCKS):
            window.copy_(rows[window[torch.randperm(len(window), generator=generator)]])
        return index

    def to(self, device: torch.device) -> MappedSource:
        return self


def source_of(rows: np.ndarray) -> Source:
    """The source for an array: memory-mapped where it is a large map of a file, in memory otherwise."""
    return MappedSource(rows) if is_mapped(rows) and rows.nbytes > MAPPED_FROM else ArraySource(rows)


def is_mapped(rows: np.ndarray) -> bool:
    """Whether an array is a map of a file, or a view of one."""
    base: object = rows
    while base is not None:
        if isinstance(base, np.memmap):
            return True
        base = getattr(base, "base", None)
    return False


def tensor_of(rows: np.ndarray) -> Tensor:
    """An array as a tensor that can be gathered on any device; shares memory where it can."""
    wider = _WIDER.get(rows.dtype.name)
    rows = rows.astype(wider or rows.dtype.newbyteorder("="), copy=False)
    if any(stride < 0 for stride in rows.strides) or not rows.flags.writeable:
        rows = np.array(rows, order="C", subok=False)
    return torch.from_numpy(np.asarray(rows))
