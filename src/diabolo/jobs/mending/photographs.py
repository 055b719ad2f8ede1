"""Photographs: one picture of any size through a model, and back in its own size, channels and bits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_cdt
from torch import Tensor

from diabolo.data.checks import image_extent
from diabolo.data.given import times
from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.image import ImageKind
from diabolo.data.kinds.pixels import Pixels, check_scale
from diabolo.data.patches import corners, cut
from diabolo.data.photographs import Photograph
from diabolo.data.sources import tensor_of
from diabolo.errors import DataError, UnsupportedError
from diabolo.jobs.anomalies.familiar import ROWS, unfamiliar
from diabolo.jobs.mending.mend import as_in_training, hidden_cells
from diabolo.jobs.mending.tasks import IMPUTE, require
from diabolo.jobs.mending.tiles import Index, reach, restored_tiles
from diabolo.trained import Trained


def mended(trained: Trained, photograph: Photograph, y: Any = None, *, hidden: np.ndarray | None = None) -> Photograph:
    """A photograph with mended pixels, and the rest of it as it was; alpha is enlarged where the model enlarges.

    A model of red, green, blue and alpha looks at the alpha too, and what it makes of that is left out. hidden: as in
    :func:`mend_photograph`.
    """
    pixels, alpha = photograph.pixels, photograph.alpha
    if trained.model.source.fields == 4 and pixels.ndim == 3:
        seen = np.full(pixels.shape[:2], photograph.top, pixels.dtype) if alpha is None else alpha
        pixels = mend_photograph(trained, np.dstack([pixels, seen]), y, hidden=hidden)[..., :3]
    else:
        pixels = mend_photograph(trained, pixels, y, hidden=hidden)
    notes = _notes(trained, photograph.pixels, hidden)
    alpha = None if alpha is None else _enlarged(alpha, pixels.shape[:2])
    return replace(photograph, pixels=pixels, alpha=alpha, notes=(*photograph.notes, *notes))


def mend_photograph(trained: Trained, picture: np.ndarray, y: Any = None, *, hidden: np.ndarray | None = None) -> np.ndarray:
    """A picture of any size as the model restores it, in its own dtype, range and channels; larger for a model that enlarges.

    With ``hidden``, only those pixels are filled in, all others are given back bit for bit. The model sees in their place
    what it saw in hidden ones when it was trained.

    A model of gray pictures mends each channel of a colored one by itself. A model of colors sees a gray picture as
    three equal channels, and gives the mean of its three. Memory beside the picture and its result does not grow with them.

    Args:
        picture: (H, W) or (H, W, C). Of the dtype the model was trained on, on the scale of that; uint8 and uint16 else are
            0 to 255 and 0 to 65535, floats 0 to 1.
        y: one label, for conditional recipes.
        hidden: bool (H, W) or (H, W, C), True where to fill in, for models trained with hidden cells.

    Raises:
        DataError for pictures of another shape, number of channels, dtype or scale, and masks that do not fit or hide nothing
        or everything; UnsupportedError for models of other data, those that take pictures of their own size only, and with
        ``hidden`` those trained without hidden cells.
    """
    kind, out_kind = trained.kind, trained.out_kind
    channels = checked_picture(kind, picture)
    if not isinstance(kind, ImageKind) or not isinstance(out_kind, ImageKind):
        raise UnsupportedError("The model gives no pictures back.")
    gone = None
    if hidden is not None:
        require(trained, IMPUTE)
        channels, gone = _apart(kind, channels, np.asarray(hidden, dtype=bool))
    scale = reach(trained, channels.shape[:2]).scale
    own = pixels_of(channels.dtype, kind.pixels)
    outer = pixels_of(channels.dtype, out_kind.pixels)
    rows = _rows(channels.shape[2], kind.channels, out_kind.channels)
    extent = image_extent(channels[None])
    check_scale(extent.low, extent.high, channels.dtype, own, "the model")
    averaged = channels.shape[2] < kind.channels

    def piece(array: np.ndarray, seen: Index) -> Tensor:
        return tensor_of(np.ascontiguousarray(array[np.ix_(*seen)])).permute(2, 0, 1)  # (C, h, w)

    def shaped(part: Tensor) -> Tensor:
        return part.expand(1, kind.channels, -1, -1) if averaged else part.unflatten(0, (rows, kind.channels))

    def cut(seen: Index) -> Tensor:
        x = shaped(own.inside(piece(channels, seen)))
        return x if gone is None else as_in_training(trained, x, shaped(piece(gone, seen)))

    count = 1 if averaged else rows * out_kind.channels
    result = np.empty((channels.shape[0] * scale[0], channels.shape[1] * scale[1], count), channels.dtype)
    for place, x_hat in restored_tiles(trained, channels.shape[:2], cut, trained.condition(y, rows), rows=rows):
        shown = x_hat.mean(1, keepdim=True) if averaged else x_hat
        result[place] = outer.outside(shown.flatten(0, 1).permute(1, 2, 0))
        if gone is not None:
            np.copyto(result[place], channels[place], where=~gone[place])
    return result[..., 0] if np.ndim(picture) == 2 and count == 1 else result


def checked_picture(kind: Kind, picture: Any) -> np.ndarray:
    """A picture as (H, W, C), for a model of this kind. Raises UnsupportedError and DataError where either is none."""
    if not isinstance(kind, ImageKind):
        raise UnsupportedError(f"A photograph needs a model of pictures; this one was trained on a {kind.name}.")
    array = np.asarray(picture)
    if array.ndim not in (2, 3):
        raise DataError(f"A picture is (H, W) or (H, W, C), got an array of shape {array.shape}. Give one picture at a time.")
    return array[..., None] if array.ndim == 2 else array


def unfamiliar_photograph(
    trained: Trained, photograph: Photograph, y: Any = None, *, hidden: np.ndarray | None = None
) -> str | None:
    """:func:`diabolo.jobs.anomalies.familiar.unfamiliar` of those squares of a photograph that the model takes.

    None also where they cannot be compared: the picture is smaller, the model has more channels, or no square is without a
    hidden pixel, bool (H, W).
    """
    kind, pixels = trained.kind, photograph.pixels
    if not isinstance(kind, ImageKind) or kind.height != kind.width or min(pixels.shape[:2]) < kind.height:
        return None
    if kind.axes not in ("HW", "HWC") or kind.channels > 3:
        return None
    pixels = _as_trained(kind, pixels)
    places = corners([pixels.shape[:2]], kind.height, ROWS)[0]
    if hidden is not None:
        places = places[~cut(hidden, places, kind.height).any((1, 2))]
    if not len(places):
        return None
    squares = cut(pixels, places, kind.height)
    return unfamiliar(trained, kind.read(squares), None if y is None else np.full(len(squares), y))


def _as_trained(kind: ImageKind, pixels: np.ndarray) -> np.ndarray:
    """A picture (H, W) or (H, W, C) with the dtype, the scale and the channels of the training pictures: gray is the mean."""
    x = pixels_of(pixels.dtype, kind.pixels).inside(tensor_of(np.ascontiguousarray(pixels.reshape(*pixels.shape[:2], -1))))
    if x.shape[2] != kind.channels:
        x = x.mean(2, keepdim=True).expand(-1, -1, kind.channels)
    own = np.asarray(kind.pixels.outside(x))
    return own[..., 0] if kind.axes == "HW" else own


def pixels_of(dtype: np.dtype, known: Pixels) -> Pixels:
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


def _apart(kind: Kind, channels: np.ndarray, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A picture (H, W, C) with something finite in its hidden cells, and which those are, bool (H, W, C)."""
    gone = hidden[..., None] if hidden.ndim == 2 else hidden
    if gone.shape[:2] != channels.shape[:2] or gone.shape[2] not in (1, channels.shape[2]):
        raise DataError(
            f"What is hidden must be of the picture's own size, {times(channels.shape[:2])}; the mask is {times(hidden.shape)}."
        )
    known, gone = hidden_cells(kind, channels[None], np.broadcast_to(gone, channels.shape)[None])
    return known[0], gone[0]


