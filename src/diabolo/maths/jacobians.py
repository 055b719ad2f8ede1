"""How strongly a function's output follows its input: the squared Frobenius norm of the Jacobian, row by row.

Both functions assume that a row's output depends on that row's input alone (in training, batch normalization mixes
rows a little: then the sum over all rows is what is measured). They work under ``torch.no_grad``, too, and then
return a value without a graph; not under ``torch.inference_mode``, which allows no derivatives at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]


def jacobian_norm(function: Function, x: Tensor) -> Tensor:
    """``sum_jk (∂z_j / ∂x_k)²`` for z = function(x), exactly: one backward pass an output number.

    x: (N, ...). function: (N, ...) -> (N, ...). Returns (N,).

    >>> jacobian_norm(lambda x: 3 * x, torch.zeros(2, 4))
    tensor([36., 36.])
    """

    def directions(z: Tensor) -> Iterator[Tensor]:
        return (row.expand_as(z) for row in torch.eye(z.shape[1], dtype=z.dtype, device=z.device))

    return _sum_of_squares(function, x, directions)


def jacobian_norm_estimate(function: Function, x: Tensor, generator: torch.Generator, projections: int = 1) -> Tensor:
    """An unbiased estimate of :func:`jacobian_norm` with one backward pass a projection.

    The mean of ``‖∂(v·z)/∂x‖²`` over random vectors v of -1 and 1, because E[v vᵀ] is the identity.

    Reference: Hutchinson 1990, https://doi.org/10.1080/03610919008812866
    """

    def directions(z: Tensor) -> Iterator[Tensor]:
        for _ in range(projections):
            yield torch.randint(0, 2, z.shape, generator=generator, device=z.device).to(z.dtype) * 2 - 1

    return _sum_of_squares(function, x, directions) / projections


def _sum_of_squares(function: Function, x: Tensor, directions: Callable[[Tensor], Iterable[Tensor]]) -> Tensor:
    """The sum of ``‖vᵀ ∂z/∂x‖²`` over the directions v (N, outputs) that are asked of z (N, outputs); (N,)."""
    wanted = torch.is_grad_enabled()
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        z = function(x).reshape(len(x), -1)
        total = z.new_zeros(len(x))
        for v in directions(z):
            (gradient,) = torch.autograd.grad(z, x, v, create_graph=wanted, retain_graph=True)  # like x
            total = total + gradient.reshape(len(x), -1).square().sum(1)
    return total
