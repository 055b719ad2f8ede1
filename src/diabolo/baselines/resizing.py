"""Pictures made larger by interpolation, and smaller by the mean of boxes. Pictures are (n, H, W, C) floats in [0, 1]."""

from __future__ import annotations

import numpy as np
from PIL import Image

from diabolo.baselines.base import Array
from diabolo.baselines.pictures import as_pictures
from diabolo.errors import DataError, ParameterError, unknown

WAYS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def enlarge(x: Array, factor: int, way: str = "bicubic") -> Array:
    """x (n, H, W, C) -> (n, factor · H, factor · W, C), cut to [0, 1], in x's dtype; computed by Pillow in float32.

    way: nearest, bilinear, bicubic (Keys, 1981, https://doi.org/10.1109/TASSP.1981.1163711, a = -0.5) or lanczos (three lobes;
    Duchon, 1979, https://doi.org/10.1175/1520-0450(1979)018<1016:LFIOAT>2.0.CO;2).
    """
    x = as_pictures(x)
    if way not in WAYS:
        raise unknown("way to enlarge", way, WAYS)
    n, high, wide, channels = x.shape
    made = np.empty((n, high * _whole(factor), wide * factor, channels), x.dtype)
    for row, picture in zip(made, x.astype(np.float32, copy=False), strict=True):
        for c in range(channels):
            plane = Image.fromarray(np.ascontiguousarray(picture[..., c]))
            row[..., c] = plane.resize((wide * factor, high * factor), WAYS[way])
    return np.clip(made, 0, 1)


def shrink(x: Array, factor: int) -> Array:
    """x (n, factor · h, factor · w, C) -> (n, h, w, C), each pixel the mean of a box of factor × factor; any values."""
    x = as_pictures(x)
    n, high, wide, channels = x.shape
    if high % _whole(factor) or wide % factor:
        raise DataError(f"Expected sides that divide by {factor}, got pictures of {high} × {wide}. Crop them first.")
    return x.reshape(n, high // factor, factor, wide // factor, factor, channels).mean(axis=(2, 4))


def _whole(factor: int) -> int:
    if factor != int(factor) or factor < 1:
        raise ParameterError(f"Expected a whole factor of at least 1, got {factor}.")
    return factor
