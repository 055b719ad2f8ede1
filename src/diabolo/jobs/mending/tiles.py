"""Tiles: a picture of any size through the model, a piece at a time, with the result of the whole picture at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import product
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.errors import DataError, UnsupportedError
from diabolo.parts.networks.reach import Reach, reach_of
from diabolo.trained import Trained
from diabolo.training.device import threads, threads_for

NUMBERS = 2**22
"""How many numbers a tile may become where the network is widest (16 MB): what bounds the memory of any picture."""

Index = tuple[np.ndarray, ...]


@final
@dataclass(frozen=True)
class Tile:
    """One piece of a picture.

    seen: the rows and columns of the picture to look at, an array of numbers an axis; beyond the picture they turn back.
    answer: where in the answer to what was seen the piece lies. place: where it belongs in the result.
    """

    seen: Index
    answer: tuple[slice, ...]
    place: tuple[slice, ...]


def restore_any_size(trained: Trained, x: Tensor, condition: Tensor | None = None, *, side: int | None = None) -> Tensor:
    """x (N, F, *P) of any size, inside the model's scale -> x̂ (N, F', *(scale P)), the mean of p(x | code), on the host.

    side: of the tiles' middles, rounded up to the stride; None for as large as memory should be. Whatever it is, the result
    is the same (sums of float32 may be rounded in another order). Raises as :func:`restored_tiles`.
    """

    def cut(seen: Index) -> Tensor:
        part = x
        for axis, numbers in enumerate(seen, start=2):
            part = part.index_select(axis, torch.from_numpy(numbers).to(x.device))
        return part

    scale = reach(trained, tuple(x.shape[2:])).scale
    sizes = [f * n for f, n in zip(scale, x.shape[2:], strict=True)]
    result = torch.empty(len(x), trained.model.target.fields, *sizes)
    for place, part in restored_tiles(trained, tuple(x.shape[2:]), cut, condition, side=side, rows=len(x)):
        result[:, :, *place] = part
    return result


def restored_tiles(
    trained: Trained,
    positions: tuple[int, ...],
    cut: Callable[[Index], Tensor],
    condition: Tensor | None = None,
    *,
    side: int | None = None,
    rows: int = 1,
) -> Iterator[tuple[tuple[slice, ...], Tensor]]:
    """The restored picture in pieces: where each belongs, and x̂ (N, F', *p) on the host.

    The picture is padded to a multiple of the network's stride by its own mirror image (by its last line where it is
    smaller than that), cut into tiles at multiples of the stride, and each is shown with the halo its outputs depend on.

    Args:
        positions: of the picture. cut: ``seen`` -> that part of the picture as the model takes it, (N, F, *p). rows: N.
        condition: (N, C), for conditional recipes.

    Raises:
        UnsupportedError where the model's outputs depend on the whole input, DataError where the picture has no pixels.
    """
    seen = reach(trained, positions)
    condition = None if condition is None else condition.to(trained.device)
    for tile in tiles(positions, seen, side or _side(seen, rows)):
        part = _restored(trained, cut(tile.seen), condition)
        yield tile.place, part[:, :, *tile.answer].cpu()


def tiles(positions: tuple[int, ...], reach: Reach, side: int) -> Iterator[Tile]:
    """The tiles of a picture of these positions; their middles are ``side`` long, rounded up to the stride.

    >>> [t.place for t in tiles((10,), Reach((4,), (4,), (1,), 1), 8)]
    [(slice(0, 8, None),), (slice(8, 10, None),)]
    """
    axes = [_along(*axis, side) for axis in zip(positions, reach.stride, reach.halo, reach.scale, strict=True)]
    for parts in product(*axes):
        seen, answer, place = zip(*parts, strict=True)
        yield Tile(seen, answer, place)


def takes_any_size(trained: Trained) -> bool:
    """Whether pictures of other sizes than those of the training can go through a model."""
    try:
        reach_of(trained.model.encoder, trained.model.decoder)
    except UnsupportedError:
        return False
    return True


def reach(trained: Trained, positions: tuple[int, ...]) -> Reach:
    """How far a model looks, where data of these positions can go through it. Raises as :func:`restored_tiles`.

    A model that takes data of its own size only looks at all of them.
    """
    own, out = trained.model.source.positions, trained.model.target.positions
    try:
        found = reach_of(trained.model.encoder, trained.model.decoder)
    except UnsupportedError:
        if tuple(positions) != own or len(own) != len(out) or any(b % a for a, b in zip(own, out, strict=True)):
            raise
        found = Reach(own, tuple(0 for _ in own), tuple(b // a for a, b in zip(own, out, strict=True)), 1)
    if len(positions) != len(found.stride):
        raise DataError(f"The model takes data with {len(found.stride)} positions, got {len(positions)}: {positions}.")
    if min(positions) < 1:
        raise DataError(f"A picture must have at least one pixel a side, got {positions}.")
    return found


def _along(n: int, stride: int, halo: int, scale: int, side: int) -> list[tuple[np.ndarray, slice, slice]]:
    """What is seen, where its middle lies in the answer and in the result, for each tile along one axis."""
    side, padded = -(-side // stride) * stride, -(-n // stride) * stride
    parts = []
    for start in range(0, padded, side):
        first, last = max(0, start - halo), min(padded, start + side + halo)
        end = min(start + side, n)
        answer = slice((start - first) * scale, (end - first) * scale)
        parts.append((_turned_back(np.arange(first, last), n, padded), answer, slice(start * scale, end * scale)))
    return parts


def _turned_back(index: np.ndarray, n: int, padded: int) -> np.ndarray:
    """Numbers of n lines; those beyond the last are mirrored, or the last again where there are too few."""
    if padded - n < n:
        return np.where(index < n, index, 2 * (n - 1) - index)
    return np.minimum(index, n - 1)


def _side(reach: Reach, rows: int) -> int:
    """The side of the middles for which a tile with its halo stays within :data:`NUMBERS`; no less than the halo."""
    axes = len(reach.stride)
    whole = (NUMBERS / (reach.width * rows)) ** (1 / axes)
    stride = max(reach.stride)
    return max((int(whole) - 2 * max(reach.halo)) // stride * stride, *reach.halo, stride)


@torch.inference_mode()
def _restored(trained: Trained, x: Tensor, condition: Tensor | None) -> Tensor:
    model = trained.model.eval()
    work = threads_for(trained.device, len(x) * model.products * x[0, 0].numel() // max(1, model.source.cells))
    with threads(work), _exactly(trained.device):
        return model.restore(x.to(trained.device), condition).mean


def _exactly(device: torch.device) -> Any:
    """Without TF32, which rounds to 10 bits: tiles of different sizes would show it."""
    return torch.backends.cudnn.flags(enabled=True, allow_tf32=False) if device.type == "cuda" else nullcontext()
