"""The variational code: a normal distribution over codes for every row, and a price on what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.distributions import Normal

from diabolo.errors import ParameterError
from diabolo.maths.divergences import kl_normal
from diabolo.maths.precision import at_least_float32
from diabolo.maths.ranges import positive
from diabolo.maths.rows import repeated, row_sum
from diabolo.parts.bottlenecks.activations import check_channels
from diabolo.parts.bottlenecks.base import Bottleneck, Neck
from diabolo.records import Code, Context
from diabolo.spec import option

MIN_STD = 1e-4  # of the posterior; log(std) and so the KL divergence stay finite


@final
@dataclass
class Gaussian(Bottleneck):
    """``q(z|x) = N(mean(x), std(x)²)`` for each code number, ``p(z) = N(0, 1)``: the code of a VAE.

    The encoder gives 2K channels: the means first, then K raw numbers whose :func:`~diabolo.maths.ranges.positive` is
    ``std``, the standard deviation (1 where the raw number is 0, so that an untrained model starts near the prior).
    Training pays, a row, in nats::

        cost = beta * weight * sum over code numbers of max(kl, free_bits)

    - beta: 1 is the ELBO; more presses the numbers apart and towards the prior (Higgins et al. 2017); 0 leaves a
      stochastic code that costs nothing.
    - warmup: the fraction of training over which ``weight`` grows linearly from 0 to 1 (Bowman et al. 2016; Sønderby
      et al. 2016); 0 is 1 from the start.
    - free_bits: nats a code number may tell for nothing (Kingma et al. 2016). kl is averaged over the batch, and over
      the positions of a channel where there are any, before it is compared, as there: below the threshold a channel
      costs ``free_bits`` a number and feels no pressure. The batch is part of that average, so the cost of a row
      depends a little on its neighbours.

    - samples: codes drawn for a row. More than one train the importance-weighted bound
      ``log mean p(x|z) p(z) / q(z|x)``, which lies between the ELBO and log p(x) (Burda et al. 2016); the options above
      must then be as they come.
    - samples_from: the fraction of training before which one code a row is drawn all the same. Those steps train the ELBO,
      each for a fraction of the price, and so come most of the way; the bound of several does the rest.

    ``Code.kl`` is always the raw divergence, without weights and free bits. The code is drawn with the context's
    generator in evaluation too; ``mode`` is the mean.

    References: Kingma & Welling 2013, https://arxiv.org/abs/1312.6114; Rezende et al. 2014,
    https://arxiv.org/abs/1401.4082; Higgins et al. 2017, https://openreview.net/forum?id=Sy2fzU9gl; Bowman et al. 2016,
    https://arxiv.org/abs/1511.06349; Burda et al. 2016, https://arxiv.org/abs/1509.00519; Sønderby et al. 2016,
    https://arxiv.org/abs/1602.02282; Kingma et al. 2016, https://arxiv.org/abs/1606.04934
    """

    name: ClassVar[str] = "gaussian"

    beta: float = option(1.0, "weight of the KL divergence", low=0.0)
    warmup: float = option(0.0, "fraction of training over which that weight grows from 0", low=0.0, high=1.0)
    free_bits: float = option(0.0, "nats a code number may tell for nothing", low=0.0)
    samples: int = option(1, "codes drawn a row in training; more tighten the bound", low=1)
    samples_from: float = option(0.0, "share of training with one draw a row, before the others join", low=0.0, high=0.99)

    def check(self) -> None:
        """Also raise ParameterError where several samples meet a weight, which the bound of several samples does not have."""
        super().check()
        if self.samples > 1 and (self.beta, self.warmup, self.free_bits) != (1.0, 0.0, 0.0):
            raise ParameterError(
                f"With samples={self.samples} the loss is a bound on the likelihood and has no weights: beta must be 1, warmup "
                f"and free_bits 0; they are {self.beta:g}, {self.warmup:g} and {self.free_bits:g}. Use samples=1, or "
                "leave them out."
            )

    def wants(self, latent_dim: int) -> int:
        """2K: a mean and a raw spread for each code number."""
        return 2 * latent_dim

    def build(self, latent_dim: int) -> GaussianNeck:
        """The module; it has no parameters. ParameterError where several samples are to begin and there is one."""
        if self.samples == 1 and self.samples_from:
            raise ParameterError(
                f"samples_from={self.samples_from:g} says when several samples begin, and samples is 1. Use samples=5, or "
                "leave samples_from out."
            )
        return GaussianNeck(latent_dim, self.beta, self.warmup, self.free_bits, self.samples, self.samples_from)


@final
class GaussianNeck(Neck):
    """A normal posterior over ``latent_dim`` channels, h (N, 2K, *L) -> z (N, K, *L)."""

    variational = True
    origin: Tensor

    def __init__(
        self, latent_dim: int, beta: float, warmup: float, free_bits: float, samples: int, samples_from: float = 0.0
    ) -> None:
        super().__init__()
        self.latent_dim, self.beta, self.warmup, self.free_bits = latent_dim, beta, warmup, free_bits
        self.samples, self.samples_from = samples, samples_from
        self.register_buffer("origin", torch.zeros(()), persistent=False)  # puts the prior on the model's device

    def forward(self, h: Tensor, real: Tensor | None, context: Context) -> Code:
        """h (N, 2K, *L) -> draws ``mean + std * noise``, ``samples`` a row.

        real: (N, 1, *L) or (N, K, *L), 0 where no code number counts.
        """
        q = self.posterior(h)
        kl = kl_normal(q.mean, q.stddev)  # (N, K, *L)
        kl = kl if real is None else kl * real.to(kl.dtype)
        samples = 1 if context.training and context.fraction < self.samples_from else self.samples
        mean, std = repeated(q.mean, samples), repeated(q.stddev, samples)
        noise = torch.randn(mean.shape, generator=context.generator, device=h.device, dtype=mean.dtype)
        z = mean + std * noise
        if samples == 1:
            cost = self.beta * self._weight(context) * row_sum(self._paid(kl, real))
        else:  # log q(z|x) − log p(z) at the draw
            cost = row_sum((z.square() - noise.square()) / 2 - std.log(), repeated(real, samples))
        return Code(z, cost, kl, q, samples)

    def mode(self, h: Tensor) -> Tensor:
        """The posterior's mean, (N, K, *L)."""
        return self.posterior(h).mean

    def posterior(self, h: Tensor) -> Normal:
        """q(z|x), one independent normal distribution a code number, (N, K, *L)."""
        check_channels(h, 2 * self.latent_dim, "the means, then the raw spreads")
        mean, raw = at_least_float32(h).chunk(2, dim=1)
        return Normal(mean, positive(raw, start=1.0, floor=MIN_STD), validate_args=False)

    def prior(self) -> Normal:
        """The standard normal distribution of one code number."""
        return Normal(self.origin, torch.ones_like(self.origin), validate_args=False)

    def _weight(self, context: Context) -> float:
        return 1.0 if self.warmup == 0 else min(1.0, context.fraction / self.warmup)

    def _paid(self, kl: Tensor, real: Tensor | None) -> Tensor:
        """kl (N, K, *L) -> what a row pays for each number; its mean over rows is ``max(mean kl, free_bits)``."""
        if self.free_bits == 0:
            return kl
        counted = torch.ones_like(kl) if real is None else real.to(kl.dtype).expand_as(kl)
        others = [d for d in range(kl.ndim) if d != 1]
        mean = kl.sum(others, keepdim=True) / counted.sum(others, keepdim=True).clamp(min=1)  # (1, K, 1...)
        return torch.where(mean > self.free_bits, kl, self.free_bits * counted)
