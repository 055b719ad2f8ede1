"""Score: how likely each row is under the model, or how well it is restored where the model is no density."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor
from torch.distributions import kl_divergence

from diabolo.errors import UnsupportedError
from diabolo.jobs.inference import apply, rows_of
from diabolo.jobs.reconstruct import reconstruction_error
from diabolo.parts.likelihoods.base import Output
from diabolo.records import Batch
from diabolo.trained import Trained
from diabolo.training.device import device_generator

DRAWS = 16


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
    if trained.model.bottleneck.prior() is None or trained.target_kind is not None:
        return "minus mean squared error"
    if not trained.model.composition.likelihood.density:
        return "minus loss and KL divergence: no log-likelihood"
    return f"nats (evidence lower bound of {trained.model.composition.likelihood.about})"


def score(trained: Trained, data: Any, y: Any = None) -> Scores:
    """ELBO = E_q[log p(x|z)] − KL(q ‖ p) a row, in the caller's units, or minus the squared error.

    The expectation is the mean of 16 draws whose noise is the same for every row, so a row's score does not depend on its
    neighbours. Whole-number data (uint8 pixels) are scored as probabilities of the value, not as densities.
    """
    if trained.target_kind is not None:
        raise UnsupportedError("A model of pairs has no score of its inputs alone. Use reconstruction_error(X, target=...).")
    unit = score_unit(trained)
    if unit == "minus mean squared error":
        return Scores(-reconstruction_error(trained, data, y), unit)
    source = rows_of(trained, data)

    def terms(x: Tensor, c: Tensor | None) -> Tensor:
        return elbo_terms(trained, x, c, device_generator(x.device).manual_seed(0), draws=DRAWS, shared=True)

    found = apply(trained, source, trained.condition(y, len(source)), terms).double()
    return Scores((found[:, 0] - found[:, 1]).numpy(), unit)


def elbo_terms(
    trained: Trained, x: Tensor, condition: Tensor | None, generator: torch.Generator, *, draws: int, shared: bool
) -> Tensor:
    """x (N, F, *P) -> (N, 2): E_q[log p(x|z)] in the caller's units and KL(q ‖ p), in nats.

    shared: the same noise for every row, so that a row's terms do not depend on its neighbours; independent noise makes
    the mean over rows more exact.
    """
    model = trained.model
    prior = model.bottleneck.prior()
    assert prior is not None  # only called where the code has a distribution
    total = x.new_zeros(len(x), 2)
    for _ in range(draws):
        seen = model.likelihood.observe(Batch(x), generator, shared=shared)
        q = model.posterior(seen.x, condition)
        assert q is not None  # a prior implies a posterior
        shape = model.code_shape if shared else q.mean.shape
        noise = torch.randn(shape, generator=generator, device=x.device)
        cells = log_likelihood(trained, model.decode(q.mean + q.stddev * noise, condition), seen.aim)
        total += torch.stack([cells.flatten(1).sum(1), kl_divergence(q, prior).flatten(1).sum(1)], dim=1)
    total /= draws
    total[:, 0] += shift(trained)
    return total


def log_likelihood(trained: Trained, output: Output, x: Tensor) -> Tensor:
    """log p(x|z) a cell: of the value's own bin where the data are whole numbers, of the density elsewhere."""
    step = trained.model.target.step
    if step is None or not trained.model.composition.likelihood.scaled:
        return output.log_prob(x)
    return output.log_mass(x, step)


def shift(trained: Trained) -> float:
    """Nats a row that turn the density inside into one in the caller's units; 0 where values are whole numbers."""
    scaled = trained.model.composition.likelihood.scaled and trained.model.target.step is None
    return trained.out_kind.log_scale if scaled else 0.0
