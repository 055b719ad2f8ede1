"""Codes judged by a critic that tells them from draws of the prior: the adversarial autoencoder's penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch
from torch import Tensor, nn

from diabolo.parts.regularizers.base import Regularizer
from diabolo.parts.regularizers.critics import a_row, asked_of_codes, code_critic, fake_cost, real_cost, slope
from diabolo.records import Layout, Penalty, Step
from diabolo.spec import option

if TYPE_CHECKING:
    from diabolo.model import Model


@final
@dataclass
class Adversarial(Regularizer):
    """``weight * −log D(z)``: what a code pays for being told from a draw of N(0, 1) by the critic D.

    The critic, fully connected, sees whole codes. It learns ``−log D(draw) − log(1 − D(z)) + smoothness * ½‖∇D(draw)‖²`` a
    row. Where it can no longer tell, D is 1/2: the code pays ``weight log 2``, the critic 2 log 2. The code's price is the one
    that does not go flat while the critic is sure (Goodfellow et al. 2014, section 3). Unlike ``mmd`` it needs no large
    batches; unlike a VAE's KL divergence it asks nothing of a single row. The bottleneck's ``prior=normal`` says that new rows
    are to be drawn from there.

    Differs from the paper in two things: both sides are trained in one step, by one backward pass; and the critic pays for
    its slope at the draws, without which the two sides chase each other in circles (Mescheder et al. 2018).

    Makhzani et al. 2016, https://arxiv.org/abs/1511.05644; Mescheder et al. 2018, https://arxiv.org/abs/1801.04406
    """

    name: ClassVar[str] = "adversarial"

    weight: float = option(1.0, "price of one nat of the critic's certainty, beside nats a row", low=0.0)
    smoothness: float = option(2.0, "price of half the critic's squared slope at draws of the prior", low=0.0)
    widths: tuple[int, ...] = option((128, 128), "units of the critic's layers", low=1)

    def build(self, target: Layout, code_shape: tuple[int, ...]) -> nn.Module:
        return code_critic(code_shape, self.widths)

    def __call__(self, model: Model, step: Step) -> Penalty:
        critic, n, generator = model.critics[self.name], len(step.batch.x), step.context.generator
        said = asked_of_codes(critic, step.code.z, lambda z: normal_draws(z, generator))
        steep = slope(critic, said.others, said.other, generator)
        own = real_cost(said.other) + fake_cost(said.told) + self.smoothness / 2 * steep
        return Penalty(self.weight * a_row(real_cost(said.taken), n), a_row(own, n))


def normal_draws(z: Tensor, generator: torch.Generator) -> Tensor:
    """As many draws from N(0, I) as there are codes z (N, K), in their dtype."""
    return torch.randn(z.shape, generator=generator, device=z.device, dtype=z.dtype)
