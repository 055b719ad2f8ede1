"""Puzzles: a shuffled picture of any size, whose tiles a model of small pictures puts back in order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from diabolo.data.checks import image_extent
from diabolo.data.given import times
from diabolo.data.kinds.image import ImageKind
from diabolo.data.kinds.pixels import check_scale
from diabolo.data.photographs import Photograph
from diabolo.data.sources import tensor_of
from diabolo.errors import DataError
from diabolo.jobs.anomalies.familiar import unfamiliar
from diabolo.jobs.mending.mend import grid_of, in_order
from diabolo.jobs.mending.photographs import checked_picture, pixels_of
from diabolo.jobs.mending.tasks import UNSHUFFLE, require
from diabolo.jobs.mending.tiles import restore_any_size
from diabolo.parts.corruptions.shuffle import picture_of, tiles_of
from diabolo.trained import Trained


def unshuffled(trained: Trained, photograph: Photograph, y: Any = None) -> Photograph:
    """A photograph with its tiles back in order, those of its alpha with them."""
    order, grid = tile_order(trained, photograph.pixels, y), grid_of(trained)
    alpha = None if photograph.alpha is None else in_places(photograph.alpha, order, grid)
    return replace(photograph, pixels=in_places(photograph.pixels, order, grid), alpha=alpha)


def tile_order(trained: Trained, picture: np.ndarray, y: Any = None) -> NDArray[np.int64]:
    """Which tile belongs at each place, (tiles,), line by line: place t holds the tile that is at ``order[t]``.

    The model looks at the picture with each tile scaled to the size it knows (bicubic, each tile by itself, so that no tile
    bleeds into its neighbor); colors as their mean where it knows grays, grays as three equal colors where it knows colors.

    Args:
        picture: (H, W) or (H, W, C), each side a multiple of the model's grid. y: one label, for conditional recipes.

    Raises:
        DataError for pictures that cannot be cut so, or of channels, a dtype or a scale the model does not know;
        UnsupportedError for models that were not trained on shuffled tiles.
    """
    require(trained, UNSHUFFLE)
    channels, grid = checked_picture(trained.kind, picture), grid_of(trained)
    x = _small(trained, channels, grid)
    guess = restore_any_size(trained, x, trained.condition(y, 1))
    order, _ = in_order(x, guess, grid)
    return np.asarray(order[0].numpy(), dtype=np.int64)


def unfamiliar_puzzle(trained: Trained, picture: np.ndarray, y: Any = None) -> str | None:
    """:func:`diabolo.jobs.anomalies.familiar.unfamiliar` of a shuffled picture (H, W) or (H, W, C), made small."""
    x = _small(trained, checked_picture(trained.kind, picture), grid_of(trained))
    return unfamiliar(trained, trained.kind.read(trained.kind.decode(x)), None if y is None else np.asarray([y]))


def in_places(picture: np.ndarray, order: NDArray[np.int64], grid: int) -> np.ndarray:
    """The tiles of a picture (H, W) or (H, W, C) in another order: place t of the result holds tile ``order[t]``.

    >>> in_places(np.array([[1, 2], [3, 4]]), np.array([3, 0, 1, 2]), 2)
    array([[4, 1],
           [2, 3]])
    """
    high, wide = (n // grid for n in picture.shape[:2])
    tiles = picture.reshape(grid, high, grid, wide, -1).swapaxes(1, 2).reshape(grid**2, high, wide, -1)
    moved = tiles[order].reshape(grid, grid, high, wide, -1).swapaxes(1, 2)
    return moved.reshape(picture.shape)


def _small(trained: Trained, channels: np.ndarray, grid: int) -> Tensor:
    """A picture (H, W, C) as the model takes it, (1, F, h, w) inside its scale; DataError where it has no such tiles."""
    size = channels.shape[:2]
    if min(size) < grid or any(n % grid for n in size):
        whole = times(tuple(max(grid, n // grid * grid) for n in size))
        raise DataError(
            f"The model puts {grid}×{grid} tiles in order, and a picture of {times(size)} cannot be cut into tiles of one "
            f"size. Crop it to {whole}, where the tiles meet."
        )
    kind = trained.kind
    assert isinstance(kind, ImageKind)  # checked_picture has looked
    own, extent = pixels_of(channels.dtype, kind.pixels), image_extent(channels[None])
    check_scale(extent.low, extent.high, channels.dtype, own, "the model")
    x = own.inside(tensor_of(np.ascontiguousarray(channels)).permute(2, 0, 1)[None])
    x = _fields(x.float(), kind.channels, own.bounds[1])
    if (kind.height, kind.width) == tuple(x.shape[2:]):
        return x
    tile = (kind.height // grid, kind.width // grid)
    scaled = interpolate(tiles_of(x, grid)[0], tile, mode="bicubic", antialias=True).clamp(*own.bounds)
    return picture_of(scaled[None], grid)


def _fields(x: Tensor, known: int, opaque: float) -> Tensor:
    """x (1, C, H, W) with as many channels as the model knows."""
    given = x.shape[1]
    if given == known:
        return x
    if known == 1 and given in (3, 4):
        return x[:, :3].mean(1, keepdim=True)
    if given == 1 and known in (3, 4):
        x = x.expand(-1, 3, -1, -1)
    if x.shape[1] == 3 and known == 4:
        return torch.cat([x, torch.full_like(x[:, :1], opaque)], 1)
    if x.shape[1] == known:
        return x
    raise DataError(f"Expected a picture of {known} channels, as the model was trained on, got one of {given}. Convert it.")
