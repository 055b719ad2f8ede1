"""Quantization: numbers brought to the nearest of finitely many, and gradients that pass it by.

``vectors`` are (G, M, D): G groups, each with a codebook of its own, M vectors of D numbers in each; ``codebook`` is
(G, E, D), E entries a group; indices (G, M) say which entry, from 0. ``levels`` of finite scalar quantization are whole
numbers, at least 2, one a channel.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

BOUND_MARGIN = 1e-3  # of the outermost levels, which tanh would never reach (Mentzer et al. 2024, appendix A.1)
SMOOTHING = 1e-5  # of counts, so that an entry that is never used divides by no zero


def nearest_entries(vectors: Tensor, codebook: Tensor) -> Tensor:
    """The entry at the least squared distance, the first of equals: (G, M, D), (G, E, D) -> (G, M) int64.

    ``|v - e|² = |v|² - 2 v·e + |e|²``, of which the first term is the same for every entry.

    >>> nearest_entries(torch.tensor([[[0.2], [0.9]]]), torch.tensor([[[0.0], [1.0]]]))
    tensor([[0, 1]])
    """
    scores = codebook.square().sum(2)[:, None] - 2 * vectors @ codebook.mT  # (G, M, E)
    return scores.argmin(2)


def straight_through(x: Tensor, quantized: Tensor) -> Tensor:
    """The value of ``quantized``, exactly, with the gradient of x (Bengio et al. 2013, https://arxiv.org/abs/1308.3432).

    >>> straight_through(torch.tensor(0.4, requires_grad=True), torch.tensor(1.0)).item()
    1.0
    """
    return quantized.detach() + (x - x.detach())


def entry_counts(indices: Tensor, entries: int, real: Tensor | None = None) -> Tensor:
    """How often each entry was chosen: (G, M) -> (G, entries) float32. real: (M,), 0 where a vector does not count."""
    weights = torch.ones(indices.shape[1], device=indices.device) if real is None else real.float()
    counts = torch.zeros(len(indices), entries, device=indices.device)
    return counts.scatter_add_(1, indices, weights.expand(indices.shape))


def entry_sums(vectors: Tensor, indices: Tensor, entries: int, real: Tensor | None = None) -> Tensor:
    """The sum of the vectors that chose each entry: (G, M, D), (G, M) -> (G, entries, D)."""
    counted = vectors if real is None else vectors * real.to(vectors.dtype)[:, None]
    sums = vectors.new_zeros(len(vectors), entries, vectors.shape[2])
    return sums.scatter_add_(1, indices[:, :, None].expand(vectors.shape), counted)


def moved(average: Tensor, new: Tensor, decay: float) -> Tensor:
    """``decay * average + (1 - decay) * new``: one step of a moving average (van den Oord et al. 2017, eqs. 6 and 7)."""
    return decay * average + (1 - decay) * new


def averaged_codebook(counts: Tensor, sums: Tensor) -> Tensor:
    """The mean of the vectors of each entry, from moving averages (van den Oord et al. 2017, eq. 8): (G, E, D).

    Counts are smoothed, which leaves their sum as it is: ``(count + ε) / (n + E ε) · n``.

    >>> averaged_codebook(torch.tensor([[2.0, 1.0]]), torch.tensor([[[4.0], [3.0]]])).round(decimals=3).tolist()
    [[[2.0], [3.0]]]
    """
    total = counts.sum(1, keepdim=True)
    smooth = (counts + SMOOTHING) / (total + counts.shape[1] * SMOOTHING) * total
    return sums / smooth[..., None].to(sums.dtype)


def perplexity(counts: Tensor) -> Tensor:
    """``exp(-Σ p log p)`` of counts (G, E) -> (G,): how many entries there would be if those in use were used equally.

    Between 1 (always the same) and E; 1 also where nothing was counted.

    >>> perplexity(torch.tensor([[5.0, 5.0, 0.0], [7.0, 0.0, 0.0]]))
    tensor([2., 1.])
    """
    share = counts / counts.sum(1, keepdim=True).clamp(min=1e-12)
    return torch.special.entr(share).sum(1).exp()


# --- finite scalar quantization (Mentzer et al. 2024, https://arxiv.org/abs/2309.15505, appendix A.1) ----------------


def scalar_bounded(h: Tensor, levels: Tensor) -> Tensor:
    """Any real number -> the range whose whole numbers are the levels. h: (..., C); levels: (C,) int.

    ``tanh(h + shift) · (L - 1)(1 - ε) / 2 - offset``; offset is 1/2 for even L, whose levels are not symmetric about 0.

    >>> scalar_bounded(torch.tensor([[-9.0, 9.0], [9.0, -9.0]]), torch.tensor([4, 3])).round()
    tensor([[-2.,  1.],
            [ 1., -1.]])
    """
    half = ((levels - 1) * (1 - BOUND_MARGIN) / 2).to(h.dtype)
    offset = torch.where(levels % 2 == 0, 0.5, 0.0).to(h.dtype)
    return torch.tanh(h + torch.tan(offset / half)) * half - offset


def scalar_quantized(h: Tensor, levels: Tensor) -> Tensor:
    """h (..., C) -> its level, a number in [-1, 1], with the gradient of the bounded h."""
    bounded = scalar_bounded(h, levels)
    return straight_through(bounded, bounded.round()) / (levels // 2).to(h.dtype)


def scalar_digits(z: Tensor, levels: Tensor) -> Tensor:
    """Levels in [-1, 1] -> which of them, from 0: (..., C) -> int64, the nearest for numbers in between.

    >>> scalar_digits(torch.tensor([[-1.0, 0.0, 1.0]]), torch.tensor([3, 3, 3]))
    tensor([[0, 1, 2]])
    """
    half = levels // 2
    digits = (z * half.to(z.dtype)).round().long() + half
    return torch.minimum(digits.clamp(min=0), levels - 1)


def scalar_levels(digits: Tensor, levels: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """The inverse of :func:`scalar_digits`: (..., C) int64 -> levels in [-1, 1]."""
    half = levels // 2
    return (digits - half).to(dtype) / half.to(dtype)


def joined_digits(digits: Tensor, levels: Sequence[int]) -> Tensor:
    """Digits (..., C) as one whole number below the product of the levels, the first digit counting least: (...,).

    >>> joined_digits(torch.tensor([[1, 2]]), (8, 5))
    tensor([17])
    """
    index = torch.zeros_like(digits[..., 0])
    for i in range(len(levels) - 1, -1, -1):
        index = index * levels[i] + digits[..., i]
    return index


def split_digits(index: Tensor, levels: Sequence[int]) -> Tensor:
    """The inverse of :func:`joined_digits`: (...,) -> (..., C).

    >>> split_digits(torch.tensor([17]), (8, 5))
    tensor([[1, 2]])
    """
    digits, rest = [], index
    for count in levels:
        digits.append(rest % count)
        rest = rest // count
    return torch.stack(digits, dim=-1)
