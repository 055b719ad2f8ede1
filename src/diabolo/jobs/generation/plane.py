"""The plane: a grid over two numbers of the code, each point as probable as any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy.stats import norm
from torch.distributions import Normal

from diabolo.errors import ParameterError, UnsupportedError
from diabolo.jobs.codes.discrete import require_range
from diabolo.jobs.codes.units import units_of
from diabolo.spec import is_whole
from diabolo.trained import Trained


@final
@dataclass(frozen=True, eq=False)
class Plane:
    """codes: (steps · steps, K), line by line, the highest value of the second number first, the lowest of the first one first.

    numbers: which two of the code, the one across first. across, up: (steps,), their values, ascending. scale: ``"prior"``
    where these are quantiles of the standard normal prior, ``"codes"`` where of the training codes.
    """

    codes: np.ndarray
    numbers: tuple[int, int]
    across: np.ndarray
    up: np.ndarray
    scale: str

    @property
    def steps(self) -> int:
        """Points along each axis."""
        return len(self.across)


def latent_plane(trained: Trained, steps: int = 15, numbers: Sequence[int] | None = None) -> Plane:
    """A grid of steps × steps codes, evenly spread over the unit square and brought into code space by quantiles.

    Each axis has the values at probabilities (i + 1/2) / steps: of the standard normal prior, by its inverse distribution
    function (Kingma & Welling 2014, appendix A, https://arxiv.org/abs/1312.6114), or of the training codes where a recipe has
    no such prior. Every other number of the code stands at its mean over the training codes.

    numbers: two different numbers of the code; None for the two of the largest variance. Raises UnsupportedError for codes of
    one number, and for discrete ones.
    """
    require_range(trained, "A grid")
    units = units_of(trained)
    k = len(units.mean)
    if k < 2:
        raise UnsupportedError("A plane needs a code of at least two numbers, this one has 1. Take a walk along it: walks().")
    if not is_whole(steps, 2):
        raise ParameterError(f"steps must be a whole number of at least 2, got {steps!r}.")
    first, second = (int(i) for i in units.order[:2]) if numbers is None else _asked(numbers, k)
    shares = (np.arange(steps) + 0.5) / steps
    normal = _is_standard_normal(trained)
    across, up = (norm.ppf(shares) if normal else np.quantile(units.z[:, i], shares) for i in (first, second))
    codes = np.tile(units.mean, (steps * steps, 1))
    codes[:, first] = np.tile(across, steps)
    codes[:, second] = np.repeat(up[::-1], steps)
    return Plane(codes.astype(np.float32), (first, second), across, up, "prior" if normal else "codes")


def _is_standard_normal(trained: Trained) -> bool:
    prior = trained.model.bottleneck.prior()
    return isinstance(prior, Normal) and float(prior.mean) == 0 and float(prior.stddev) == 1


def _asked(numbers: Sequence[int], k: int) -> tuple[int, int]:
    found = tuple(numbers)
    if len(found) != 2 or found[0] == found[1] or not all(is_whole(i, 0) and i < k for i in found):
        given = ",".join(map(str, found)) or "none"
        raise ParameterError(
            f"Expected two different numbers of the code, from 0 to {k - 1}, got {given}. Take 0,{k - 1}, say."
        )
    return int(found[0]), int(found[1])
