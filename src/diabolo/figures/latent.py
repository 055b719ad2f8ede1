"""Pictures of the code space: a grid over the plane of two numbers, a walk along each."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from diabolo.figures.mosaic import labeled
from diabolo.jobs.generation.plane import Plane
from diabolo.jobs.generation.walks import Walks

TOLD = 5
"""Values named along an axis of the plane, at most."""


def plane_sheet(x: Any, plane: Plane, *, value_range: tuple[float, float] = (0.0, 1.0)) -> Figure:
    """What the decoder makes of a plane: the pictures x (steps², …) in its order, with values of the two numbers."""
    told = range(0, plane.steps, -(-plane.steps // TOLD))
    across, up = ([f"{v:.1f}" if i in told else "" for i, v in enumerate(axis)] for axis in (plane.across, plane.up))
    first, second = plane.numbers
    return labeled(x, up[::-1], across, value_range=value_range, across=f"code number {first}", up=f"code number {second}")


def walk_sheet(x: Any, walks: Walks, *, value_range: tuple[float, float] = (0.0, 1.0)) -> Figure:
    """What the decoder makes of walks: the pictures x (m · steps, …), a line a number, with its variance."""
    lines = [f"{i} ({v:.2g})" for i, v in zip(walks.numbers, walks.variances, strict=True)]
    across = [f"{offset:+.3g}σ" if offset else "mean" for offset in walks.offsets.round(2)]
    return labeled(x, lines, across, value_range=value_range, up="code number (variance)")
