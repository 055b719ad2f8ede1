"""Which cells are to be filled in, as the command line says it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from diabolo.data.given import times
from diabolo.errors import DataError, ParameterError

Hidden = Callable[[tuple[int, ...], str], np.ndarray]
"""The shape of rows, (n, H, W) or (n, d), and the name of the picture where they are one -> what is hidden of them, bool."""


def hidden(rectangle: str | None, mask: Path | None) -> Hidden | None:
    """What is hidden, None where neither is given. Raises ParameterError for both, and for what cannot be understood."""
    if rectangle is not None and mask is not None:
        raise ParameterError("Say which parts to fill in: --hide ROW,COLUMN,HEIGHT,WIDTH or --mask FILE, one of the two.")
    if rectangle is not None:
        return _rectangle(rectangle)
    return None if mask is None else _mask(mask)


def _rectangle(text: str) -> Hidden:
    try:
        row, column, high, wide = map(int, text.split(","))
    except ValueError as problem:
        raise ParameterError(f"--hide expects four whole numbers, ROW,COLUMN,HEIGHT,WIDTH, got {text!r}.") from problem

    def made(shape: tuple[int, ...], name: str) -> np.ndarray:
        if len(shape) != 3:
            raise ParameterError("--hide names a rectangle of pictures; these are rows of a table. Use --mask FILE.npy.")
        found = np.zeros(shape, bool)
        if min(row, column) < 0 or min(high, wide) < 1 or row + high > shape[1] or column + wide > shape[2]:
            raise ParameterError(f"--hide {text} does not lie in pictures of {shape[1]}×{shape[2]}.")
        found[:, row : row + high, column : column + wide] = True
        return found

    return made


def _mask(path: Path) -> Hidden:
    def made(shape: tuple[int, ...], name: str) -> np.ndarray:
        file = _mask_of(name, path) if path.is_dir() else path
        found = _read(file)
        if not found.any():
            raise DataError(f"{file} hides nothing: no pixel of it is white, or true. White is what is filled in.")
        try:
            return np.broadcast_to(found, shape).copy()
        except ValueError as problem:
            raise DataError(_misfit(file, found.shape, shape, name)) from problem

    return made


def _misfit(file: Path, mask: tuple[int, ...], shape: tuple[int, ...], name: str) -> str:
    if name:
        return f"The mask {file} is {times(mask)}, and {name} is {times(shape[1:])}: they must be of one size."
    return f"{file} has the shape {mask}, the data {shape}. Give one mask, or one a row."


def _mask_of(name: str, folder: Path) -> Path:
    """The mask of a picture in a folder of masks: the file of the same name, whatever the endings are."""
    if not name:
        raise ParameterError(f"{folder} is a folder: masks in a folder go with a folder of pictures, by name.")
    stem = Path(name).stem
    found = [file for file in sorted(folder.iterdir()) if file.stem == stem and file.is_file()]
    if len(found) != 1:
        what = "none is" if not found else f"{len(found)} are"
        raise DataError(
            f"Expected a mask called {stem} in {folder} for {name}, and {what} there. Name each mask as its picture."
        )
    return found[0]


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
