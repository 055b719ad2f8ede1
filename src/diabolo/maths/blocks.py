"""Neighboring numbers that belong together, such as the states of one category: normalizers and choices a block.

Everything is computed for all blocks at once. ``owner`` (S,) holds of each number which of ``count`` blocks it is in.
"""

from __future__ import annotations

import torch
from torch import Tensor


def block_sums(values: Tensor, owner: Tensor, count: int) -> Tensor:
    """values (N, S) -> (N, count), summed over each block.

    >>> block_sums(torch.tensor([[1.0, 2.0, 5.0]]), torch.tensor([0, 0, 1]), 2)
    tensor([[3., 5.]])
    """
    return values.new_zeros(len(values), count).index_add(1, owner, values)


def log_normalizers(logits: Tensor, owner: Tensor, count: int) -> Tensor:
    """``log Σ exp(logits)`` over each block: (N, S) -> (N, count). No block may be empty.

    The largest logit of a block is taken out first, so that nothing overflows; it needs no gradient, as it cancels out.

    >>> log_normalizers(torch.tensor([[0.0, 0.0, 1000.0]]), torch.tensor([0, 0, 1]), 2).exp()[0, 0].round()
    tensor(2.)
    """
    top = _largest(logits.detach(), owner, count)
    return top + block_sums((logits - top[:, owner]).exp(), owner, count).log()


def chosen(values: Tensor, owner: Tensor, count: int) -> Tensor:
    """1 at the largest value of each block, the first of equals, and 0 elsewhere: (N, S) -> the same shape and dtype.

    >>> chosen(torch.tensor([[1.0, 3.0, 3.0, -5.0]]), torch.tensor([0, 0, 0, 1]), 2)
    tensor([[0., 1., 0., 1.]])
    """
    place = torch.arange(values.shape[1], device=values.device).expand_as(values)
    candidates = torch.where(values == _largest(values, owner, count)[:, owner], place, values.shape[1])
    start = place.new_full((len(values), count), values.shape[1])
    first = start.scatter_reduce(1, owner.expand_as(values), candidates, "amin")
    return torch.zeros_like(values).scatter(1, first, 1.0)


def _largest(values: Tensor, owner: Tensor, count: int) -> Tensor:
    lowest = values.new_full((len(values), count), -torch.inf)
    return lowest.scatter_reduce(1, owner.expand_as(values), values, "amax")
