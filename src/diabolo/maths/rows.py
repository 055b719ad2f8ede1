"""From one number a cell to one number a row.

The errors that every step of a training computes have a backward pass of their own, which goes over the cells once where
autograd would put five operations together. They can be differentiated once.
"""

from __future__ import annotations

from typing import Any, final, overload

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional


def row_sum(values: Tensor, real: Tensor | None = None) -> Tensor:
    """values (N, ...) -> (N,), summed over everything but the rows.

    ``real`` is 0 where a cell is padding or missing and must not count; any shape that broadcasts against ``values``.

    >>> row_sum(torch.ones(2, 3, 4), torch.tensor([[[1., 1., 0., 0.]], [[1., 0., 0., 0.]]]))
    tensor([6., 3.])
    """
    counted = values if real is None else values * real.to(values.dtype)
    return counted.reshape(len(values), -1).sum(1)


@overload
def repeated(x: Tensor, times: int) -> Tensor: ...


@overload
def repeated(x: None, times: int) -> None: ...


def repeated(x: Tensor | None, times: int) -> Tensor | None:
    """Each row ``times`` times, side by side: (N, ...) -> (N * times, ...); itself once, None stays None.

    >>> repeated(torch.tensor([[1], [2]]), 2).flatten()
    tensor([1, 1, 2, 2])
    """
    return x if x is None or times == 1 else x.repeat_interleave(times, 0)


def square_error(mean: Tensor, x: Tensor) -> Tensor:
    """``Σ (x - mean)²`` over the cells of a row: two tensors (N, ...) -> (N,). No gradient goes to x.

    >>> square_error(torch.zeros(2, 1, 2), torch.tensor([[[1., 2.]], [[3., 0.]]]))
    tensor([5., 9.])
    """
    return _SquareError.apply(mean, x)


def cross_entropy(logits: Tensor, x: Tensor) -> Tensor:
    """``Σ -x log p - (1 - x) log(1 - p)``, p = sigmoid(logits), over the cells of a row: (N, ...) -> (N,), in nats.

    Computed as ``softplus(logits) - x logits``, which never overflows. No gradient goes to x.

    >>> cross_entropy(torch.tensor([[0., 100.]]), torch.tensor([[1., 1.]]))
    tensor([0.6931])
    """
    return _CrossEntropy.apply(logits, x)


@final
class _SquareError(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, mean: Tensor, x: Tensor) -> Tensor:
        difference = mean - x
        ctx.save_for_backward(difference)
        flat = difference.flatten(1)
        return torch.linalg.vecdot(flat, flat)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor, None]:
        (difference,) = ctx.saved_tensors
        return difference * _a_row(2 * given[0], difference), None


@final
class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(logits, x)
        return functional.softplus(logits).addcmul_(logits, x, value=-1).flatten(1).sum(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor, None]:
        logits, x = ctx.saved_tensors
        return torch.sigmoid(logits).sub_(x).mul_(_a_row(given[0], logits)), None


def _a_row(values: Tensor, like: Tensor) -> Tensor:
    """(N,) -> (N, 1, ...), to be multiplied with (N, ...)."""
    return values.reshape(-1, *[1] * (like.ndim - 1))
