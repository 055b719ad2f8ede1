"""Kept rows: a few pictures, and what several trainings made of them, as bytes that travel with a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from diabolo.maths.ranges import to_bytes

MOST = 4_000_000
"""Bytes that are kept; of larger pictures fewer rows."""


def kept_rows(lines: Sequence[np.ndarray], value_range: tuple[float, float] | None) -> dict[str, np.ndarray]:
    """Lines of pictures (m, F, H, W) inside ``value_range`` as ``{"rows": (lines, m, F, H, W) uint8}``; empty for tables."""
    if value_range is None or lines[0].ndim != 4:
        return {}
    every = np.stack(lines)
    count = max(1, min(every.shape[1], MOST // (every[:, :1].size)))
    return {"rows": to_bytes(torch.from_numpy(every[:, :count]), value_range).numpy()}


def shown_rows(
    arrays: Mapping[str, np.ndarray], lines: int, value_range: Sequence[float] | None
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """The inverse of :func:`kept_rows`: the first line, and the others; empty ones where none were kept.

    Raises ValueError where there are not as many lines.
    """
    if "rows" not in arrays or value_range is None:
        nothing = np.zeros((0, 1), dtype=np.float32)
        return nothing, (nothing,) * (lines - 1)
    low, high = value_range
    rows = np.asarray(arrays["rows"])
    if rows.ndim != 5 or len(rows) != lines:
        raise ValueError(f"expected {lines} lines of pictures, found the shape {rows.shape}")
    first, *rest = low + (high - low) * rows.astype(np.float32) / 255
    return first, tuple(rest)
