"""Arrays of pictures, brought to what matplotlib draws."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from diabolo.errors import DataError
from diabolo.figures.style import bare

Picture = NDArray[np.float64]
CHANNELS = (1, 3, 4)


def pictures(x: Any, value_range: tuple[float, float]) -> Picture:
    """Grey or color pictures as (n, H, W) or (n, H, W, 3 | 4) in [0, 1]; what lies outside ``value_range`` is cut to it.

    x: (n, H, W), (n, H, W, C) or (n, C, H, W) with C in 1, 3, 4; where both ends fit, the last axis is the channels.
    """
    array = np.asarray(x, dtype=np.float64)
    low, high = value_range
    if not high > low:
        raise DataError(f"value_range expects (low, high) with low < high, got {value_range!r}.")
    if array.ndim == 4 and array.shape[-1] not in CHANNELS and array.shape[1] in CHANNELS:
        array = np.moveaxis(array, 1, -1)
    if array.ndim not in (3, 4) or array.ndim == 4 and array.shape[-1] not in CHANNELS or 0 in array.shape:
        raise DataError(f"Expected pictures (n, H, W), (n, H, W, C) or (n, C, H, W) with C in 1, 3, 4, got {array.shape}.")
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    return np.clip((array - low) / (high - low), 0.0, 1.0)


def draw_picture(ax: Axes, picture: Picture) -> None:
    """One picture of :func:`pictures` on axes of its own, pixels as sharp squares."""
    ax.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    bare(ax)
