"""Which cells are to be filled in, as the command line says it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from diabolo.errors import DataError, ParameterError

Hidden = Callable[[tuple[int, ...]], np.ndarray]


def hidden(rectangle: str | None, mask: Path | None) -> Hidden:
    """A function from the shape of rows, (n, H, W) or (n, d), to what is hidden of them, bool.

    Raises ParameterError unless exactly one of the two is given and can be understood.
    """
    if (rectangle is None) == (mask is None):
        raise ParameterError("Say which parts to fill in: --hide ROW,COLUMN,HEIGHT,WIDTH or --mask FILE, one of the two.")
    return _rectangle(rectangle) if rectangle is not None else _mask(Path(str(mask)))


def _rectangle(text: str) -> Hidden:
    try:
        row, column, high, wide = map(int, text.split(","))
    except ValueError as problem:
        raise ParameterError(f"--hide expects four whole numbers, ROW,COLUMN,HEIGHT,WIDTH, got {text!r}.") from problem

    def made(shape: tuple[int, ...]) -> np.ndarray:
        if len(shape) != 3:
            raise ParameterError("--hide names a rectangle of pictures; these are rows of a table. Use --mask FILE.npy.")
        found = np.zeros(shape, bool)
        if min(row, column) < 0 or min(high, wide) < 1 or row + high > shape[1] or column + wide > shape[2]:
            raise ParameterError(f"--hide {text} does not lie in pictures of {shape[1]}×{shape[2]}.")
        found[:, row : row + high, column : column + wide] = True
        return found

    return made


def _mask(path: Path) -> Hidden:
    def made(shape: tuple[int, ...]) -> np.ndarray:
        found = _read(path)
        try:
            return np.broadcast_to(found, shape).copy()
        except ValueError as problem:
            raise DataError(f"{path} has the shape {found.shape}, the data {shape}. Give one mask, or one a row.") from problem

    return made


def _read(path: Path) -> np.ndarray:
    if path.suffix.lower() == ".npy":
        try:
            return np.load(path, allow_pickle=False).astype(bool)
        except (OSError, ValueError) as problem:
            raise DataError(f"{path} cannot be read as an array ({problem}).") from problem

    from diabolo.data.photographs import read_photograph

    picture = read_photograph(path)
    gray = picture.pixels if picture.pixels.ndim == 2 else picture.pixels.mean(2)
    return np.asarray(gray > picture.top / 2)
