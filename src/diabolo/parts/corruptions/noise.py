"""Corruptions that change cells without a trace: the model must find out what is noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from diabolo.errors import ParameterError
from diabolo.parts.corruptions.base import Corruption
from diabolo.parts.corruptions.draws import chance
from diabolo.records import Corrupted, Layout
from diabolo.spec import option


@final
@dataclass
class GaussianNoise(Corruption):
    """``x + std * noise``, noise from N(0, 1), drawn for each cell.

    std is in the units the model sees: the range of pixels (0 to 1, say), the standard deviations of a table's columns.
    least, where it is given: each row has a standard deviation of its own, drawn evenly between least and std, so that the
    model learns to clean rows whose noise nobody has measured.
    clip cuts the result off at the bounds of the data, as a camera would; it is refused where there are none.
    In a mixed table numbers and dates get noise, in the units the model sees; categories, flags and missing cells stay.

    Reference: Vincent et al. 2010, https://www.jmlr.org/papers/v11/vincent10a.html
    """

    name: ClassVar[str] = "gaussian-noise"

    std: float = option(0.3, "standard deviation of the noise, in the model's own units", low=0.0)
    clip: bool = option(False, "keep the result within the bounds of the data")
    least: float | None = option(None, "draw each row's standard deviation from here to std; none: it is std", low=0.0)

    def __call__(self, x: Tensor, layout: Layout, generator: torch.Generator) -> Corrupted:
        """x (N, F, *P) -> the same with noise; no cell is hidden."""
        noise = torch.randn(x.shape, generator=generator, device=x.device)
        std: float | Tensor = self.std
        if self.least is not None:
            share = torch.rand((len(x), *[1] * (x.dim() - 1)), generator=generator, device=x.device)
            std = self.least + (self.std - self.least) * share
        moved = (std * noise).to(x.dtype)
        noisy = x + (moved * _noisy_fields(x, layout) if layout.columns else moved)
        return Corrupted(noisy.clamp(*layout.bounds) if self.clip and layout.bounds is not None else noisy)

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError where clip is asked for and the data have no bounds."""
        if self.clip and layout.bounds is None:
            raise ParameterError("gaussian-noise.clip=True needs data with bounds, these have none. Use clip=False.")


def _noisy_fields(x: Tensor, layout: Layout) -> Tensor:
    """1 at the values of numbers that are there, 0 at all other fields of a mixed table: (N, F) like x."""
    real, numbers = layout.real(x), torch.zeros(layout.fields, dtype=x.dtype)
    assert real is not None  # the layout has columns
    numbers[[c.start for c in layout.columns if not c.levels]] = 1
    return real * numbers.to(x.device)


@final
@dataclass
class SaltAndPepper(Corruption):
    """A cell becomes the least or the greatest possible value, by a fair coin, with the chance ``fraction``.

    Each cell is drawn by itself, so a color pixel's channels are too. What a struck cell held is gone, hence those
    cells are reported as hidden.

    Reference: Vincent et al. 2010, section 3.3, https://www.jmlr.org/papers/v11/vincent10a.html
    """

    name: ClassVar[str] = "salt-and-pepper"

    fraction: float = option(0.25, "chance of a cell to be struck", low=0.0, high=1.0)

    def __call__(self, x: Tensor, layout: Layout, generator: torch.Generator) -> Corrupted:
        """x (N, F, *P) -> the same with struck cells; hidden where they are. The layout must have bounds."""
        low, high = self._bounds(layout)
        hidden, salt = chance(x, self.fraction, generator), chance(x, 0.5, generator)
        return Corrupted(torch.where(hidden, torch.where(salt, x.new_tensor(high), x.new_tensor(low)), x), hidden)

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError where the data have no bounds: there is no salt and no pepper then."""
        self._bounds(layout)

    def _bounds(self, layout: Layout) -> tuple[float, float]:
        if layout.bounds is None:
            raise ParameterError(
                "The corruption 'salt-and-pepper' needs data with a least and a greatest value, these have none. "
                "Use 'gaussian-noise' or 'mask', or scale the data to a range (value_range)."
            )
        return layout.bounds
