"""The Laplace likelihood: absolute error, told in nats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from diabolo.maths.densities import laplace_log_density
from diabolo.maths.intervals import laplace_log_mass
from diabolo.maths.ranges import bounded, unbounded
from diabolo.parts.likelihoods.base import Head, Likelihood, Output
from diabolo.parts.likelihoods.shapes import check_alike
from diabolo.parts.likelihoods.spread import SPREADS, Spread, check_spread
from diabolo.records import Layout
from diabolo.spec import option

Bounds = tuple[float, float] | None


@final
@dataclass
class Laplace(Likelihood):
    """``p(x|z) = Laplace(mean(z), scale)`` for each cell; ``-log p = |x - mean| / scale + log(2 scale)``.

    Its tails are heavier than the normal distribution's, so single wild cells pull less: edges are sharper, outliers
    do not rule. ``scale`` is the mean absolute deviation; spread says where it comes from, as ``variance`` of the
    gaussian likelihood: "fixed", "shared" (learned; its optimum is the mean absolute error) or "cell".

    Reference: Hastie, Tibshirani & Friedman 2009, The Elements of Statistical Learning, section 10.6,
    https://hastie.su.domains/ElemStatLearn
    """

    name: ClassVar[str] = "laplace"
    aliases: ClassVar[tuple[str, ...]] = ("l1",)
    everyday: ClassVar[str] = "mae"
    density: ClassVar[bool] = True

    spread: str = option("fixed", "where the scale comes from", choices=SPREADS)
    scale: float = option(1.0, "the scale, or where it starts when it is learned", low=1e-6)
    min_scale: float = option(1e-3, "floor of a learned scale", low=1e-6)
    output: str = option("bounded", "the mean's last function: as the data are bounded, or none", choices=("bounded", "linear"))

    def check(self) -> None:
        """Also raise ParameterError where a learned scale would not start above its floor."""
        super().check()
        check_spread("laplace.scale", self.scale, self.min_scale, self.spread)

    def wants(self, layout: Layout) -> int:
        """F, or 2F (means, then raw scales) with a scale a cell."""
        return layout.fields * (2 if self.spread == "cell" else 1)

    def direct(self, layout: Layout) -> bool:
        """Where the mean has no last function."""
        return self.output == "linear" or layout.bounds is None

    def build(self, layout: Layout) -> LaplaceHead:
        """The module; with a shared scale it has one parameter."""
        bounds = None if self.output == "linear" else layout.bounds
        return LaplaceHead(bounds, layout.bounds, Spread(self.spread, self.scale, self.min_scale))


@final
class LaplaceHead(Head):
    """Decoder output -> Laplace distributions."""

    def __init__(self, mean_bounds: Bounds, bounds: Bounds, spread: Spread) -> None:
        super().__init__()
        self.mean_bounds, self.bounds, self.spread = mean_bounds, bounds, spread

    def start(self, mean: Tensor) -> Tensor:
        return self.spread.start_at(unbounded(mean, self.mean_bounds))

    def forward(self, params: Tensor) -> LaplaceOutput:
        """params (N, F or 2F, *P) -> p(x|z)."""
        raw, scale = self.spread(params)
        return LaplaceOutput(bounded(raw, self.mean_bounds), scale, self.bounds)


@final
class LaplaceOutput(Output):
    """Independent Laplace distributions. mean (N, F, *P); scale like it, or one for all, ()."""

    def __init__(self, mean: Tensor, scale: Tensor, bounds: tuple[float, float] | None) -> None:
        self._mean, self.scale, self.bounds = mean, scale, bounds

    def log_prob(self, x: Tensor) -> Tensor:
        """log Laplace(x; mean, scale), (N, F, *P)."""
        check_alike(x, self._mean)
        return laplace_log_density(x, self._mean, self.scale)

    def log_mass(self, x: Tensor, step: float) -> Tensor:
        """log of the probability of x's bin, (N, F, *P); the bins at the bounds take the tails."""
        check_alike(x, self._mean)
        return laplace_log_mass(x, self._mean, self.scale, step, self.bounds)

    def everyday(self, x: Tensor) -> Tensor:
        """Absolute error, (N, F, *P)."""
        check_alike(x, self._mean)
        return (x - self._mean).abs()

    @property
    def mean(self) -> Tensor:
        """(N, F, *P), within the bounds; the median too."""
        return self._mean

    def sample(self, generator: torch.Generator) -> Tensor:
        """A draw, (N, F, *P): a fair sign times an exponential variable; not cut off at the bounds."""
        u = torch.rand((2, *self._mean.shape), generator=generator, device=self._mean.device, dtype=self._mean.dtype)
        return self._mean - self.scale * torch.where(u[0] < 0.5, -1, 1) * torch.log1p(-u[1])
