"""Patches: squares cut from pictures at full size, side by side, at most so many of them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

MOST = 2**14
"""Squares that are kept of any number of pictures: more than enough for a training, and 113 MB at 48×48 in colors."""


def corners(sizes: Sequence[tuple[int, int]], side: int, most: int = MOST) -> list[np.ndarray]:
    """Where squares of this side lie in pictures of these sizes (H, W): for each picture (n, 2) rows and columns of corners.

    Squares do not overlap; what is left over at the edges is shared by both sides. Of more than ``most``, so many are drawn,
    each with the same chance and always the same ones.

    >>> corners([(5, 9)], 4)
    [array([[0, 0],
           [0, 4]])]
    """
    every = [_grid(height, width, side) for height, width in sizes]
    total = sum(map(len, every))
    if total <= most:
        return every
    kept = np.zeros(total, bool)
    kept[np.random.default_rng(0).choice(total, most, replace=False)] = True
    ends = np.cumsum([len(found) for found in every])[:-1]
    return [found[chosen] for found, chosen in zip(every, np.split(kept, ends), strict=True)]


def cut(pixels: np.ndarray, corners: np.ndarray, side: int) -> np.ndarray:
    """A picture (H, W) or (H, W, C) and corners (n, 2) -> squares (n, side, side) or (n, side, side, C)."""
    squares = [pixels[row : row + side, column : column + side] for row, column in corners]
    return np.stack(squares) if squares else np.empty((0, side, side, *pixels.shape[2:]), pixels.dtype)


def group_of(name: str) -> int:
    """A whole number for all that was cut from the picture of this name: the same whatever other pictures there are."""
    return int.from_bytes(sha256(name.encode()).digest()[:7], "big")


def _grid(height: int, width: int, side: int) -> np.ndarray:
    rows, columns = ((n % side) // 2 + side * np.arange(n // side) for n in (height, width))
    return np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
