"""Smoothing of pictures: a mean over the neighborhood, weighted by a Gaussian."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

REACH = 4.0
"""Standard deviations after which a Gaussian is cut off."""


def smoothed(x: Tensor, sigma: float) -> Tensor:
    """x (N, F, H, W) -> the same, each channel convolved with a Gaussian of ``sigma`` pixels.

    The kernel sums to 1, so a constant stays what it is; beyond the border the outermost pixels go on. The Gaussian is cut
    off after four standard deviations. sigma 0 gives x as it is.

    >>> smoothed(torch.eye(3)[None, None], 0.5)[0, 0, 1]
    tensor([0.1791, 0.6415, 0.1791])
    """
    if sigma == 0:
        return x
    radius = max(1, math.ceil(REACH * sigma))
    offsets = torch.arange(-radius, radius + 1, device=x.device, dtype=x.dtype)
    weights = torch.exp(-0.5 * (offsets / sigma).square())
    weights = (weights / weights.sum()).expand(x.shape[1], 1, 1, -1)
    wide = functional.pad(x, (radius, radius, radius, radius), mode="replicate")
    down = functional.conv2d(wide, weights.transpose(2, 3), groups=x.shape[1])
    return functional.conv2d(down, weights, groups=x.shape[1])
