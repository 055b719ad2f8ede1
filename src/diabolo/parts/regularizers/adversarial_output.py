"""Outputs judged by a critic that tells them from data, and compared with them in what it sees: the VAE-GAN's penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch
from torch import Tensor, nn

from diabolo.maths.rows import repeated, row_sum
from diabolo.parts.regularizers.base import Regularizer
from diabolo.parts.regularizers.critics import (
    a_row,
    fake_cost,
    frozen,
    judged,
    map_critic,
    real_cost,
    slope,
    vector_critic,
)
from diabolo.records import Layout, Penalty, Step
from diabolo.spec import option

if TYPE_CHECKING:
    from diabolo.model import Model


@final
@dataclass
class AdversarialOutput(Regularizer):
    """``weight * (−log D(x̃) − log D(x̂)) + features * ½‖f(x) − f(x̃)‖²`` for data x, reconstructions x̃ and decoded draws x̂.

    The critic D is convolutional for pictures and series, fully connected for tables; f are the outputs of its last stage,
    which layer normalization keeps at a spread of about 1. It learns ``−log D(x) − log(1 − D(x̃)) − log(1 − D(x̂))`` a row, and
    pays ``smoothness * ½‖∇D(x)‖²`` (Mescheder et al. 2018). x̂ are decoded draws of N(0, 1), one a row, with the row's
    condition; where the bottleneck has no prior there are none. Where cells are missing, they are missing in all three.

    As in the paper: the three kinds of rows, and the Gaussian error of variance 1 in the critic's features. Other than there:
    that error counts a tenth (``features=1`` for all of it), and the likelihood of the cells stays beside it instead of giving
    way to it; the encoder, too, hears what the critic says of x̃; the price of being told from data is the one that does not go
    flat while the critic is sure; the critic normalizes by layer, so that rows do not mix; one backward pass trains all.

    Larsen et al. 2016, https://arxiv.org/abs/1512.09300; Mescheder et al. 2018, https://arxiv.org/abs/1801.04406
    """

    name: ClassVar[str] = "adversarial-output"

    weight: float = option(1.0, "price of one nat of the critic's certainty, beside nats a row", low=0.0)
    features: float = option(0.1, "price of half a squared difference of the critic's features", low=0.0)
    smoothness: float = option(1.0, "price of half the critic's squared slope at data", low=0.0)
    widths: tuple[int, ...] = option((32, 64), "channels (tables: units) of the critic's stages", low=1)

    def build(self, target: Layout, code_shape: tuple[int, ...]) -> nn.Module:
        if target.positions:
            return map_critic(target.shape, self.widths, "layer")
        return vector_critic(target.cells, self.widths, "layer")

    def __call__(self, model: Model, step: Step) -> Penalty:
        critic, batch, samples = model.critics[self.name], step.batch, step.code.samples
        n, real = len(batch.x), batch.real
        restored = _seen(step.output.mean, repeated(real, samples))  # (N * samples, F, *P)
        made = torch.cat([restored, *self._drawn(model, step)])
        data = _seen(batch.aim, real)
        (f_made, taken), (_, told) = frozen(critic, made), judged(critic, made.detach())
        f_data, believed = judged(critic, data)
        away = row_sum((repeated(f_data.detach(), samples) - f_made[: len(restored)]).square()) / 2
        value = self.weight * _each(real_cost(taken), n, samples) + self.features * a_row(away, n)
        own = real_cost(believed) + _each(fake_cost(told), n, samples)
        if self.smoothness:
            own = own + self.smoothness / 2 * slope(critic, data, believed, step.context.generator)
        return Penalty(value, own)

    def _drawn(self, model: Model, step: Step) -> list[Tensor]:
        """Decoded draws of the prior, [(N, F, *P)]; [] where there is no prior."""
        z = step.code.z
        if model.bottleneck.prior() is None:
            return []
        shape = (len(step.batch.x), *z.shape[1:])
        draws = torch.randn(shape, generator=step.context.generator, device=z.device, dtype=z.dtype)
        return [_seen(model.decode(draws, step.batch.condition).mean, step.batch.real)]


def _seen(x: Tensor, real: Tensor | None) -> Tensor:
    """x (N, F, *P) as the critic is shown it: 0 where cells are missing."""
    return x if real is None else x * real.to(x.dtype)


def _each(costs: Tensor, rows: int, samples: int) -> Tensor:
    """Costs of reconstructions (N * samples), then those of draws (N or none) -> the mean of a row's reconstructions plus its
    draw's, (N,).
    """
    restored, drawn = costs.split([rows * samples, len(costs) - rows * samples])
    return a_row(restored, rows) + (drawn if len(drawn) else 0)
