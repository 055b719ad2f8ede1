"""Shuffled tiles: a jigsaw puzzle, solved by putting the picture together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from diabolo.errors import ParameterError
from diabolo.parts.corruptions.base import Corruption
from diabolo.records import Corrupted, Layout
from diabolo.spec import option


@final
@dataclass
class Shuffle(Corruption):
    """An image is cut into ``grid × grid`` tiles of one size, and they change places at random, a row by itself.

    Reference: Noroozi & Favaro 2016, https://arxiv.org/abs/1603.09246 (there the order is classified, here the picture is
    restored)
    """

    name: ClassVar[str] = "shuffle"
    aliases: ClassVar[tuple[str, ...]] = ("jigsaw",)

    grid: int = option(2, "tiles a side", low=2)

    def __call__(self, x: Tensor, layout: Layout, generator: torch.Generator) -> Corrupted:
        """x (N, F, H, W) -> the same tiles in another order; H and W are multiples of grid."""
        tiles = tiles_of(x, self.grid)
        order = torch.rand(tiles.shape[:2], generator=generator, device=x.device).argsort(1)
        return Corrupted(picture_of(placed(tiles, order), self.grid))

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError for what is no image, and where its sides are no multiples of ``grid``."""
        if len(layout.positions) != 2:
            raise ParameterError("The corruption 'shuffle' moves the tiles of images; rows here are none.")
        if any(size % self.grid for size in layout.positions):
            size = " x ".join(map(str, layout.positions))
            fitting = [g for g in range(2, 9) if not any(s % g for s in layout.positions)]
            advice = f"Use grid={' or '.join(map(str, fitting))}." if fitting else "Bring the images to another size first."
            raise ParameterError(f"shuffle.grid={self.grid} cuts no whole tiles from images of {size}. {advice}")


def tiles_of(x: Tensor, grid: int) -> Tensor:
    """x (N, F, H, W) -> tiles (N, grid², F, H/grid, W/grid), row by row."""
    n, f, h, w = x.shape
    cut = x.reshape(n, f, grid, h // grid, grid, w // grid)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(n, grid**2, f, h // grid, w // grid)


def picture_of(tiles: Tensor, grid: int) -> Tensor:
    """The inverse of :func:`tiles_of`."""
    n, _, f, h, w = tiles.shape
    return tiles.reshape(n, grid, grid, f, h, w).permute(0, 3, 1, 4, 2, 5).reshape(n, f, grid * h, grid * w)


def placed(tiles: Tensor, order: Tensor) -> Tensor:
    """tiles (N, T, F, h, w), order (N, T): place t of the result holds tile ``order[:, t]``."""
    return tiles[torch.arange(len(tiles), device=tiles.device)[:, None], order]
