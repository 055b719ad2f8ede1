"""Where a picture is unlike the others: red laid over it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DataError
from diabolo.figures.pictures import pictures

RED = np.array([0.84, 0.0, 0.05])
LIGHT = 0.3
"""How much of the picture is still seen where the red is full."""
GLOW = 4.0
"""The red is full where the heat is so many times what is usual."""
LEAST_SIDE = 224
"""Pictures smaller than this are enlarged, pixels as squares, until they can be looked at."""


def overlays(
    x: Any, heat: Any, usual: float, *, value_range: tuple[float, float] = (0.0, 1.0), least_side: int = LEAST_SIDE
) -> list[NDArray[np.uint8]]:
    """Pictures with red where the heat is above ``usual``, fully red from four times that on; (H, W, 3) uint8 each.

    x: (n, H, W), (n, H, W, C) or (n, C, H, W). heat: (n, H, W). The scale is the same for all pictures: one that is like the
    others stays gray. Small ones are enlarged a whole number of times, until no side is below ``least_side``.
    """
    found, heat = pictures(x, value_range), np.asarray(heat, dtype=np.float64)
    if heat.shape != found.shape[:3]:
        raise DataError(f"Expected a heat for each pixel, shape {found.shape[:3]}, got {heat.shape}.")
    return [_overlay(picture, warm, usual, least_side) for picture, warm in zip(found, heat, strict=True)]


def _overlay(picture: NDArray[Any], heat: NDArray[Any], usual: float, least_side: int) -> NDArray[np.uint8]:
    colored = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture[..., :3]
    red = np.clip((heat - usual) / (usual * (GLOW - 1)), 0.0, 1.0)[..., None]
    mixed = np.round(255 * (colored + (1 - LIGHT) * red * (RED - colored)))
    times = max(1, -(-least_side // min(heat.shape)))
    return np.kron(mixed.astype(np.uint8), np.ones((times, times, 1), dtype=np.uint8))
