"""Likelihood: log p(x) of each row, estimated by importance sampling; tighter than the bound that training maximizes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.errors import ParameterError, UnsupportedError
from diabolo.jobs.evaluation.score import log_likelihood as log_likelihood_of
from diabolo.jobs.evaluation.score import shift
from diabolo.jobs.inference import apply
from diabolo.jobs.labels import rows_and_labels
from diabolo.maths.rows import repeated
from diabolo.parts.likelihoods.base import Output
from diabolo.recipes import variational
from diabolo.records import Batch
from diabolo.spec import is_whole
from diabolo.trained import Trained
from diabolo.training.device import device_generator

SAMPLES = 5000
"""As many as published figures take (Burda et al. 2016)."""

CELLS = 2**22
"""Cells decoded at once (16 MB)."""


@final
@dataclass(frozen=True)
class Likelihoods:
    """log p(x) a row.

    values: (n,), nats in the caller's units. samples: codes drawn a row. about: what the numbers speak about.
    """

    values: np.ndarray
    samples: int
    about: str

    @property
    def negative(self) -> float:
        """Mean of −log p(x), nats a row: the NLL of published tables."""
        return float(-self.values.mean())

    @property
    def standard_error(self) -> float:
        """How far the mean would vary with other rows of the same kind, nats; 0 for a single one."""
        return float(self.values.std(ddof=1) / math.sqrt(len(self.values))) if len(self.values) > 1 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        figures = {"nll": self.negative, "standard_error": self.standard_error}
        return figures | {"samples": self.samples, "about": self.about, "values": self.values.tolist()}


def log_likelihood(trained: Trained, data: Any, y: Any = None, *, samples: int = SAMPLES, seed: int = 0) -> Likelihoods:
    """``log p(x) ≈ log (1/S) Σ p(x|z) p(z) / q(z|x)``, z drawn from q(z|x) S times; a lower bound in the mean, tighter with S.

    A likelihood of dynamic bits draws one set of bits for the rows, by the seed. The rows' bits and codes depend on what
    they are read with: compare whole sets.

    Args:
        data: rows as the model takes them. y: labels, for conditional recipes. samples: S, codes drawn a row.

    Raises:
        UnsupportedError where the model is no density: codes without a distribution, a loss in place of a likelihood, pairs.

    Burda et al. 2016, eq. 8, https://arxiv.org/abs/1509.00519
    """
    _check(trained, samples)
    source, y = rows_and_labels(trained, data, y)
    state = {"chunk": 0}

    def estimate(x: Tensor, condition: Tensor | None) -> Tensor:
        generator = device_generator(x.device).manual_seed(seed * 1_000_003 + state["chunk"])
        state["chunk"] += 1
        return _estimate(trained, x, condition, samples, generator)

    found = apply(trained, source, trained.condition(y, len(source)), estimate).double().numpy()
    return Likelihoods(found, samples, trained.model.composition.likelihood.about)


def _check(trained: Trained, samples: int) -> None:
    if not is_whole(samples, 1):
        raise ParameterError(f"samples must be a whole number of at least 1, got {samples!r}.")
    if trained.target_kind is not None:
        raise UnsupportedError("A model of pairs has no likelihood of its inputs. Use evaluate(X, target=...).")
    if not trained.model.bottleneck.variational:
        raise UnsupportedError(
            f"The recipe {trained.config.recipe!r} has no distribution over codes, and so no likelihood. Train a variational "
            f"one: {', '.join(variational())}."
        )
    if not trained.model.composition.likelihood.density:
        raise UnsupportedError(
            f"{trained.model.composition.likelihood.name!r} is a loss and no density. Train with likelihood gaussian, "
            "bernoulli or laplace."
        )


def _estimate(trained: Trained, x: Tensor, condition: Tensor | None, samples: int, generator: torch.Generator) -> Tensor:
    """x (N, F, *P) -> (N,), in the model's own units."""
    model = trained.model
    seen = model.likelihood.observe(Batch(x), generator)
    q = model.posterior(seen.x, condition)
    assert q is not None  # a variational neck has one
    total = x.new_full((len(x),), -math.inf, dtype=torch.float64)
    most = max(1, CELLS // (len(x) * model.target.cells))
    for done in range(0, samples, most):
        count = min(most, samples - done)
        mean, std = repeated(q.mean, count), repeated(q.stddev, count)
        noise = torch.randn(mean.shape, generator=generator, device=x.device)
        z = mean + std * noise
        weight = ((noise.square() - z.square()) / 2 + std.log()).flatten(1).sum(1)  # log p(z) − log q(z|x)
        weight += _log_prob(trained, model.decode(z, repeated(condition, count)), repeated(seen.aim, count))
        total = torch.logaddexp(total, torch.logsumexp(weight.double().unflatten(0, (-1, count)), 1))
    return total - math.log(samples) + shift(trained, x)


def _log_prob(trained: Trained, output: Output, x: Tensor) -> Tensor:
    """log p(x|z) of each row, (N,)."""
    if trained.model.target.step is None or not trained.model.composition.likelihood.scaled:
        return -output.costs(x, trained.model.target.real(x))[0]
    return log_likelihood_of(trained, output, x).flatten(1).sum(1)
