"""The normal likelihood: squared error, told in nats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from diabolo.maths.densities import LOG_SQRT_TWO_PI, normal_log_density
from diabolo.maths.intervals import normal_log_mass
from diabolo.maths.ranges import bounded, unbounded
from diabolo.maths.rows import square_error
from diabolo.parts.likelihoods.base import Head, Likelihood, Output
from diabolo.parts.likelihoods.shapes import check_alike
from diabolo.parts.likelihoods.spread import SPREADS, Spread, check_spread
from diabolo.records import Layout
from diabolo.spec import option

Bounds = tuple[float, float] | None


@final
@dataclass
class Gaussian(Likelihood):
    """``p(x|z) = N(mean(z), std²)`` for each cell; ``-log p = (x - mean)² / (2 std²) + log(std) + log(2π) / 2``.

    variance says where ``std`` (the standard deviation, in the model's own units) comes from:

    - "fixed": ``std`` itself. With 1, the default, the loss is half the squared error plus a constant, the usual "mse".
      In a VAE this number is the balance between reconstruction and KL divergence, and 1 is far too much for pixels.
    - "shared": one number learned for all cells; its optimum is the root of the mean squared error, so that the
      balance finds itself (Rybkin et al. 2021).
    - "cell": one a cell, from the decoder (2F channels): the model says where it is unsure (Kingma & Welling 2013).
      Such a likelihood has no upper limit, and without the floor ``min_std`` it is won by cells that are
      always the same (Mattei & Frellsen 2018; Detlefsen et al. 2019).

    The mean lies within the bounds of the data (unless output is "linear"); a sample need not.

    References: https://arxiv.org/abs/1312.6114, https://arxiv.org/abs/2006.13202, https://arxiv.org/abs/1802.04826,
    https://arxiv.org/abs/1906.03260
    """

    name: ClassVar[str] = "gaussian"
    aliases: ClassVar[tuple[str, ...]] = ("mse",)
    everyday: ClassVar[str] = "mse"
    density: ClassVar[bool] = True

    variance: str = option("fixed", "where the spread comes from", choices=SPREADS)
    std: float = option(1.0, "the standard deviation, or where it starts when it is learned", low=1e-6)
    min_std: float = option(1e-3, "floor of a learned standard deviation", low=1e-6)
    output: str = option("bounded", "the mean's last function: as the data are bounded, or none", choices=("bounded", "linear"))

    def check(self) -> None:
        """Also raise ParameterError where a learned std would not start above its floor."""
        super().check()
        check_spread("gaussian.std", self.std, self.min_std, self.variance)

    def wants(self, layout: Layout) -> int:
        """F, or 2F (means, then raw spreads) with a std a cell."""
        return layout.fields * (2 if self.variance == "cell" else 1)

    def direct(self, layout: Layout) -> bool:
        """Where the mean has no last function."""
        return self.output == "linear" or layout.bounds is None

    def build(self, layout: Layout) -> GaussianHead:
        """The module; with a shared std it has one parameter."""
        bounds = None if self.output == "linear" else layout.bounds
        return GaussianHead(bounds, layout.bounds, Spread(self.variance, self.std, self.min_std))


@final
class GaussianHead(Head):
    """Decoder output -> normal distributions."""

    def __init__(self, mean_bounds: Bounds, bounds: Bounds, spread: Spread) -> None:
        super().__init__()
        self.mean_bounds, self.bounds, self.spread = mean_bounds, bounds, spread

    def start(self, mean: Tensor) -> Tensor:
        return self.spread.start_at(unbounded(mean, self.mean_bounds))

    def forward(self, params: Tensor) -> GaussianOutput:
        """params (N, F or 2F, *P) -> p(x|z)."""
        raw, std = self.spread(params)
        return GaussianOutput(bounded(raw, self.mean_bounds), std, self.bounds)


@final
class GaussianOutput(Output):
    """Independent normal distributions. mean (N, F, *P); std (the standard deviation) like it, or one for all, ()."""

    def __init__(self, mean: Tensor, std: Tensor, bounds: tuple[float, float] | None) -> None:
        self._mean, self.std, self.bounds = mean, std, bounds

    def log_prob(self, x: Tensor) -> Tensor:
        """log N(x; mean, std²), (N, F, *P)."""
        check_alike(x, self._mean)
        return normal_log_density(x, self._mean, self.std)

    def log_mass(self, x: Tensor, step: float) -> Tensor:
        """log of the probability of x's bin, (N, F, *P); the bins at the bounds take the tails."""
        check_alike(x, self._mean)
        return normal_log_mass(x, self._mean, self.std, step, self.bounds)

    def everyday(self, x: Tensor) -> Tensor:
        """Squared error, (N, F, *P)."""
        check_alike(x, self._mean)
        return (x - self._mean).square()

    def costs(self, x: Tensor, real: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """With one std for all cells a row costs ``Σ(x - mean)² / (2 std²) + cells (log(std) + log(2π) / 2)``."""
        if self.std.ndim or real is not None:
            return super().costs(x, real)
        check_alike(x, self._mean)
        squares = square_error(self._mean, x)
        constant = x[0].numel() * (self.std.log() + LOG_SQRT_TWO_PI)
        return squares / (2 * self.std.square()) + constant, squares.detach()

    @property
    def mean(self) -> Tensor:
        """(N, F, *P), within the bounds unless the output is linear."""
        return self._mean

    def sample(self, generator: torch.Generator) -> Tensor:
        """``mean + std * noise``, (N, F, *P); not cut off at the bounds."""
        noise = torch.randn(self._mean.shape, generator=generator, device=self._mean.device, dtype=self._mean.dtype)
        return self._mean + self.std * noise
