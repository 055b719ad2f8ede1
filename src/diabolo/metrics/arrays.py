"""Tensors and arrays alike, brought to the host as the metrics want them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.errors import DataError

Floats = NDArray[np.float64]


def on_host(x: Any) -> NDArray[Any]:
    """x as a numpy array: a tensor of any device, or whatever numpy understands. Nothing is copied that need not be.

    >>> on_host(torch.arange(3)).tolist()
    [0, 1, 2]
    """
    if not isinstance(x, torch.Tensor):
        return np.asarray(x)
    x = x.detach().cpu()
    return x.float().numpy() if x.dtype is torch.bfloat16 else x.numpy()


def paired(x: Any, x_hat: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """x and x_hat (n, ...) on the host; a DataError where their shapes differ or a row holds nothing."""
    a, b = on_host(x), on_host(x_hat)
    if a.shape != b.shape or a.ndim == 0:
        raise DataError(f"Expected x and x_hat of one shape (n, ...), got {a.shape} and {b.shape}. Bring them to one shape.")
    if 0 in a.shape:
        raise DataError(f"Expected at least one row and one cell a row, got the shape {a.shape}.")
    return a, b


def flat_codes(z: Any) -> Floats:
    """Codes (n, K, *L) as a matrix (n, K·L) of float64; a DataError where there are none or one is not finite."""
    array = on_host(z)
    if array.ndim < 2 or 0 in array.shape:
        raise DataError(f"Expected codes of shape (n, K, ...) with at least one row and one number, got {array.shape}.")
    flat = array.reshape(len(array), -1).astype(np.float64)
    if not np.isfinite(flat).all():
        rows = np.flatnonzero(~np.isfinite(flat).all(axis=1))
        raise DataError(f"Expected finite codes, got NaN or infinity in {len(rows)} rows, the first is row {rows[0]}.")
    return flat


def labels_of(labels: Any, rows: int) -> NDArray[Any]:
    """Labels as (rows,); a DataError where there is not one label a row."""
    array = on_host(labels)
    if array.shape != (rows,):
        raise DataError(f"Expected one label a row, shape ({rows},), got {array.shape}.")
    return array
