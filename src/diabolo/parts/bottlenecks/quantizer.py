"""What a quantizing bottleneck is: each position of a code is one of finitely many vectors, which whole numbers name."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from diabolo.maths.quantization import entry_counts, perplexity
from diabolo.parts.bottlenecks.base import Neck


class Quantizer(Neck, ABC):
    """A built bottleneck whose codes are entries of codebooks (abstract).

    entries: how many entries each group of channels has, one number a group. A code z (N, K, *L) is named by indices
    (N, *L, G), G groups a position, from 0.
    """

    entries: tuple[int, ...]

    @abstractmethod
    def indices(self, z: Tensor) -> Tensor:
        """Codes z (N, K, *L) -> indices (N, *L, G) int64; of a code that is no entry, the nearest."""

    @abstractmethod
    def entry(self, indices: Tensor) -> Tensor:
        """The inverse of ``indices``: (N, *L, G) -> z (N, K, *L)."""

    @torch.no_grad()
    def perplexity(self, indices: Tensor) -> Tensor:
        """Of the entries that a batch's indices (N, *L, G) use, mean over the groups, one number."""
        flat = indices.reshape(-1, len(self.entries)).T  # (G, M)
        return perplexity(entry_counts(flat, max(self.entries))).mean()


def grouped(h: Tensor, groups: int, width: int) -> Tensor:
    """(N, K, *L) -> vectors (G, N · positions, width); where K < G · width the last group is filled up with zeros."""
    rows = h.movedim(1, -1).reshape(-1, h.shape[1])
    rows = torch.nn.functional.pad(rows, (0, groups * width - h.shape[1]))
    return rows.reshape(len(rows), groups, width).transpose(0, 1)


def ungrouped(vectors: Tensor, like: Tensor) -> Tensor:
    """The inverse of :func:`grouped`, in the shape of ``like`` (N, K, *L)."""
    rows = vectors.transpose(0, 1).flatten(1)[:, : like.shape[1]]
    return rows.reshape(len(like), *like.shape[2:], like.shape[1]).movedim(-1, 1)
