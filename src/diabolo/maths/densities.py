"""Logarithms of probability densities, one number an element, in nats.

``std`` is the standard deviation, never the variance; ``scale`` is the mean absolute deviation of a Laplace
distribution (its standard deviation is ``sqrt(2) * scale``).
"""

from __future__ import annotations

import math

from torch import Tensor

LOG_SQRT_TWO_PI = 0.5 * math.log(2 * math.pi)


def normal_log_density(x: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """log N(x; mean, std²): ``-((x - mean) / std)² / 2 - log(std) - log(2π) / 2``; the arguments broadcast.

    >>> import torch
    >>> normal_log_density(torch.tensor(0.), torch.tensor(0.), torch.tensor(1.))
    tensor(-0.9189)
    """
    return -((x - mean) / std).square() / 2 - std.log() - LOG_SQRT_TWO_PI


def laplace_log_density(x: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    """log Laplace(x; mean, scale): ``-|x - mean| / scale - log(2 scale)``; the arguments broadcast.

    >>> import torch
    >>> laplace_log_density(torch.tensor(1.), torch.tensor(0.), torch.tensor(0.5))
    tensor(-2.)
    """
    return -(x - mean).abs() / scale - (2 * scale).log()
