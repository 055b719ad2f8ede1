"""The structural likelihood: how alike two pictures look, beside the absolute error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from diabolo.errors import ParameterError, UnsupportedError
from diabolo.maths.precision import at_least_float32
from diabolo.maths.ranges import bounded, unbounded
from diabolo.maths.rows import row_sum
from diabolo.maths.similarity import WEIGHTS, gradient_difference, ms_ssim
from diabolo.parts.likelihoods.base import Head, Likelihood, Output
from diabolo.parts.likelihoods.shapes import check_alike
from diabolo.records import Layout
from diabolo.spec import option


@final
@dataclass
class Structural(Likelihood):
    """``loss = weight (1 - SSIM) + (1 - weight) mean|x - mean| / span + gradient · GDL / span``, times the cells of a row.

    Squared error is content with the mean of all pictures that are possible, which is a blurred one; SSIM asks for the local
    contrast and pattern, and the absolute error beside it for the right brightness, to which SSIM is nearly blind. span is the
    width of the data's range, so the balance is the same on every scale. Times the number of cells the loss weighs like that of
    the other likelihoods against a KL divergence or a penalty.

    - weight: 0.84 is the paper's, for five levels. The paper also blurs the absolute error; here it is the plain mean.
    - levels: 1 is SSIM, more is MS-SSIM with as many scales as the picture has room for: two for 28×28, five from 176×176.
    - gradient: price of edges that are less sharp, or sharper, than the data's (the gradient difference loss).

    There is no distribution behind it: sampling and probabilities raise UnsupportedError. ``log_prob`` gives each cell its own
    absolute error and an equal share of the rest, which belongs to no cell.

    References: Zhao, Gallo, Frosio & Kautz 2017, https://arxiv.org/abs/1511.08861; Mathieu, Couprie & LeCun 2016,
    https://arxiv.org/abs/1511.05440
    """

    name: ClassVar[str] = "structural"
    aliases: ClassVar[tuple[str, ...]] = ("ssim",)
    everyday: ClassVar[str] = "mae"
    density: ClassVar[bool] = False
    scaled: ClassVar[bool] = False

    weight: float = option(0.84, "weight of 1 - SSIM; the absolute error has the rest", low=0.0, high=1.0)
    levels: int = option(1, "1: SSIM; more: MS-SSIM, on at most so many scales", low=1, high=len(WEIGHTS))
    gradient: float = option(0.0, "weight of the difference in sharpness (gradient difference loss)", low=0.0)

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError unless the data are pictures, with a range."""
        if len(layout.positions) != 2:
            raise ParameterError(
                f"The likelihood 'structural' (ssim) compares pictures, and these rows have the shape {layout.shape}. "
                "Use 'laplace' (l1) or 'gaussian' (mse); if the rows are pictures, say so with image_shape=(H, W) or (H, W, C)."
            )
        if layout.bounds is None:
            raise ParameterError(
                "The likelihood 'structural' (ssim) needs the least and greatest value a pixel can have; these have no bounds. "
                "Give value_range=(low, high), or use 'laplace' (l1)."
            )

    def build(self, layout: Layout) -> StructuralHead:
        """The module; it has no parameters."""
        assert layout.bounds is not None  # check_layout
        return StructuralHead(layout.bounds, self.weight, self.levels, self.gradient)


@final
class StructuralHead(Head):
    """Decoder output -> picture within the bounds, with the loss beside it."""

    def __init__(self, bounds: tuple[float, float], weight: float, levels: int, gradient: float) -> None:
        super().__init__()
        self.bounds, self.weight, self.levels, self.gradient = bounds, weight, levels, gradient

    def start(self, mean: Tensor) -> Tensor:
        return unbounded(mean, self.bounds)

    def forward(self, params: Tensor) -> StructuralOutput:
        """params (N, F, H, W) -> what stands in the place of p(x|z)."""
        return StructuralOutput(bounded(at_least_float32(params), self.bounds), self)


@final
class StructuralOutput(Output):
    """A picture (N, F, H, W), and the head that knows what its faults cost."""

    def __init__(self, mean: Tensor, head: StructuralHead) -> None:
        self._mean, self.head = mean, head

    def log_prob(self, x: Tensor) -> Tensor:
        """Minus the loss, (N, F, H, W): a cell's own absolute error, and an equal share of what belongs to no cell."""
        share = self._structure(x, self._mean).reshape(-1, 1, 1, 1)
        return -(share + self._absolute * self.everyday(x))

    def log_mass(self, x: Tensor, step: float) -> Tensor:
        """Raises UnsupportedError."""
        raise UnsupportedError(
            "A model with the likelihood 'structural' (ssim) has no probabilities. Use one such as 'gaussian' for that."
        )

    def everyday(self, x: Tensor) -> Tensor:
        """Absolute error, (N, F, H, W), in the units of the data."""
        check_alike(x, self._mean)
        return (x - self._mean).abs()

    def costs(self, x: Tensor, real: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The loss, cells times the mean over them, and the absolute error, each (N,), the second without gradient.

        Cells that are not real count as restored without fault: a window costs what is wrong with the real cells in it.
        """
        error = row_sum(self.everyday(x), real)
        mean = self._mean if real is None else torch.where(real.expand_as(x) > 0, self._mean, x)
        return x[0].numel() * self._structure(x, mean) + self._absolute * error, error.detach()

    @property
    def mean(self) -> Tensor:
        """The picture, (N, F, H, W), within the bounds."""
        return self._mean

    def sample(self, generator: torch.Generator) -> Tensor:
        """Raises UnsupportedError."""
        raise UnsupportedError(
            "A model with the likelihood 'structural' (ssim) has nothing to draw from. Use its mean, or a likelihood such as "
            "'gaussian'."
        )

    @property
    def _absolute(self) -> float:
        """Price of an absolute error of 1."""
        return (1 - self.head.weight) / self._span

    @property
    def _span(self) -> float:
        low, high = self.head.bounds
        return high - low

    def _structure(self, x: Tensor, mean: Tensor) -> Tensor:
        """(N,): what similarity and sharpness cost, before it is multiplied by the cells."""
        check_alike(x, mean)
        low, head = self.head.bounds[0], self.head
        found = mean.new_zeros(len(x))
        if head.weight:
            found = found + head.weight * (1 - ms_ssim(x - low, mean - low, self._span, head.levels))
        if head.gradient:
            found = found + head.gradient / self._span * gradient_difference(x, mean)
        return found
