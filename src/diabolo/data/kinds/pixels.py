"""What the numbers of an image mean: the caller's dtype and range, and the range inside the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from diabolo.errors import DataError, ParameterError

BOUNDS = ((0.0, 1.0), (-1.0, 1.0))
"""The ranges pixels may have inside."""

_FULL = {"bool": 1.0, "uint8": 255.0, "uint16": 65535.0}
_OVERSHOOT = 1e-3  # resampled pixels may leave their range by this much
_TOPS = (15.0, 16.0, 31.0, 63.0, 1023.0, 4095.0, 16383.0)  # of 4, 5, 6, 10, 12 and 14 bits; 16 of scikit-learn's digits
_BRIGHT = 64  # a brightest pixel below this says nothing about a scale of 0 to 255
_REACH = 8.0  # pixels this many ranges away are on another scale, not noisy
_DARK = 0.01  # a dtype that reaches no further into the range than this is on another scale


@final
@dataclass(frozen=True)
class Pixels:
    """dtype: the caller's, by NumPy's name. scale: the caller's range. bounds: the range inside. step: see ``Layout``."""

    dtype: str
    scale: tuple[float, float]
    bounds: tuple[float, float]
    step: float | None = None

    @property
    def unit(self) -> float:
        """How much of the caller's range one unit inside is."""
        return (self.scale[1] - self.scale[0]) / (self.bounds[1] - self.bounds[0])

    def inside(self, values: Tensor) -> Tensor:
        """The caller's values -> float32 in the range inside; not clipped, for noisy pixels may lie outside."""
        x = values.to(torch.float32) if values.is_floating_point() or self.scale == self.bounds else values
        if self.scale == self.bounds:
            return x
        x = x / self.unit if self.scale[0] == 0 else (x - self.scale[0]) / self.unit  # whole numbers: converted on the way
        return x if self.bounds[0] == 0 else x + self.bounds[0]

    def outside(self, x: Tensor) -> np.ndarray:
        """Values inside -> the caller's dtype and range; clipped, and rounded for whole-number dtypes."""
        lower, upper = self.bounds
        values = x.detach().cpu().double().clamp(lower, upper).numpy()
        values = np.clip((values - lower) * self.unit + self.scale[0], *self.scale)
        return (values if np.dtype(self.dtype).kind == "f" else np.round(values)).astype(self.dtype)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of ``dataclasses.asdict``; raises KeyError, TypeError or ValueError for anything else."""
        scale, bounds = (tuple(map(float, data[k])) for k in ("scale", "bounds"))
        low, high = scale
        if bounds not in BOUNDS or not low < high or np.dtype(data["dtype"]).kind not in "buif":
            raise ValueError(f"scale {scale}, bounds {bounds}, dtype {data['dtype']}")
        step = data["step"]
        return cls(str(data["dtype"]), (low, high), bounds, None if step is None else float(step))


def infer_pixels(
    low: np.ndarray, high: np.ndarray, dtype: np.dtype, value_range: tuple[float, float] | None, step: float | None
) -> tuple[Pixels, str]:
    """What the numbers mean and why, from their range and dtype.

    value_range: ``(0, 1)`` or ``(-1, 1)`` is the range inside, and the one float data have already; any other pair is the
    range the data have, whatever their dtype. Raises DataError where it would be a guess.
    """
    given = None if value_range is None else _pair(value_range)
    if given is not None and (given not in BOUNDS or dtype.kind == "f"):
        scale, why = given, f"value_range={value_range}"
    else:
        scale, why = _scale(float(low), float(high), dtype)
    bounds = given if given in BOUNDS else BOUNDS[scale[0] < 0]
    whole = dtype.kind != "f"
    inside = (bounds[1] - bounds[0]) / (scale[1] - scale[0])
    grid = step * inside if step is not None else inside if whole else None
    pixels = Pixels(dtype.name, scale, bounds, grid)
    if _far(low, high, pixels):
        raise _other_scale(low, high, dtype, pixels, "value_range")
    return pixels, f"pixels of {scale[0]:g} to {scale[1]:g} ({why})"


def check_scale(low: np.ndarray, high: np.ndarray, dtype: np.dtype, pixels: Pixels, named: str) -> None:
    """DataError where further pixels are evidently on another scale: far outside the range, or of a dtype with a small one.

    Each picture is judged by itself, so none is accepted or refused for those beside it. Values inside the range are always
    accepted: floats of 0 to 1 are nearly black pictures to a model of 0 to 255. Noise may lead out of the range.
    """
    full = _FULL.get(dtype.name)
    small = full is not None and pixels.scale[0] + _DARK * (pixels.scale[1] - pixels.scale[0]) > full
    if _far(low, high, pixels) or small:
        raise _other_scale(low, high, dtype, pixels, named)


def _far(low: np.ndarray, high: np.ndarray, pixels: Pixels) -> bool:
    start, end = pixels.scale
    reach = _REACH * (end - start)
    return float(low) < start - reach or float(high) > end + reach


def _other_scale(low: np.ndarray, high: np.ndarray, dtype: np.dtype, pixels: Pixels, named: str) -> DataError:
    start, end = pixels.scale
    return DataError(
        f"Expected {pixels.dtype} pixels of {start:g} to {end:g}, as {named} says, got {dtype.name} of {float(low):g} to "
        f"{float(high):g}, which is another scale. Rescale them."
    )


def _pair(value_range: tuple[float, float]) -> tuple[float, float]:
    try:
        low, high = map(float, value_range)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"value_range must be a pair (low, high), such as (0, 1), got {value_range!r}.") from error
    if not (np.isfinite([low, high]).all() and low < high):
        raise ParameterError(f"value_range must be (low, high) with low < high, got {value_range!r}.")
    return low, high


def _scale(low: float, high: float, dtype: np.dtype) -> tuple[tuple[float, float], str]:
    """The range that numbers from low to high are on, and why; a DataError where it cannot be known."""
    if dtype.kind != "f" and low >= 0 and high <= 1 and (high == 1 or dtype.kind == "b"):
        return (0.0, 1.0), f"{dtype.name} holding only 0 and 1"
    if dtype.name in _FULL:
        return (0.0, _FULL[dtype.name]), f"the range of {dtype.name}"
    if dtype.kind == "f" and high <= 1 + _OVERSHOOT:
        for bounds in BOUNDS:
            if low >= bounds[0] - _OVERSHOOT:
                return bounds, f"{dtype.name} of {low:g} to {high:g}"
    if dtype.kind == "f" and low == 0 and high in _TOPS:
        return (0.0, high), f"{dtype.name} of 0 to {high:g}, as many grays as some devices tell apart"
    tops = {255.0: _BRIGHT} if dtype.kind == "f" else {255.0: _BRIGHT, 65535.0: 256}
    for top, least in tops.items():
        if low >= 0 and least <= high <= top:
            return (0.0, top), f"{dtype.name} of {low:g} to {high:g} is on a scale of 0 to {top:g}"
    raise DataError(
        f"The range of the pixels is not clear: {dtype.name} of {low:g} to {high:g}. Say it with value_range=(low, high), such "
        "as (0, 1) or (-1, 1) for noisy pixels around those, or rescale them."
    )
