"""How far one distribution is from another: Kullback-Leibler divergences in closed form, in nats.

A normal distribution is described by its standard deviation ``std`` everywhere in this package, never by its variance.
"""

from __future__ import annotations

import torch
from torch import Tensor


def kl_normal(mean: Tensor, std: Tensor) -> Tensor:
    """KL(N(mean, std²) ‖ N(0, 1)), one number an element: ``(mean² + std² - 1) / 2 - log(std)``.

    mean, std: any shapes that broadcast; std > 0 is the standard deviation, not the variance.

    Reference: Kingma & Welling 2013, appendix B, https://arxiv.org/abs/1312.6114

    >>> kl_normal(torch.tensor([0., 2.]), torch.tensor([1., 1.]))
    tensor([0., 2.])
    """
    return (mean.square() + std.square() - 1) / 2 - std.log()


def kl_bernoulli(rho: Tensor | float, rho_hat: Tensor) -> Tensor:
    """KL(Bernoulli(rho) ‖ Bernoulli(rho_hat)), one number an element.

    ``rho * log(rho / rho_hat) + (1 - rho) * log((1 - rho) / (1 - rho_hat))``, with 0 log 0 = 0. rho, rho_hat: in
    [0, 1]; rho_hat is kept one rounding step away from 0 and 1, where the divergence would be infinite.

    >>> kl_bernoulli(0.05, torch.tensor([0.05, 0.5]))
    tensor([0.0000, 0.4946])
    """
    tiny = torch.finfo(rho_hat.dtype).eps
    rho_hat = rho_hat.clamp(tiny, 1 - tiny)
    rho = torch.as_tensor(rho, dtype=rho_hat.dtype, device=rho_hat.device)
    return torch.xlogy(rho, rho / rho_hat) + torch.xlogy(1 - rho, (1 - rho) / (1 - rho_hat))
