"""One picture for a mending job, an array or a file, in the place of rows: it goes through the model at its own size."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.image import ImageKind
from diabolo.data.photographs import Photograph, read_photograph
from diabolo.data.pictures import ENDINGS
from diabolo.errors import DataError, UnfamiliarWarning
from diabolo.jobs.mending.mend import around, grid_of
from diabolo.jobs.mending.photographs import blindness, mend_photograph, mended, unfamiliar_photograph
from diabolo.jobs.mending.puzzles import in_places, tile_order, unfamiliar_puzzle, unshuffled
from diabolo.jobs.mending.tasks import IMPUTE, UNSHUFFLE, require
from diabolo.trained import Trained


def is_one(kind: Kind, data: Any) -> bool:
    """Whether data are one picture and not rows of pictures: the path of a picture file, (H, W), or (H, W, C) with C 1, 3 or 4.

    An array that has the shape of rows to this kind is rows.
    """
    if not isinstance(kind, ImageKind):
        return False
    if isinstance(data, str | Path):
        path = Path(data).expanduser()
        return path.suffix.lower() in ENDINGS and path.is_file()
    shape: tuple[int, ...] = data.shape if isinstance(data, np.ndarray) else ()
    if len(shape) == 2:
        return kind.axes != "flat"
    return len(shape) == 3 and shape[2] in (1, 3, 4) and (kind.channels > 1 or shape[1:] != (kind.height, kind.width))


def mend_one(trained: Trained, task: str, picture: Any, y: Any = None, *, hidden: Any = None) -> np.ndarray:
    """One picture, an array or the path of a file, mended: (H, W) or (H, W, C) in its own dtype.

    hidden: of ``impute``, bool (H, W) or (H, W, C); None: where an array of floats is NaN. Raises as
    :func:`mended_photograph` does.
    """
    require(trained, task)
    if isinstance(picture, str | Path):
        photograph = read_photograph(picture)
        found = mended_photograph(trained, task, photograph, y, hidden=hidden).pixels
    elif task == UNSHUFFLE:
        photograph, found = Photograph(picture), in_places(picture, tile_order(trained, picture, y), grid_of(trained))
    else:
        photograph, gone = Photograph(picture), _hidden(task, picture, hidden)
        found = mend_photograph(trained, picture, y, hidden=gone)
    _warn(unfamiliar_one(trained, task, photograph, y, hidden=hidden))
    if task != UNSHUFFLE:
        for note in blindness(trained, photograph.pixels, _hidden(task, photograph.pixels, hidden)):
            warnings.warn(f"{note[0].upper()}{note[1:]}.", UnfamiliarWarning, stacklevel=4)
    return found


def mended_photograph(
    trained: Trained, task: str, photograph: Photograph, y: Any = None, *, hidden: np.ndarray | None = None
) -> Photograph:
    """A photograph mended by a model that was trained for the task.

    Raises UnsupportedError for other models, with the recipe to train, and else as
    :func:`~diabolo.jobs.mending.photographs.mend_photograph` and :func:`~diabolo.jobs.mending.puzzles.tile_order` do.
    """
    require(trained, task)
    if task == UNSHUFFLE:
        return unshuffled(trained, photograph, y)
    return mended(trained, photograph, y, hidden=_hidden(task, photograph.pixels, hidden))


def extended(
    trained: Trained, photograph: Photograph, at: tuple[int, int], size: tuple[int, int] | None = None, y: Any = None
) -> Photograph:
    """The whole photograph around a crop of it: the crop's pixels as they came, the others filled in, opaque.

    at: row and column of the crop's first pixel. size: (H, W) of the whole, None for that of the training pictures. Raises as
    :func:`mended_photograph`, and DataError where the crop does not lie in it, or is all of it.
    """
    require(trained, IMPUTE)
    whole, hidden = around(photograph.pixels[None], at, size or trained.kind.layout.positions)
    alpha = photograph.alpha
    if alpha is not None:
        alpha = np.where(hidden, photograph.top, around(alpha[None], at, hidden.shape[1:])[0])[0].astype(alpha.dtype)
    return mended(trained, replace(photograph, pixels=whole[0], alpha=alpha), y, hidden=hidden[0])


def extend_one(
    trained: Trained, crop: Any, at: tuple[int, int], size: tuple[int, int] | None = None, y: Any = None
) -> np.ndarray:
    """The same for an array (h, w) or (h, w, C), or the path of a file: (H, W) or (H, W, C) in its own dtype."""
    if isinstance(crop, str | Path):
        photograph = read_photograph(crop)
        made = extended(trained, photograph, at, size, y).pixels
        _warn(unfamiliar_photograph(trained, photograph, y))
        return made
    require(trained, IMPUTE)
    whole, hidden = around(np.asarray(crop)[None], at, size or trained.kind.layout.positions)
    found = mend_photograph(trained, whole[0], y, hidden=hidden[0])
    _warn(unfamiliar_photograph(trained, Photograph(np.asarray(crop)), y))  # of crops as large as the training pictures
    return found


def unfamiliar_one(trained: Trained, task: str, photograph: Photograph, y: Any = None, *, hidden: Any = None) -> str | None:
    """A warning where a picture to be mended is from another domain than those of the training, None where it is not.

    hidden: bool (H, W) or (H, W, C); of pictures whose holes are marked otherwise nothing is said.
    """
    if task == UNSHUFFLE:
        return unfamiliar_puzzle(trained, photograph.pixels, y)
    if task == IMPUTE and hidden is None:
        return None
    gone: np.ndarray | None = None
    if task == IMPUTE:
        gone = np.any(np.asarray(hidden, dtype=bool).reshape(*photograph.pixels.shape[:2], -1), axis=2)
    return unfamiliar_photograph(trained, photograph, y, hidden=gone)


def _warn(warning: str | None) -> None:
    if warning is not None:
        warnings.warn(warning, UnfamiliarWarning, stacklevel=4)  # the caller of the estimator's method


def _hidden(task: str, pixels: np.ndarray, hidden: Any) -> np.ndarray | None:
    if task != IMPUTE:
        return None
    if hidden is not None:
        return np.asarray(hidden, dtype=bool)
    if pixels.dtype.kind != "f":
        raise DataError(f"Say which pixels to fill in with hidden=, or mark them with NaN in floats; got {pixels.dtype}.")
    return np.isnan(pixels)
