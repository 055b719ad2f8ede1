"""How alike two pictures are to the eye: structural similarity on one scale or several, and the sharpness of edges.

Everything takes (N, F, H, W), gives one number a row, and can be differentiated. It is computed in float32 at least, under
autocast too: a variance is the small difference of two large numbers here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from diabolo.maths.precision import at_least_float32

K1, K2 = 0.01, 0.03
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the five scales of MS-SSIM, finest first: what observers found equally visible (Wang, Simoncelli & Bovik 2003)."""

FLOOR = 1e-3
"""Least factor of MS-SSIM: a power of a negative number is not real, and at 0 its slope is infinite."""

BANDED = 256
"""Longest side that is smoothed by a product with a banded matrix; longer ones by a sum of shifted copies.

On one core, forward and back, 1280 maps of 28×28 took 5 ms by the first way and 28 ms by the second (217 ms by conv2d), 15 maps
of 512×768 took 660 and 707 ms, of it 371 and 200 ms forward.
"""


def ssim(x: Tensor, y: Tensor, span: float, window: int = 11, sigma: float = 1.5) -> Tensor:
    """Structural similarity, 1 where equal, about 0 where unrelated, down to -1: two tensors (N, F, H, W) -> (N,).

    ``(2 μx μy + C1) (2 σxy + C2) / ((μx² + μy² + C1) (σx² + σy² + C2))`` with ``C1 = (0.01 span)²``, ``C2 = (0.03 span)²``
    and moments under a Gaussian window, averaged over all windows that lie inside the picture and over the channels. Variances
    are those of the population, weighted like the means. That is ``skimage.metrics.structural_similarity(x, y,
    gaussian_weights=True, sigma=1.5, use_sample_covariance=False)``, which leaves the borders out too.

    Values should start at 0, since the first factor compares brightness as a ratio. span: greatest minus least value there can
    be. window: odd; where a side is shorter, the window's side is the largest odd number that fits, with the same sigma, so
    that 8×8 pixels are judged by 2×2 windows of 7×7. Raises ValueError for other shapes and ranges.

    >>> x = torch.rand(2, 1, 16, 16)
    >>> ssim(x, x, span=1.0)
    tensor([1., 1.])

    Reference: Wang, Bovik, Sheikh & Simoncelli 2004, https://doi.org/10.1109/TIP.2003.819861
    """
    x, y = _pictures(x, y)
    luminance, structure = _maps(x, y, span, window, sigma)
    return (luminance * structure).mean((1, 2, 3))


def ms_ssim(x: Tensor, y: Tensor, span: float, levels: int = 5, window: int = 11, sigma: float = 1.5) -> Tensor:
    """Structural similarity on several scales, 1 where equal: two tensors (N, F, H, W) -> (N,).

    ``Π_j mean(structure_j)^w_j``, each scale half as fine as the one before (means of 2×2 cells, an odd last row or column left
    out); brightness is compared on the coarsest alone. The product is taken for each channel, then averaged over them.

    levels: at most this many. A scale takes part where its shorter side holds a whole window, the first one always; ``WEIGHTS``
    of those that do are made to sum to 1. One scale is :func:`ssim` itself. 28×28 pixels have two scales, 176×176 and more have
    five. A factor below 0.001, negative ones among them, counts as 0.001. Raises ValueError as :func:`ssim` does.

    Reference: Wang, Simoncelli & Bovik 2003, https://doi.org/10.1109/ACSSC.2003.1292216
    """
    x, y = _pictures(x, y)
    if not 1 <= levels <= len(WEIGHTS):
        raise ValueError(f"Expected 1 to {len(WEIGHTS)} levels, got {levels}.")
    levels = min(levels, scales(tuple(x.shape[2:]), window))
    if levels == 1:
        return ssim(x, y, span, window, sigma)
    total, result = sum(WEIGHTS[:levels]), x.new_ones(x.shape[:2])
    for level, weight in enumerate(WEIGHTS[:levels]):
        if level:
            x, y = functional.avg_pool2d(x, 2), functional.avg_pool2d(y, 2)
        luminance, structure = _maps(x, y, span, window, sigma)
        factor = structure if level < levels - 1 else luminance * structure
        result = result * factor.mean((2, 3)).clamp(min=FLOOR) ** (weight / total)  # (N, F)
    return result.mean(1)


