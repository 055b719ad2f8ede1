"""Code numbers that tell of each other, by a critic that knows whole codes from shuffled ones: FactorVAE's penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch
from torch import Tensor, nn

from diabolo.parts.regularizers.base import Regularizer
from diabolo.parts.regularizers.critics import a_row, asked_of_codes, code_critic, fake_cost, real_cost
from diabolo.records import Layout, Penalty, Step
from diabolo.spec import option

if TYPE_CHECKING:
    from diabolo.model import Model


@final
@dataclass
class TotalCorrelation(Regularizer):
    """``weight * log(D(z) / (1 − D(z)))``, whose mean is weight times the total correlation ``KL(q(z) ‖ Π q(z_j))`` in nats.

    D(z) is the chance, as the critic sees it, that z is a code and not put together from numbers of different rows; it learns
    ``½(−log D(z) − log(1 − D(shuffled z)))``. For codes that are drawn (bottleneck gaussian), beside their KL divergence: that
    numbers tell nothing of each other is then asked without asking that they tell less (equation 3). A single row's value
    may be negative.

    Differs from the paper (algorithm 2) in that the codes that are shuffled are those of the batch itself, not of a second one,
    and in a smaller critic; ``widths`` changes that.

    Kim & Mnih 2018, https://arxiv.org/abs/1802.05983
    """

    name: ClassVar[str] = "total-correlation"

    weight: float = option(10.0, "price of one nat of total correlation", low=0.0)
    widths: tuple[int, ...] = option((128, 128), "units of the critic's layers", low=1)

    def build(self, target: Layout, code_shape: tuple[int, ...]) -> nn.Module:
        return code_critic(code_shape, self.widths)

    def __call__(self, model: Model, step: Step) -> Penalty:
        critic, n = model.critics[self.name], len(step.batch.x)
        said = asked_of_codes(critic, step.code.z, lambda z: shuffled(z, step.context.generator))
        return Penalty(self.weight * a_row(said.taken, n), a_row(real_cost(said.told) + fake_cost(said.other), n) / 2)


def shuffled(z: Tensor, generator: torch.Generator) -> Tensor:
    """z (N, K) with each column in an order of its own, like draws of the product of its columns' distributions."""
    order = torch.rand(z.shape, generator=generator, device=z.device).argsort(0)
    return z.gather(0, order)
