"""The nearest rows of a matrix, exactly, by matrix products in blocks that bound the memory."""

from __future__ import annotations

import torch
from torch import Tensor

METRICS = ("euclidean", "cosine")
AT_ONCE = 1024  # queries
BLOCK = 4096  # rows that they are compared with at once
CELLS = 2**22  # numbers in a block at most, 32 MiB of float64


def nearest(
    queries: Tensor, rows: Tensor, k: int, metric: str = "euclidean", own: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Numbers (q, k) int64 and distances (q, k) float64 of the rows nearest to each query, the nearest first.

    queries: (q, d). rows: (n, d). own: (q,) the row that each query itself is, which is left out; -1 for none. k is cut to n,
    to n - 1 with ``own``. metric: ``"euclidean"``, or ``"cosine"``: 1 - cos of the angle, in [0, 2], 1 from a row of zeros to
    any other.
    Computed in float64. Of equal distances the lower row comes first.

    >>> nearest(torch.tensor([[0.9]]), torch.tensor([[0.0], [1.0], [5.0]]), k=2)
    (tensor([[1, 0]]), tensor([[0.1000, 0.9000]], dtype=torch.float64))
    """
    k = min(k, len(rows) - (own is not None))
    width = max(1, rows.shape[1])
    at_once = max(1, min(AT_ONCE, CELLS // (width * max(1, k))))
    middle = rows.mean(0, dtype=torch.float64) if metric == "euclidean" else None
    found = []
    for part in torch.arange(len(queries)).split(at_once):
        mine = None if own is None else own[part]
        near = _candidates(_prepared(queries[part], middle), rows, k, middle, mine)
        found.append(_ordered(queries[part], rows, near, metric))
    if not found:
        return torch.empty((0, k), dtype=torch.int64), torch.empty((0, k), dtype=torch.float64)
    return torch.cat([near for near, _ in found]), torch.cat([distances for _, distances in found])


def _candidates(queries: Tensor, rows: Tensor, k: int, middle: Tensor | None, own: Tensor | None) -> Tensor:
    """Numbers (q, k) of the nearest rows to prepared queries, in any order."""
    best = torch.empty((len(queries), 0), dtype=torch.float64)
    numbers = torch.empty((len(queries), 0), dtype=torch.int64)
    for block in torch.arange(len(rows)).split(max(1, min(BLOCK, CELLS // max(1, rows.shape[1])))):
        some = _prepared(rows[block], middle)
        far = -(queries @ some.T)  # (q, b): half of ‖a - b‖², up to ‖a‖², or -cos
        if middle is not None:
            far += some.square().sum(1) / 2
        if own is not None:
            far[own[:, None] == block] = torch.inf
        far, at = torch.cat([best, far], 1), torch.cat([numbers, block.expand(len(queries), -1)], 1)
        best, chosen = far.topk(min(k, far.shape[1]), dim=1, largest=False)
        numbers = at.gather(1, chosen)
    return numbers


def _ordered(queries: Tensor, rows: Tensor, near: Tensor, metric: str) -> tuple[Tensor, Tensor]:
    """The candidates (q, k) by distance, and the distances, computed again from the differences."""
    near = near.sort(1).values
    a, b = queries.double()[:, None], rows[near].double()  # (q, 1, d), (q, k, d)
    cosine = metric == "cosine"
    distances = (1 - (_unit(a) * _unit(b)).sum(2)).clamp(0, 2) if cosine else (a - b).square().sum(2).sqrt()
    distances, order = distances.sort(dim=1, stable=True)
    return near.gather(1, order), distances


def _prepared(x: Tensor, middle: Tensor | None) -> Tensor:
    """Moved to the middle of the rows, where products of float64 lose least; of length 1 where there is none."""
    return _unit(x.double()) if middle is None else x.double() - middle


def _unit(x: Tensor) -> Tensor:
    """Of length 1 along the last axis; zeros stay zeros."""
    length = x.norm(dim=-1, keepdim=True)
    return x / torch.where(length > 0, length, 1.0)
