"""Photographs: one picture of any size through a model, and back in its own size, channels and bits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from diabolo.data.checks import image_extent
from diabolo.data.kinds.image import ImageKind
from diabolo.data.kinds.pixels import Pixels, check_scale
from diabolo.data.patches import corners, cut
from diabolo.data.photographs import Photograph, format_of, read_photograph, write_photograph
from diabolo.data.sources import tensor_of
from diabolo.errors import DataError, UnsupportedError
from diabolo.jobs.familiar import ROWS, unfamiliar
from diabolo.jobs.tiles import Index, reach, restored_tiles
from diabolo.trained import Trained


def mend_file(trained: Trained, source: str | Path, destination: str | Path, y: Any = None) -> tuple[str, ...]:
    """Read a picture, mend it and write it in the form its new name asks for; returns what the user should know.

    Raises as :func:`read_photograph`, :func:`mend_photograph` and :func:`write_photograph` do; a wrong ending is refused first.
    """
    format_of(Path(destination).suffix)
    done = mended(trained, read_photograph(source), y)
    return (*done.notes, *write_photograph(done, destination))


def mended(trained: Trained, photograph: Photograph, y: Any = None) -> Photograph:
    """A photograph with mended pixels, and the rest of it as it was; alpha is enlarged where the model enlarges.

    A model of red, green, blue and alpha looks at the alpha too, and what it makes of that is left out.
    """
    pixels, alpha = photograph.pixels, photograph.alpha
    if trained.model.source.fields == 4 and pixels.ndim == 3:
        seen = np.full(pixels.shape[:2], photograph.top, pixels.dtype) if alpha is None else alpha
        pixels = mend_photograph(trained, np.dstack([pixels, seen]), y)[..., :3]
    else:
        pixels = mend_photograph(trained, pixels, y)
    note = _note(1 if photograph.pixels.ndim == 2 else 3, trained.model.source.fields)
    alpha = None if alpha is None else _enlarged(alpha, pixels.shape[:2])
    return replace(photograph, pixels=pixels, alpha=alpha, notes=(*photograph.notes, *note))


def mend_photograph(trained: Trained, picture: np.ndarray, y: Any = None) -> np.ndarray:
    """A picture of any size as the model restores it, in its own dtype, range and channels; larger for a model that enlarges.

    A model of gray pictures mends each channel of a colored one by itself. A model of colors sees a gray picture as
    three equal channels, and gives the mean of its three. Memory beside the picture and its result does not grow with them.

    Args:
        picture: (H, W) or (H, W, C). Of the dtype the model was trained on, on the scale of that; uint8 and uint16 else are
            0 to 255 and 0 to 65535, floats 0 to 1.
        y: one label, for conditional recipes.

    Raises:
        DataError for pictures of another shape, number of channels, dtype or scale; UnsupportedError for models of other
        data and those that take pictures of their own size only.
    """
    kind, out_kind = trained.kind, trained.out_kind
    if not isinstance(kind, ImageKind) or not isinstance(out_kind, ImageKind):
        raise UnsupportedError(f"A photograph needs a model of pictures; this one was trained on a {kind.name}.")
    picture = np.asarray(picture)
    if picture.ndim not in (2, 3):
        raise DataError(f"A picture is (H, W) or (H, W, C), got an array of shape {picture.shape}. Give one picture at a time.")
    scale = reach(trained, picture.shape[:2]).scale
    own = _pixels(picture.dtype, kind.pixels)
    outer = _pixels(picture.dtype, out_kind.pixels)
    channels = picture.reshape(*picture.shape[:2], -1)
    rows = _rows(channels.shape[2], kind.channels, out_kind.channels)
    extent = image_extent(channels[None])
    check_scale(extent.low, extent.high, picture.dtype, own, "the model")
    averaged = channels.shape[2] < kind.channels

    def cut(seen: Index) -> Tensor:
        part = tensor_of(np.ascontiguousarray(channels[np.ix_(*seen)])).permute(2, 0, 1)  # (C, h, w)
        x = own.inside(part)
        return x.expand(1, kind.channels, -1, -1) if averaged else x.unflatten(0, (rows, kind.channels))

    count = 1 if averaged else rows * out_kind.channels
    result = np.empty((picture.shape[0] * scale[0], picture.shape[1] * scale[1], count), picture.dtype)
    for place, x_hat in restored_tiles(trained, picture.shape[:2], cut, trained.condition(y, rows), rows=rows):
        shown = x_hat.mean(1, keepdim=True) if averaged else x_hat
        result[place] = outer.outside(shown.flatten(0, 1).permute(1, 2, 0))
    return result[..., 0] if picture.ndim == 2 and count == 1 else result


def unfamiliar_photograph(trained: Trained, photograph: Photograph, y: Any = None) -> str | None:
    """:func:`diabolo.jobs.familiar.unfamiliar` of the squares of a photograph that are as large as the training pictures.

    None also where they cannot be compared: the picture is smaller, or its channels or bits are others.
    """
    kind, pixels = trained.kind, photograph.pixels
    if not isinstance(kind, ImageKind) or kind.height != kind.width or min(pixels.shape[:2]) < kind.height:
        return None
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels != kind.channels or pixels.dtype != np.dtype(kind.pixels.dtype):
        return None
    squares = cut(pixels, corners([pixels.shape[:2]], kind.height, ROWS)[0], kind.height)
    return unfamiliar(trained, kind.read(squares), None if y is None else np.full(len(squares), y))


def _pixels(dtype: np.dtype, known: Pixels) -> Pixels:
    """What the picture's numbers mean to a model that knows pixels of its own."""
    if dtype == known.dtype or (dtype.kind == "f" and np.dtype(known.dtype).kind == "f"):
        top = known.scale
    elif dtype in (np.uint8, np.uint16):
        top = (0.0, float(np.iinfo(dtype).max))
    elif dtype.kind == "f":
        top = (0.0, 1.0)
    else:
        raise DataError(f"Expected pixels of {known.dtype}, uint8, uint16 or floats of 0 to 1, got {dtype.name}. Convert them.")
    return replace(known, dtype=dtype.name, scale=top)


def _rows(channels: int, known: int, given: int) -> int:
    """How many rows a picture of so many channels is to a model of ``known`` channels that gives ``given``."""
    if channels == known or (channels == 1 and known == given == 3):
        return 1
    if known == given == 1:
        return channels
    raise DataError(
        f"Expected a picture of {known} channel{'s' * (known != 1)}, as the model was trained on, got one of {channels}. "
        "Convert it, or train on such pictures."
    )


def _note(channels: int, known: int) -> tuple[str, ...]:
    if channels == 3 and known == 1:
        return ("the model was trained on gray pictures: each color was mended by itself",)
    if channels == 1 and known == 3:
        return (
            "the model was trained on colors: the gray picture was shown as three equal ones, and their mean is the result",
        )
    return ()


def _enlarged(alpha: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """alpha (H, W) at another size, bicubic; itself where the size is its own."""
    if alpha.shape == size:
        return alpha
    image = Image.fromarray(alpha.astype(np.float32)).resize((size[1], size[0]), Image.Resampling.BICUBIC)
    return np.asarray(image).round().clip(0, np.iinfo(alpha.dtype).max).astype(alpha.dtype)
