"""Logarithms of the probability of an interval, one number an element: likelihoods of data that lie on a grid.

A pixel that was rounded to one of 256 values has no density; what it has is the probability of its bin. The naive
``log(cdf(b) - cdf(a))`` is ``log(0)`` as soon as the bin is far from the mean or narrow beside the spread. The
functions here keep float32's relative precision in both cases, and so do their gradients.

Reference: discretized distributions as likelihoods, Salimans et al. 2017, https://arxiv.org/abs/1701.05517 (there
logistic, here normal and Laplace; as there, the two outermost bins take the tails).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from diabolo.maths.densities import LOG_SQRT_TWO_PI

NARROW = 0.25  # where the power series of normal_log_interval is exact to float32 and the difference of cdfs begins to cancel


def normal_log_mass(x: Tensor, mean: Tensor, std: Tensor, step: float, bounds: tuple[float, float] | None) -> Tensor:
    """log P(x - step/2 < X < x + step/2) for X ~ N(mean, std²), in nats.

    x, mean, std: broadcast; std is the standard deviation. step: width of a bin, > 0. bounds: the outermost values of
    the grid, whose bins reach to minus and plus infinity, so that the probabilities of all values add up to one; None
    where the grid has no end.
    """
    middle, half = (x - mean) / std, step / (2 * std)
    inner = normal_log_interval(middle, half)
    if bounds is None:
        return inner
    lower, upper = torch.special.log_ndtr(middle + half), torch.special.log_ndtr(half - middle)
    return _with_tails(inner, lower, upper, x, step, bounds)


def laplace_log_mass(x: Tensor, mean: Tensor, scale: Tensor, step: float, bounds: tuple[float, float] | None) -> Tensor:
    """log P(x - step/2 < X < x + step/2) for X ~ Laplace(mean, scale), in nats. Arguments as :func:`normal_log_mass`."""
    middle, half = (x - mean) / scale, step / (2 * scale)
    inner = laplace_log_interval(middle, half)
    if bounds is None:
        return inner
    return _with_tails(inner, laplace_log_cdf(middle + half), laplace_log_cdf(half - middle), x, step, bounds)


def _with_tails(inner: Tensor, lower: Tensor, upper: Tensor, x: Tensor, step: float, bounds: tuple[float, float]) -> Tensor:
    low, high = bounds
    return torch.where(x < low + step / 2, lower, torch.where(x > high - step / 2, upper, inner))


def normal_log_interval(middle: Tensor, half: Tensor) -> Tensor:
    """log(Φ(middle + half) - Φ(middle - half)), Φ the cdf of N(0, 1); half > 0; the arguments broadcast.

    >>> normal_log_interval(torch.tensor([0., 5.]), torch.tensor([1., 0.001]))
    tensor([ -0.3817, -19.6335])
    """
    middle, half = torch.broadcast_tensors(middle.abs(), half)  # the interval mirrored at 0 is as probable
    narrow = half * middle.clamp(min=1) < NARROW
    # Each formula sees harmless numbers where the other one is taken: a NaN there would spoil the gradient.
    series = _narrow_normal(torch.where(narrow, middle, 0), torch.where(narrow, half, 1))
    difference = _wide_normal(torch.where(narrow, 0, middle), torch.where(narrow, 1, half))
    return torch.where(narrow, series, difference)


def _narrow_normal(m: Tensor, h: Tensor) -> Tensor:
    """The Taylor series of Φ around m: ``2h φ(m) (1 + He₂(m) h²/3! + He₄(m) h⁴/5! + He₆(m) h⁶/7!)``, Heₙ Hermite's."""
    y, q = (m * h).square(), h.square()
    he2, he4 = y - q, y.square() - 6 * y * q + 3 * q.square()
    he6 = y**3 - 15 * y.square() * q + 45 * y * q.square() - 15 * q**3
    return -m.square() / 2 - LOG_SQRT_TWO_PI + (2 * h).log() + torch.log1p(he2 / 6 + he4 / 120 + he6 / 5040)


def _wide_normal(m: Tensor, h: Tensor) -> Tensor:
    far, near = torch.special.log_ndtr(-m - h), torch.special.log_ndtr(h - m)
    return near + torch.log(-torch.expm1(far - near))


def laplace_log_interval(middle: Tensor, half: Tensor) -> Tensor:
    """log(F(middle + half) - F(middle - half)), F the cdf of Laplace(0, 1); half > 0; the arguments broadcast.

    ``e^-|middle| sinh(half)`` where the interval lies on one side of 0, ``1 - e^-half cosh(middle)`` where it holds 0.

    >>> laplace_log_interval(torch.tensor([0., 5.]), torch.tensor([1., 0.001]))
    tensor([ -0.4587, -11.9078])
    """
    m, h = torch.broadcast_tensors(middle.abs(), half)
    holds_zero = m < h
    aside = -m + h + torch.log(-torch.expm1(-2 * h)) - math.log(2)
    m, h = torch.where(holds_zero, m, 0), torch.where(holds_zero, h, 1)
    around = torch.log(-(torch.expm1(-h - m) + torch.expm1(m - h)) / 2)
    return torch.where(holds_zero, around, aside)


def laplace_log_cdf(t: Tensor) -> Tensor:
    """log F(t), F the cdf of Laplace(0, 1): ``t - log 2`` below 0, ``log(1 - e^-t / 2)`` above; the shape stays.

    >>> laplace_log_cdf(torch.tensor([-100., 0.]))
    tensor([-100.6931,   -0.6931])
    """
    return torch.where(t < 0, t.clamp(max=0) - math.log(2), torch.log1p(-torch.exp(-t.clamp(min=0)) / 2))
