"""Codes of a batch pulled towards the prior as a whole, not one by one: the Wasserstein autoencoder's penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from diabolo.maths.discrepancy import mmd
from diabolo.maths.precision import at_least_float32
from diabolo.parts.regularizers.base import Regularizer
from diabolo.records import Penalty, Step
from diabolo.spec import option

if TYPE_CHECKING:
    from diabolo.model import Model


@final
@dataclass
class Mmd(Regularizer):
    """``weight * MMD²(codes of the batch, draws of N(0, 1))``: the same number for every row of a batch.

    A VAE presses each row's posterior onto the prior, so that neighbors overlap and pictures blur; this asks only that all
    codes together look like draws of it. The estimate is good for batches of some hundred rows; see
    :func:`diabolo.maths.discrepancy.mmd`. The bottleneck's ``prior=normal`` says that new rows are to be drawn from there.

    Tolstikhin et al. 2018, https://arxiv.org/abs/1711.01558
    """

    name: ClassVar[str] = "mmd"

    weight: float = option(10.0, "price of one unit of squared discrepancy, beside nats a row", low=0.0)

    def __call__(self, model: Model, step: Step) -> Penalty:
        z = at_least_float32(step.code.z.flatten(1))
        with torch.autocast(z.device.type, enabled=False):  # distances of near points need all their digits
            prior = torch.randn(z.shape, generator=step.context.generator, device=z.device, dtype=z.dtype)
            value = self.weight * mmd(z, prior)
        return Penalty(value.expand(len(step.batch.x)))
