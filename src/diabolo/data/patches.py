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


def covering(size: tuple[int, int], side: int) -> tuple[np.ndarray, np.ndarray]:
    """Squares of this side that cover a picture (H, W), each line half over the one before: corners (n, 2), in reading order.

    And which of them (n,) cover it side by side already; the last of a line ends where the picture ends.

    >>> corners, apart = covering((4, 9), 4)
    >>> corners[:, 1].tolist(), corners[apart, 1].tolist()
    ([0, 2, 4, 5], [0, 4, 5])
    """
    rows, columns = (_half_over(n, side) for n in size)
    found = np.stack(np.meshgrid(rows[0], columns[0], indexing="ij"), axis=-1).reshape(-1, 2)
    return found, np.logical_and.outer(rows[1], columns[1]).ravel()


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


def _half_over(n: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Starts of stretches of this side in n places, and which of them lie side by side."""
    apart = np.unique([*range(0, n - side + 1, side), n - side])
    between = np.arange(side // 2, n - side, side) if side > 1 else apart
    starts = np.union1d(apart, between)
    return starts, np.isin(starts, apart)
