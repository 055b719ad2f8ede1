"""What the baselines for pictures share: the form pictures come in, hidden pixels, and scikit-image where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np

from diabolo.baselines.base import Array
from diabolo.errors import DataError, MissingExtraError


def as_pictures(x: Array) -> Array:
    """x as (n, H, W, C), float32 where it is float32, else float64; a DataError for other shapes and for integers."""
    x = np.asarray(x)
    if x.ndim != 4 or 0 in x.shape[1:] or x.dtype.kind != "f":
        raise DataError(
            f"Expected pictures of floats in [0, 1] of shape (n, H, W, C), got {x.dtype} of {x.shape}. "
            "Divide whole numbers by their greatest (255 for bytes) and give gray pictures C = 1."
        )
    return x if x.dtype == np.float32 else x.astype(np.float64, copy=False)


def as_hidden(hidden: Array, shape: tuple[int, ...]) -> Array:
    """hidden as bool of ``shape`` (n, ...); a DataError where it is of another."""
    hidden = np.asarray(hidden)
    if hidden.shape != shape or hidden.dtype != np.bool_:
        raise DataError(f"Expected hidden as bool of shape {shape}, True where hidden, got {hidden.dtype} of {hidden.shape}.")
    return hidden


def one_by_one(change: Any, x: Array, *beside: Any) -> Array:
    """``change(picture, …)`` of every picture (H, W, C), cut to [0, 1], in x's dtype; ``beside`` goes along, one for each."""
    made = [np.clip(change(*row), 0, 1).astype(x.dtype).reshape(x.shape[1:]) for row in zip(x, *beside, strict=True)]
    return np.stack(made) if made else x.copy()


def restoration(purpose: str) -> Any:
    """The module ``skimage.restoration``; MissingExtraError where it or PyWavelets, which it needs, is not installed."""
    try:
        import pywt  # noqa: F401
        from skimage import restoration as module
    except ImportError as error:
        raise MissingExtraError.of("pictures", "scikit-image (with PyWavelets)", purpose) from error
    return module