def _notes(trained: Trained, pixels: np.ndarray, hidden: np.ndarray | None) -> tuple[str, ...]:
    """What the user should know of how a picture was looked at."""
    return (*_note(1 if pixels.ndim == 2 else 3, trained.model.source.fields), *blindness(trained, pixels, hidden))


def blindness(trained: Trained, pixels: np.ndarray, hidden: np.ndarray | None = None) -> tuple[str, ...]:
    """Where the model looks farther than there is anything to see: beyond the edges of a small picture, into a deep hole."""
    seen, size, own = reach(trained, pixels.shape[:2]), pixels.shape[:2], trained.kind.layout.positions
    field = [2 * halo + stride for halo, stride in zip(seen.halo, seen.stride, strict=True)]
    notes: tuple[str, ...] = ()
    if any(n < min(wide, trained_on) for n, wide, trained_on in zip(size, field, own, strict=True)):
        notes += (
            f"a picture of {times(size)} is smaller than the {times(tuple(field))} that the model looks at, and than those it "
            f"was trained on ({times(own)}): it sees beyond the edges, where nothing is",
        )
    if hidden is not None and any(seen.halo):
        gone = np.asarray(hidden, dtype=bool).reshape(*size, -1).all(2)
        if int(distance_transform_cdt(gone, "chessboard").max()) > max(seen.halo):
            notes += (
                f"some of what is hidden is more than {max(seen.halo)} pixels from anything visible, farther than the model "
                "looks: it is filled in blindly there",
            )
    return notes


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
