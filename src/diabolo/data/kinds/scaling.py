"""Scalings: what a kind does to rows before a model sees them, as modules of torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from torch import Tensor, nn

from diabolo.errors import DataError


@final
class ColumnScaling(nn.Module):
    """Columns to mean 0 and standard deviation 1: v (n, d) -> ``(v - mean) / scale``, (n, d), computed in float64.

    mean, scale: (d,) float64, part of the module's state.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean.clone())
        self.register_buffer("scale", scale.clone())

    def forward(self, v: Tensor) -> Tensor:
        """DataError for rows of another width."""
        check_shape(v, tuple(self.mean.shape))
        return ((v.to(self.mean.dtype) - self.mean) / self.scale).float()


@final
class FixedScaling(nn.Module):
    """What a kind does by rule, without anything learned: rows (n, *shape) -> x (n, F, *P).

    function: such as ``kind.encode``. shape: of one row; None where the function looks itself.
    """

    def __init__(self, function: Callable[[Tensor], Tensor], shape: tuple[int, ...] | None = None) -> None:
        super().__init__()
        self.function, self.shape = function, shape

    def forward(self, v: Tensor) -> Tensor:
        """DataError for rows of another shape."""
        if self.shape is not None:
            check_shape(v, self.shape)
        return self.function(v)


def check_shape(v: Tensor, shape: tuple[int, ...]) -> None:
    """DataError where a batch is not (n, *shape)."""
    if tuple(v.shape[1:]) != shape or v.ndim != 1 + len(shape):
        wanted = ", ".join(["n", *map(str, shape)])
        hint = " That is one row: give x[None]." if tuple(v.shape) == shape else ""
        raise DataError(f"Expected rows in one tensor of shape ({wanted}), got {tuple(v.shape)}.{hint}")
