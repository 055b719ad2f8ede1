"""From one number a cell to one number a row."""

from __future__ import annotations

from torch import Tensor


def row_sum(values: Tensor, real: Tensor | None = None) -> Tensor:
    """values (N, ...) -> (N,), summed over everything but the rows.

    ``real`` is 0 where a cell is padding or missing and must not count; any shape that broadcasts against ``values``.

    >>> import torch
    >>> row_sum(torch.ones(2, 3, 4), torch.tensor([[[1., 1., 0., 0.]], [[1., 0., 0., 0.]]]))
    tensor([6., 3.])
    """
    counted = values if real is None else values * real.to(values.dtype)
    return counted.reshape(len(values), -1).sum(1)
