"""How strongly a function's output follows its input: the squared Frobenius norm of the Jacobian, row by row.

Both functions assume that a row's output depends on that row's input alone (in training, batch normalization mixes
rows a little: then the sum over all rows is what is measured). They work where gradients are switched off, too, and
then return a value without a graph.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]


def jacobian_norm(function: Function, x: Tensor) -> Tensor:
    """``sum_jk (∂z_j / ∂x_k)²`` for z = function(x), exactly: one backward pass an output number.

    x: (N, ...). function: (N, ...) -> (N, ...). Returns (N,).

    >>> jacobian_norm(lambda x: 3 * x, torch.zeros(2, 4))
    tensor([36., 36.])
    """
    wanted, (x, z) = torch.is_grad_enabled(), _traced(function, x)
    total = torch.zeros(len(x), dtype=z.dtype, device=z.device)
    for output in z.unbind(1):
        total = total + _squared_gradient(output.sum(), x, wanted)
    return total if wanted else total.detach()


def jacobian_norm_estimate(function: Function, x: Tensor, generator: torch.Generator, projections: int = 1) -> Tensor:
    """An unbiased estimate of :func:`jacobian_norm` with one backward pass a projection.

    The mean of ``‖∂(v·z)/∂x‖²`` over random vectors v of -1 and 1, because E[v vᵀ] is the identity.

    Reference: Hutchinson 1990, https://doi.org/10.1080/03610919008812866; for this penalty Varga et al. 2017,
    https://arxiv.org/abs/1712.09936
    """
    wanted, (x, z) = torch.is_grad_enabled(), _traced(function, x)
    total = torch.zeros(len(x), dtype=z.dtype, device=z.device)
    for _ in range(projections):
        v = torch.randint(0, 2, z.shape, generator=generator, device=z.device).to(z.dtype) * 2 - 1
        total = total + _squared_gradient((v * z).sum(), x, wanted)
    return (total if wanted else total.detach()) / projections


def _traced(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        return x, function(x).reshape(len(x), -1)  # (N, outputs)


def _squared_gradient(scalar: Tensor, x: Tensor, keep_graph: bool) -> Tensor:
    (gradient,) = torch.autograd.grad(scalar, x, create_graph=keep_graph, retain_graph=True)
    return gradient.reshape(len(x), -1).square().sum(1)
