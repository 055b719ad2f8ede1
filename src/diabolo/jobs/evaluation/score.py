"""Score: how likely each row is under the model, or how well it is restored where the model is no density."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor
from torch.distributions import kl_divergence

from diabolo.errors import UnsupportedError
from diabolo.jobs.codes.reconstruct import reconstruction_error
from diabolo.jobs.inference import apply
from diabolo.jobs.labels import rows_and_labels
from diabolo.parts.likelihoods.base import Output
from diabolo.records import Batch
from diabolo.trained import Trained
from diabolo.training.device import device_generator

LEAST_DRAWS, MOST_DRAWS = 16, 64


@final
@dataclass(frozen=True)
class Scores:
    """One number a row, higher is better. unit: what the numbers are."""

    values: np.ndarray
    unit: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"unit": self.unit, "mean": float(self.values.mean()), "values": self.values.tolist()}


def score_unit(trained: Trained) -> str:
    """What :func:`score` returns for this model."""
    if not trained.model.bottleneck.variational or trained.target_kind is not None:
        return "minus mean squared error"
    if not trained.model.composition.likelihood.density:
        return "minus loss and KL divergence: no log-likelihood"
    return f"nats (evidence lower bound of {trained.model.composition.likelihood.about})"


def score(trained: Trained, data: Any, y: Any = None) -> Scores:
    """ELBO = E_q[log p(x|z)] − KL(q ‖ p) a row, in the caller's units, or minus the squared error.

    The expectation is a mean over 16 to 64 points that are the same for every row (:func:`noise_for_all`), so a row's score
    does not depend on its neighbours. Whole-number data (uint8 pixels) are scored as probabilities of the value, not as
    densities.
    """
    if trained.target_kind is not None:
        raise UnsupportedError("A model of pairs has no score of its inputs alone. Use reconstruction_error(X, target=...).")
    unit = score_unit(trained)
    if unit == "minus mean squared error":
        return Scores(-reconstruction_error(trained, data, y), unit)
    source, y = rows_and_labels(trained, data, y)

    def terms(x: Tensor, c: Tensor | None) -> Tensor:
        return elbo_terms(trained, x, c, device_generator(x.device).manual_seed(0), shared=True)

    found = apply(trained, source, trained.condition(y, len(source)), terms).double()
    return Scores((found[:, 0] - found[:, 1]).numpy(), unit)


def elbo_terms(trained: Trained, x: Tensor, condition: Tensor | None, generator: torch.Generator, *, shared: bool) -> Tensor:
    """x (N, F, *P) -> (N, 2): E_q[log p(x|z)] in the caller's units and KL(q ‖ p), in nats.

    shared: the same points for every row, so that a row's terms do not depend on its neighbours; else one draw of its own for
    each row, which is exact in the mean over many rows.
    """
    model = trained.model
    prior = model.bottleneck.prior()
    assert prior is not None  # only called where the code has a distribution
    total = x.new_zeros(len(x), 2)
    points: list[Tensor | None] = list(noise_for_all(model.code_shape, generator)) if shared else [None]
    for point in points:
        seen = model.likelihood.observe(Batch(x), generator, shared=shared)
        q = model.posterior(seen.x, condition)
        assert q is not None  # a variational neck has one
        noise = torch.randn(q.mean.shape, generator=generator, device=x.device) if point is None else point
        cells = log_likelihood(trained, model.decode(q.mean + q.stddev * noise, condition), seen.aim)
        total += torch.stack([cells.flatten(1).sum(1), kl_divergence(q, prior).flatten(1).sum(1)], dim=1)
    total /= len(points)
    total[:, 0] += shift(trained, x)
    return total


def noise_for_all(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Points (draws, *shape) that stand for standard normal noise, the same for every row.

    One random noise for all rows would have an error that no number of rows averages away: 0.3 nats with 16 draws of 8
    numbers. So the points lie at ``±√K q`` for an orthonormal basis q of the K numbers, turned at random: the mean over them
    is that over the normal distribution for every polynomial up to the third degree (0.005 nats in the same case). At least
    16 points, of several bases at different radii; at most 64, of a part of a basis.

    Reference: the spherical-radial rule of degree 3, Arasaratnam & Haykin 2009, https://doi.org/10.1109/TAC.2009.2019800
    """
    k = math.prod(shape)
    bases = -(-LEAST_DRAWS // (2 * k))
    size = (k, min(k, MOST_DRAWS // 2))
    turned = [torch.linalg.qr(torch.randn(size, generator=generator, device=generator.device)).Q.T for _ in range(bases)]
    if bases == 1:
        points = turned[0] * math.sqrt(k)
    else:
        squares = torch.randn(bases, k, generator=generator, device=generator.device).square().sum(1)
        radii = (squares * k / squares.mean()).sqrt()
        points = torch.cat([radius * basis for radius, basis in zip(radii, turned, strict=True)])
    return torch.cat([points, -points]).reshape(-1, *shape)


def log_likelihood(trained: Trained, output: Output, x: Tensor) -> Tensor:
    """log p(x|z) a cell, 0 where it is missing: of the value's own bin where the data are whole numbers, of the density
    elsewhere."""
    step, real = trained.model.target.step, trained.model.target.real(x)
    whole = step is not None and trained.model.composition.likelihood.scaled
    found = output.log_mass(x, step) if whole and step is not None else output.log_prob(x)
    return found if real is None else found * real


def shift(trained: Trained, x: Tensor) -> Tensor:
    """Nats that turn the density inside of rows x (N, F, *P) into one in the caller's units, (N,); 0 for whole numbers."""
    scaled = trained.model.composition.likelihood.scaled and trained.model.target.step is None
    return trained.out_kind.log_scales(x) if scaled else x.new_zeros(len(x))
