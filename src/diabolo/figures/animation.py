"""Pictures one after the other, as a file that moves and begins anew: GIF or WebP, by Pillow."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from diabolo.errors import DataError, ParameterError, UnsupportedError, unknown
from diabolo.figures.pictures import pictures

FORMS = ("gif", "webp")
LEAST_SIDE = 224
"""Smaller pictures are enlarged a whole number of times, pixels as squares."""


def animation(x: Any, form: str, *, value_range: tuple[float, float] = (0.0, 1.0), seconds: float = 0.1) -> bytes:
    """The content of a file that shows pictures for so many seconds each, over and over.

    x: (n, H, W), (n, H, W, C) or (n, C, H, W), n of at least 2. form: ``"gif"``, whose frames have 256 colors at most and lie
    on white where they are transparent, or ``"webp"``, which loses nothing. Frames that are alike may be stored as one that
    stays longer.
    """
    if form not in FORMS:
        raise unknown("form of animation", form, FORMS)
    if not 0.01 <= seconds <= 60:
        raise ParameterError(f"A picture is shown for 0.01 to 60 seconds, got {seconds!r}.")
    if form == "webp" and not features.check("webp"):
        raise UnsupportedError("The installed Pillow cannot write WebP: write a .gif, or install Pillow from its own wheels.")
    frames = [Image.fromarray(frame) for frame in _enlarged(pictures(x, value_range), on_white=form == "gif")]
    if len(frames) < 2:
        raise DataError(f"An animation needs at least 2 pictures, got {len(frames)}.")
    buffer = io.BytesIO()
    more = {"lossless": True} if form == "webp" else {}
    frames[0].save(
        buffer, form.upper(), save_all=True, append_images=frames[1:], duration=round(1000 * seconds), loop=0, **more
    )
    return buffer.getvalue()


def _enlarged(found: NDArray[np.float64], *, on_white: bool) -> NDArray[np.uint8]:
    if on_white and found.ndim == 4 and found.shape[-1] == 4:
        found = 1 - (1 - found[..., :3]) * found[..., 3:]
    times = max(1, -(-LEAST_SIDE // min(found.shape[1:3])))
    return np.round(255 * found).astype(np.uint8).repeat(times, axis=1).repeat(times, axis=2)