def scales(size: tuple[int, ...], window: int = 11) -> int:
    """How many scales of :func:`ms_ssim` a picture (H, W) has room for, at least 1.

    >>> [scales((side, side)) for side in (8, 28, 160, 176)]
    [1, 2, 4, 5]
    """
    return max([level + 1 for level in range(len(WEIGHTS)) if min(size) >> level >= window], default=1)


def gradient_difference(x: Tensor, y: Tensor) -> Tensor:
    """``mean ||Δx| - |Δy||`` over vertical neighbors, plus the same over horizontal ones: (N, F, H, W), twice -> (N,).

    Δ is the step from a cell to the next. It is 0 where edges are equally sharp, whichever side of them is the brighter one,
    and wherever both pictures are flat, so it only makes sense beside another error. In the units of the data; a picture one
    cell high has no vertical neighbors, and no such term. Raises ValueError for other shapes.

    >>> x = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])
    >>> gradient_difference(x, torch.zeros_like(x)), gradient_difference(x, 1 - x)
    (tensor([1.]), tensor([0.]))

    Reference: the gradient difference loss with α = 1, Mathieu, Couprie & LeCun 2016, https://arxiv.org/abs/1511.05440; theirs
    is a sum.
    """
    x, y = _pictures(x, y)
    found = x.new_zeros(len(x))
    for axis in (2, 3):
        if x.shape[axis] > 1:
            found = found + (x.diff(dim=axis).abs() - y.diff(dim=axis).abs()).abs().mean((1, 2, 3))
    return found


def _maps(x: Tensor, y: Tensor, span: float, window: int, sigma: float) -> tuple[Tensor, Tensor]:
    """The two factors of SSIM at every window inside the picture, brightness and structure, each (N, F, H', W')."""
    if not (math.isfinite(span) and span > 0 and sigma > 0 and window > 0 and window % 2):
        raise ValueError(f"Expected span > 0, sigma > 0 and an odd window, got {span}, {sigma} and {window}.")
    with torch.autocast(x.device.type, enabled=False):
        a, b, squares, product = _smooth(torch.stack([x, y, x * x + y * y, x * y]), window, sigma)
    c1, c2 = (K1 * span) ** 2, (K2 * span) ** 2
    means = a * a + b * b
    luminance = (2 * a * b + c1) / (means + c1)
    return luminance, (2 * (product - a * b) + c2) / (squares - means + c2)


def _smooth(maps: Tensor, window: int, sigma: float) -> Tensor:
    """maps (..., H, W) -> (..., H', W'), Gaussian means over the windows that lie inside."""
    return _along(_along(maps, window, sigma).mT, window, sigma).mT


def _along(maps: Tensor, window: int, sigma: float) -> Tensor:
    """The means along the last side alone."""
    side = maps.shape[-1]
    taps = _gaussian(min(window, side - 1 + side % 2), sigma)
    count = side - len(taps) + 1
    if side > BANDED:
        return sum((tap * maps[..., i : i + count] for i, tap in enumerate(taps)), maps.new_zeros(()))
    band = maps.new_zeros(side, count)
    for i, tap in enumerate(taps):
        band.diagonal(-i).fill_(tap)
    return maps @ band


def _gaussian(window: int, sigma: float) -> list[float]:
    """``window`` numbers that sum to 1, the greatest in the middle."""
    raw = [math.exp(-(((i - window // 2) / sigma) ** 2) / 2) for i in range(window)]
    return [value / sum(raw) for value in raw]


def _pictures(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Both, in float32 at least; a ValueError where they are no pictures of one shape."""
    if x.shape != y.shape or x.ndim != 4 or 0 in x.shape[1:]:
        raise ValueError(f"Expected two tensors of one shape (N, F, H, W), got {tuple(x.shape)} and {tuple(y.shape)}.")
    x, y = (v if v.is_floating_point() else v.float() for v in (x, y))
    return at_least_float32(x), at_least_float32(y)
