"""Walks: from one end of each active number of the code to the other, the rest at their means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from diabolo.errors import ParameterError, UnsupportedError
from diabolo.jobs.codes.discrete import require_range
from diabolo.jobs.codes.units import units_of
from diabolo.spec import is_whole
from diabolo.trained import Trained

REACH = 3.0
"""Standard deviations, to each side."""


@final
@dataclass(frozen=True, eq=False)
class Walks:
    """codes: (m, steps, K), a walk along each of m numbers of the code, the most active first.

    numbers: (m,), which. variances: (m,), of each over the training codes (of a variational recipe their posterior means).
    offsets: (steps,), in standard deviations, from -3 to 3. active: how many numbers are in use, m or more.
    """

    codes: np.ndarray
    numbers: np.ndarray
    variances: np.ndarray
    offsets: np.ndarray
    active: int

    @property
    def flat(self) -> np.ndarray:
        """The codes line by line, (m · steps, K)."""
        return self.codes.reshape(-1, self.codes.shape[-1])


def latent_walks(trained: Trained, steps: int = 9, most: int | None = None) -> Walks:
    """A walk of so many steps along every active number of the code, from 3 standard deviations below its mean to 3 above.

    Mean and deviation are those of the training codes; all other numbers stand at their means. Which numbers are active:
    :class:`diabolo.jobs.codes.units.Units`. most: walks at most. Raises UnsupportedError where no number is active: the code
    has collapsed; and where codes are discrete.
    """
    require_range(trained, "A walk")
    if not is_whole(steps, 2):
        raise ParameterError(f"steps must be a whole number of at least 2, got {steps!r}.")
    if most is not None and not is_whole(most, 1):
        raise ParameterError(f"most must be a whole number of at least 1, or None, got {most!r}.")
    units = units_of(trained)
    if not units.active:
        raise UnsupportedError(
            "No number of this code is active: it has collapsed and there is nothing to walk along. Train with a smaller "
            "bottleneck.beta, or with bottleneck.warmup=0.3."
        )
    numbers = units.order[: units.active][:most]
    offsets = np.linspace(-REACH, REACH, steps)
    codes = np.tile(units.mean, (len(numbers), steps, 1))
    for walk, i in zip(codes, numbers, strict=True):
        walk[:, i] += offsets * units.std[i]
    return Walks(codes.astype(np.float32), numbers, np.square(units.std[numbers]), offsets, units.active)
