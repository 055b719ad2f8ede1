"""Strips: pictures side by side as one PNG inside the page, pixel by pixel."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from diabolo.data.kinds.base import Kind
from diabolo.data.sources import Source
from diabolo.maths.ranges import to_bytes

LARGEST = 160  # pixels: larger pictures are made smaller, a page needs no more
CLEAR = 4  # channels from which a picture has transparency


def strip(pictures: Sequence[Tensor], bounds: tuple[float, float]) -> str:
    """Pictures (F, H, W) of one size as a data URI, side by side with a transparent gap; what lies outside the bounds is cut.

    One channel is gray, three are colors, four colors and transparency; of any other number the first is shown.
    """
    cells = to_bytes(torch.stack(list(pictures)), bounds).permute(0, 2, 3, 1).numpy()
    tiles = [_shrunk(Image.fromarray(_rgba(c), "RGBA")) for c in cells]
    width, height = tiles[0].size
    gap = max(1, round(width / 12))
    sheet = Image.new("RGBA", (len(tiles) * (width + gap) - gap, height), (0, 0, 0, 0))
    for i, tile in enumerate(tiles):
        sheet.paste(tile, (i * (width + gap), 0))
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def row_strip(kind: Kind, source: Source, rows: np.ndarray) -> str:
    """Some rows of a source of pictures, as :func:`strip` draws them."""
    x = kind.inside(source, np.asarray(rows))
    return strip(list(x), kind.layout.bounds or (0.0, 1.0))


def drawable(shape: tuple[int, ...]) -> bool:
    """Whether rows of this shape (F, *P) are pictures."""
    return len(shape) == 3


def _rgba(cells: np.ndarray) -> np.ndarray:
    """(H, W, F) -> (H, W, 4)."""
    h, w, channels = cells.shape
    color = cells[..., :3] if channels in (3, CLEAR) else np.repeat(cells[..., :1], 3, axis=2)
    clear = cells[..., 3:4] if channels == CLEAR else np.full((h, w, 1), 255, dtype=np.uint8)
    return np.ascontiguousarray(np.concatenate([color, clear], axis=2))


def _shrunk(image: Image.Image) -> Image.Image:
    scale = LARGEST / max(image.size)
    size = tuple(max(1, round(side * scale)) for side in image.size)
    return image if scale >= 1 else image.resize((size[0], size[1]), Image.Resampling.BOX)
