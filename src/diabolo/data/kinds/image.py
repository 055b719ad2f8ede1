"""Images: any height, width and number of channels, any usual dtype and range."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
from torch import Tensor

from diabolo.data.checks import check_count, image_extent
from diabolo.data.given import Given, Wants, times
from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.pixels import Pixels, check_scale
from diabolo.data.kinds.scaling import FixedScaling
from diabolo.data.sources import Source, source_of
from diabolo.errors import DataError
from diabolo.records import Layout

_NAMES = {1: ("gray",), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "alpha")}


@final
@dataclass(frozen=True)
class ImageKind(Kind):
    """Images, (n, H, W), (n, H, W, C), (n, C, H, W) or flat (n, H·W·C) outside, (N, C, H, W) inside.

    axes: how a row of the caller's data is laid out: ``"HW"``, ``"HWC"``, ``"CHW"`` or ``"flat"`` (then as (H, W, C)).
    pixels: the caller's dtype and range, and the range inside. patch: whether they are squares cut from larger pictures at
    full size; then files are read so too. Nothing is learned: dtype and range decide the scaling.

    Inside, ``x = (v - low) / (high - low) * (upper - lower) + lower`` for a pixel v of the caller's range [low, high].
    """

    name: ClassVar[str] = "image"

    height: int
    width: int
    channels: int
    axes: str
    pixels: Pixels
    patch: bool = False

    @property
    def network(self) -> str:
        """Convolutions from 32 pixels a side; below, fully connected layers restore as well and learn several times faster."""
        return "conv" if min(self.height, self.width) >= 32 else "mlp"

    @property
    def likelihood(self) -> str:
        return "gaussian"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row as the caller has it."""
        h, w, c = self.height, self.width, self.channels
        return {"HW": (h, w), "HWC": (h, w, c), "CHW": (c, h, w), "flat": (h * w * c,)}[self.axes]

    @property
    def layout(self) -> Layout:
        names = _NAMES.get(self.channels) or tuple(f"channel {i}" for i in range(self.channels))
        return Layout(names, (self.height, self.width), self.pixels.bounds, self.pixels.step)

    @property
    def patches(self) -> bool:
        return self.patch

    def resized(self, positions: tuple[int, ...]) -> Self:
        height, width = positions
        return replace(self, height=height, width=width, patch=False)

    @property
    def wants(self) -> Wants:
        channels = self.channels if self.channels in _NAMES else None
        if self.patch:
            return Wants(later=True, patch=self.height, channels=channels)
        return Wants(later=True, size=(self.height, self.width), channels=channels)

    def accept(self, given: Given, named: str) -> Source:
        if given.form == "table":
            raise DataError(f"Expected images of {self._size}, which {named} was trained on, got {given.what}.")
        check_count(given.rows, named)
        rows = self._arranged(given.rows, given.what, named)
        extent = image_extent(rows)
        check_scale(extent.low, extent.high, rows.dtype, self.pixels, named)
        return source_of(rows)

    def fit(self, source: Source, rows: Tensor) -> Self:
        return self

    def encode(self, rows: Tensor) -> Tensor:
        n, (h, w, c) = len(rows), (self.height, self.width, self.channels)
        x = rows.reshape(n, c, h, w) if self.axes == "CHW" else rows.reshape(n, h, w, c).permute(0, 3, 1, 2)
        return self.pixels.inside(x).contiguous()

    def scaling(self) -> FixedScaling:
        return FixedScaling(self.encode, self.shape)

    def decode(self, x: Tensor) -> np.ndarray:
        """x (N, C, H, W) -> (N, *shape) in the caller's dtype; clipped to the caller's range, rounded where it is whole."""
        rows = x if self.axes == "CHW" else x.permute(0, 2, 3, 1)
        return self.pixels.outside(rows).reshape(len(x), *self.shape)

    def natural(self, x: Tensor) -> Tensor:
        return x

    @property
    def log_scale(self) -> float:
        """0 where pixels are whole numbers: there the likelihood gives probabilities, which know no units."""
        if self.pixels.step is not None:
            return 0.0
        return self.layout.cells * math.log(1 / self.pixels.unit)

    def to_json(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        return asdict(self), {}

    @classmethod
    def from_json(cls, data: dict[str, Any], tensors: dict[str, Tensor]) -> Self:
        try:
            rest = {k: data[k] for k in ("height", "width", "channels", "axes")}
            pixels, patch = Pixels.from_json(data["pixels"]), data.get("patch", False) is True
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"The description of the images cannot be read: {type(error).__name__} {error}.") from error
        sizes = [rest[k] for k in ("height", "width", "channels")]
        if not all(isinstance(s, int) and s > 0 for s in sizes) or rest["axes"] not in ("HW", "HWC", "CHW", "flat") or tensors:
            raise DataError(f"The description of the images does not fit together: {rest}, tensors {sorted(tensors)}.")
        return cls(**rest, pixels=pixels, patch=patch)

    @property
    def _size(self) -> str:
        return f"{times((self.height, self.width))}, {self.channels} channel{'s' * (self.channels != 1)}"

    def _arranged(self, rows: np.ndarray, what: str, named: str) -> np.ndarray:
        """Rows in this kind's own layout, (n, *shape); other layouts of the same size are turned, without copying."""
        h, w, c = self.height, self.width, self.channels
        if rows.shape[1:] == self.shape:
            return rows
        images = self._channels_last(rows)
        if images is not None:
            return images.transpose(0, 3, 1, 2) if self.axes == "CHW" else images.reshape(len(rows), *self.shape)
        if rows.shape in ((h, w), (h, w, c), (c, h, w), self.shape):
            raise DataError(f"X is one image of shape {rows.shape}, and {named} takes a batch of them: use X[None].")
        if rows.ndim == 2 and self.axes == "flat":
            want = math.prod(self.shape)
            raise DataError(f"X has {rows.shape[1]} features, but {named} is expecting {want} features as input.")
        raise DataError(
            f"Expected images of {self._size} (rows of shape {self.shape}), which {named} was trained on, got {what} (rows of "
            f"shape {rows.shape[1:]}). Bring them to that size."
        )

    def _channels_last(self, rows: np.ndarray) -> np.ndarray | None:
        """A view (n, H, W, C) of rows in any layout of this size; None where the size is another."""
        h, w, c = self.height, self.width, self.channels
        if rows.shape[1:] == (h, w, c):
            return rows
        if rows.shape[1:] == (c, h, w):
            return rows.transpose(0, 2, 3, 1)
        return rows[..., None] if rows.shape[1:] == (h, w) and c == 1 else None
