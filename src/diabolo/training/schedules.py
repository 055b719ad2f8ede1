"""Learning-rate schedules: progress in [0, 1] -> multiplier of the learning rate, in [0, 1]."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping


def constant(fraction: float) -> float:
    """1 all the way."""
    return 1.0


def linear(fraction: float) -> float:
    """1 − fraction: falls to zero in a straight line (best in short runs: Defazio et al. 2023, arXiv 2310.07831)."""
    return max(0.0, 1.0 - fraction)


def cosine(fraction: float) -> float:
    """(1 + cos(π·fraction)) / 2 (Loshchilov & Hutter 2017, arXiv 1608.03983)."""
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, fraction)))


SCHEDULES: Mapping[str, Callable[[float], float]] = {"constant": constant, "linear": linear, "cosine": cosine}


def multiplier(schedule: str, warmup: float, fraction: float) -> float:
    """The multiplier at ``fraction``: a linear rise over the first ``warmup``, then the schedule over what remains.

    >>> [multiplier("linear", 0.2, f) for f in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if warmup > 0 and fraction < warmup:
        return fraction / warmup
    return SCHEDULES[schedule]((fraction - warmup) / (1 - warmup) if warmup < 1 else 1.0)
