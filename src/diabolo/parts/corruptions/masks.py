"""Corruptions that hide cells: the model must fill them in from the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from diabolo.errors import ParameterError
from diabolo.parts.corruptions.base import Corruption
from diabolo.parts.corruptions.draws import chance, chance_of_cells, exactly
from diabolo.records import Corrupted, Layout
from diabolo.spec import option

JUDGED = ("all", "hidden")


@final
@dataclass
class MaskCells(Corruption):
    """A cell becomes ``value`` with the chance ``fraction``, each by itself.

    value None is the lower bound where the data have bounds (a black pixel), and else 0, which is the mean of a
    standardized column. In a mixed table whole columns are hidden, each by itself: they become missing cells, which all fields
    but the flag are 0 in, and value must stay None.

    Reference: Vincent et al. 2008, https://doi.org/10.1145/1390156.1390294
    """

    name: ClassVar[str] = "mask"

    fraction: float = option(0.25, "chance of a cell to be hidden", low=0.0, high=1.0)
    value: float | None = option(None, "what stands in hidden cells; none is the lower bound of the data, or 0")
    judge: str = option("all", "where the loss counts", choices=JUDGED)

    def __call__(self, x: Tensor, layout: Layout, generator: torch.Generator) -> Corrupted:
        """x (N, F, *P) -> the same with hidden cells."""
        return masked(self, x, chance_of_cells(x, self.fraction, layout, generator), layout)

    @property
    def partial(self) -> bool:
        return self.judge == "hidden"

    @property
    def hides(self) -> bool:
        return True

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError where the value is outside the bounds of the data, or there is one for a mixed table."""
        _check_value(self, layout)
        if layout.columns and self.value is not None:
            raise ParameterError(
                f"mask.value={self.value} cannot stand in hidden cells of a table with columns of several kinds: they are "
                "marked as missing. Leave value=None."
            )


@final
@dataclass
class MaskPatches(Corruption):
    """Squares of an image (stretches of a sequence) become ``value``, the same share of every row, in all channels.

    The positions are cut into patches of side ``patch`` from the first corner; what remains at the far edges makes
    smaller patches. ``round(fraction * patches)`` of them are drawn without replacement, a row by itself. value as in
    :class:`MaskCells`.

    Reference: He et al. 2022, https://arxiv.org/abs/2111.06377 (there the encoder never sees the hidden patches)
    """

    name: ClassVar[str] = "mask-patches"

    fraction: float = option(0.5, "share of the patches that are hidden", low=0.0, high=1.0)
    patch: int = option(4, "side of a patch, in positions", low=1)
    value: float | None = option(None, "what stands in hidden cells; none is the lower bound of the data, or 0")
    judge: str = option("all", "where the loss counts", choices=JUDGED)

    def __call__(self, x: Tensor, layout: Layout, generator: torch.Generator) -> Corrupted:
        """x (N, F, *P) -> the same with hidden patches; P must not be empty."""
        positions = x.shape[2:]
        grid = self._grid(positions)
        count = math.prod(grid)
        hidden = exactly(len(x), count, round(self.fraction * count), generator, x.device)  # (N, patches)
        hidden = hidden.reshape(len(x), 1, *grid)
        for axis, size in enumerate(positions, start=2):
            hidden = hidden.repeat_interleave(int(self.patch), axis).narrow(axis, 0, size)
        return masked(self, x, hidden.expand(x.shape), layout)

    @property
    def partial(self) -> bool:
        return self.judge == "hidden"

    @property
    def hides(self) -> bool:
        return True

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError for tables, for a patch that covers everything, and for a value outside the bounds."""
        if not layout.positions:
            raise ParameterError(
                "The corruption 'mask-patches' hides neighboring positions, of images or sequences. "
                "A table has none: use 'mask'."
            )
        if math.prod(self._grid(layout.positions)) < 2:
            raise ParameterError(
                f"mask-patches.patch={self.patch} covers all of {' x '.join(map(str, layout.positions))} positions, so either "
                "nothing or everything would be hidden. Use a smaller patch, or 'mask'."
            )
        _check_value(self, layout)

    def _grid(self, positions: tuple[int, ...]) -> list[int]:
        return [math.ceil(size / self.patch) for size in positions]


@final
@dataclass
class Dropout(Corruption):
    """A cell becomes 0 with the chance ``p``, the others are divided by ``1 - p``: the mean of every cell stays x.

    The cells that stay may leave the bounds of the data. Use "mask" to hide cells and leave the others as they are.

    Reference: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
    """

    name: ClassVar[str] = "dropout"

    p: float = option(0.2, "chance of a cell to become 0", low=0.0, high=0.99)

    def __call__(self, x: Tensor, layout: Layout, generator: torch.Generator) -> Corrupted:
        """x (N, F, *P) -> the same with cells at 0; those are hidden."""
        hidden = chance(x, self.p, generator)
        return Corrupted((x / (1 - self.p)).masked_fill(hidden, 0.0), hidden)

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError for mixed tables, whose states and flags have no other sizes."""
        if layout.columns:
            raise ParameterError(
                "The corruption 'dropout' rescales what it does not hide, which has no meaning for categories. Use 'mask', "
                "which hides whole columns, or 'swap'."
            )


def masked(part: MaskCells | MaskPatches, x: Tensor, hidden: Tensor, layout: Layout) -> Corrupted:
    """x (N, F, *P) :func:`emptied` where ``hidden``, and where the loss counts."""
    return Corrupted(emptied(part, x, hidden, layout), hidden, hidden if part.judge == "hidden" else None)


def emptied(part: Corruption, x: Tensor, hidden: Tensor, layout: Layout) -> Tensor:
    """x (N, F, *P) with the part's value where ``hidden`` (bool like x) is True: what a model of that part saw in training.

    part: one that ``hides``. In mixed tables ``hidden`` is True for all fields of a column or for none; these become 0, and the
    flag 1.
    """
    if layout.columns:
        return torch.where(hidden, layout.missing(x), x)
    value = part.value if isinstance(part, MaskCells | MaskPatches) else None
    if value is None:
        value = 0.0 if layout.bounds is None else layout.bounds[0]
    return x.masked_fill(hidden, value)


def _check_value(part: MaskCells | MaskPatches, layout: Layout) -> None:
    value, bounds = part.value, layout.bounds
    if value is not None and bounds is not None and not bounds[0] <= value <= bounds[1]:
        raise ParameterError(
            f"{part.name}.value must lie within the bounds of the data, {bounds[0]} to {bounds[1]}, got {value}. "
            "Use value=None for the lower bound."
        )
