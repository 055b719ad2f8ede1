"""Functions that bring any real number into a range: what follows the last layer of a decoder or an encoder."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def bounded(raw: Tensor, bounds: tuple[float, float] | None) -> Tensor:
    """Any real number -> the range the data lie in; the shape stays.

    ``bounds = (low, high)`` gives ``low + (high - low) * sigmoid(raw)``: the sigmoid itself on (0, 1), ``tanh(raw)``
    on (-1, 1). None gives ``raw`` as it is.

    Raises ValueError unless low < high and both are finite.

    >>> bounded(torch.zeros(1), (0.0, 10.0))
    tensor([5.])
    """
    if bounds is None:
        return raw
    low, high = bounds
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"Expected two finite bounds, the lower one first, got {bounds}.")
    if (low, high) == (0.0, 1.0):
        return torch.sigmoid(raw)
    if (low, high) == (-1.0, 1.0):
        return torch.tanh(raw)
    return (low + (high - low) * torch.sigmoid(raw)).clamp(low, high)  # the clamp only takes off the rounding


def unbounded(x: Tensor, bounds: tuple[float, float] | None, margin: float = 1 / 256) -> Tensor:
    """The inverse of :func:`bounded`; what lies closer to a bound than ``margin`` of the range counts as lying there.

    >>> unbounded(torch.tensor([0.5, 0.0]), (0.0, 1.0))
    tensor([ 0.0000, -5.5413])
    """
    if bounds is None:
        return x
    low, high = bounds
    raw = torch.logit((x - low) / (high - low), eps=margin)
    return raw / 2 if (low, high) == (-1.0, 1.0) else raw  # tanh(r) = 2 sigmoid(2 r) - 1


def to_bytes(x: Tensor, bounds: tuple[float, float]) -> Tensor:
    """Numbers in ``bounds`` as 0 to 255, uint8, rounded; what lies outside is cut. The shape stays.

    >>> to_bytes(torch.tensor([-2.0, -1.0, 0.0, 1.0]), (-1.0, 1.0))
    tensor([  0,   0, 128, 255], dtype=torch.uint8)
    """
    low, high = bounds
    return ((x.float() - low) / (high - low) * 255).clamp(0, 255).round().to(torch.uint8)


def positive(raw: Tensor, start: float, floor: float) -> Tensor:
    """Any real number -> a number above ``floor`` that is ``start`` where raw is 0; the shape stays.

    ``floor + softplus(raw + c)``, with c such that ``positive(0) = start``. It is used for every standard deviation and
    scale that is learned. Unlike exp it grows only linearly, so that its square never overflows; unlike a clamp its
    gradient never becomes exactly zero before the floor is reached, so that nothing gets stuck there.

    Raises ValueError unless 0 <= floor < start.

    >>> positive(torch.tensor([-100., 0., 100.]), start=1.0, floor=0.1)[:2]
    tensor([0.1000, 1.0000])
    """
    if not 0.0 <= floor < start:
        raise ValueError(f"Expected 0 <= floor < start, got floor={floor}, start={start}.")
    return floor + functional.softplus(raw + _softplus_inverse(start - floor))


def _softplus_inverse(y: float) -> float:
    return y + math.log(-math.expm1(-y))
