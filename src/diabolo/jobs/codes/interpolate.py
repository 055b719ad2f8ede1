"""Interpolate: the way from one row to another, or through several and back, through the code space."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from diabolo.errors import ParameterError
from diabolo.jobs.codes.discrete import snapped
from diabolo.jobs.codes.embed import decode, embed
from diabolo.trained import Trained


def interpolate_codes(start: np.ndarray, end: np.ndarray, steps: int, *, spherical: bool = False) -> np.ndarray:
    """Codes on the way, (steps, K), both ends included.

    Straight: (1−t)·start + t·end. Spherical (Shoemake 1985; for standard normal codes, White 2016,
    https://arxiv.org/abs/1609.04468): sin((1−t)θ)/sin θ · start + sin(tθ)/sin θ · end, θ the angle between them.

    >>> interpolate_codes(np.array([0.0, 1.0]), np.array([1.0, 0.0]), 3, spherical=True).round(3).tolist()
    [[0.0, 1.0], [0.707, 0.707], [1.0, 0.0]]
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 2:
        raise ParameterError(f"steps must be a whole number of at least 2, got {steps!r}.")
    t = np.linspace(0.0, 1.0, steps)[:, None]
    if spherical:
        lengths = np.linalg.norm(start) * np.linalg.norm(end)
        theta = np.arccos(np.clip(start @ end / lengths, -1, 1)) if lengths > 0 else 0.0
        if np.sin(theta) > 1e-6:
            return (np.sin((1 - t) * theta) * start + np.sin(t * theta) * end) / np.sin(theta)
    return (1 - t) * start + t * end


def codes_on_the_way(stops: np.ndarray, steps: int, *, spherical: bool = False, cycle: bool = False) -> np.ndarray:
    """Codes through several stops (m, K), each way of ``steps`` codes, both its ends included; a stop stands there once.

    (m-1)·(steps-1) + 1 codes, with ``cycle`` m·(steps-1) + 1: then it goes on to the first stop, which is also the last code.

    >>> codes_on_the_way(np.array([[0.0], [1.0], [4.0]]), 3, cycle=True).ravel().tolist()
    [0.0, 0.5, 1.0, 2.5, 4.0, 2.0, 0.0]
    """
    if stops.ndim != 2 or len(stops) < 2:
        raise ParameterError(f"A way needs at least two rows to go through, got {len(stops)}.")
    around = [*stops, stops[0]] if cycle else [*stops]
    ways = [interpolate_codes(a, b, steps, spherical=spherical) for a, b in itertools.pairwise(around)]
    return np.concatenate([*(way[:-1] for way in ways), ways[-1][-1:]])


def lines_of(frames: int, steps: int) -> np.ndarray:
    """Which of the codes of :func:`codes_on_the_way` lie on each way, (ways, steps): a stop ends one and begins the next.

    >>> lines_of(5, 3).tolist()
    [[0, 1, 2], [2, 3, 4]]
    """
    return np.arange(0, frames - 1, steps - 1)[:, None] + np.arange(steps)


def interpolate(trained: Trained, start: Any, end: Any, steps: int = 9, y: Any = None, *, spherical: bool = False) -> Any:
    """Rows on the way from the row ``start`` to the row ``end``, both restored ends included: steps rows.

    start, end: one row each, in the caller's own shape. y: the label of all rows, for conditional recipes. Of discrete codes
    each step goes to the entries nearest to it, so that it may show the same row as the step before.
    """
    z, label = codes_between(trained, start, end, steps, y, spherical=spherical)
    return decode(trained, z, label)


def interpolate_through(
    trained: Trained, rows: Any, steps: int = 9, y: Any = None, *, spherical: bool = False, cycle: bool = False
) -> Any:
    """Rows on the way through the m given ones, restored: see :func:`codes_on_the_way` for how many.

    rows: at least two, in the caller's own shape, or a source of such rows. y: the label of all, for conditional recipes.
    """
    z, label = codes_through(trained, rows, steps, y, spherical=spherical, cycle=cycle)
    return decode(trained, z, label)


def codes_between(
    trained: Trained, start: Any, end: Any, steps: int, y: Any = None, *, spherical: bool = False
) -> tuple[np.ndarray, Any]:
    """The codes (steps, K) from one row to another, and the label that all of them are decoded with.

    start, end: rows of an array, or frames of one row. y: that label, or it twice, once for each end. Raises ParameterError for
    two that differ.
    """
    if hasattr(start, "columns") and hasattr(end, "columns"):
        label = _one_label(y)
        stops = np.concatenate([embed(trained, row, label) for row in (start, end)])
        return snapped(trained, codes_on_the_way(stops, steps, spherical=spherical)), label
    return codes_through(trained, np.stack([np.asarray(start), np.asarray(end)]), steps, y, spherical=spherical)


def codes_through(
    trained: Trained, rows: Any, steps: int, y: Any = None, *, spherical: bool = False, cycle: bool = False
) -> tuple[np.ndarray, Any]:
    """The codes of :func:`interpolate_through`, and the label that all of them are decoded with; discrete ones are entries."""
    label = _one_label(y)
    way = codes_on_the_way(embed(trained, rows, label), steps, spherical=spherical, cycle=cycle)
    return snapped(trained, way), label


def _one_label(y: Any) -> Any:
    if y is None or np.ndim(y) == 0:
        return y
    found = np.unique(np.asarray(y)).tolist()
    if len(found) != 1:
        raise ParameterError(
            f"The whole way is decoded with one label, and y holds {', '.join(map(repr, found)) or 'none'}: choose rows "
            "of one label, or give one, such as y=label."
        )
    return found[0]
