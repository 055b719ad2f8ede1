"""What critics and those they judge pay, beside the papers' formulas written out with probabilities."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy as cross_entropy
from torch.nn.functional import softplus

from diabolo.composition import Composition
from diabolo.model import Model
from diabolo.parts.bottlenecks import Gaussian as GaussianCode
from diabolo.parts.bottlenecks import Plain
from diabolo.parts.likelihoods import Gaussian
from diabolo.parts.networks import Conv, Mlp
from diabolo.parts.regularizers import Adversarial, AdversarialOutput, TotalCorrelation
from diabolo.parts.regularizers.base import Regularizer
from diabolo.parts.regularizers.critics import fake_cost, frozen, map_critic, real_cost, slope, vector_critic
from diabolo.parts.regularizers.total_correlation import shuffled
from diabolo.records import Batch, Context, Layout, Loss

TABLE = Layout(tuple("abcde"))
IMAGE = Layout(("grey",), (9, 6), (0.0, 1.0))
N = 6


def model_of(part: Regularizer, layout: Layout = TABLE, bottleneck: Any = None, condition: int = 0) -> Model:
    torch.manual_seed(0)
    network = Conv(channels=(4,), hidden=8, normalization="none") if layout.positions else Mlp(widths=(4,))
    parts = Composition(network, bottleneck or Plain(prior="normal"), Gaussian(), None, (part,))
    model = Model(parts, layout, layout, 3, condition)
    model.build_critics()
    return model


def rows(layout: Layout) -> Tensor:
    return torch.rand(N, *layout.shape, generator=torch.Generator().manual_seed(1))


def loss_of(model: Model, batch: Batch, seed: int = 5) -> Loss:
    found: Loss = model(batch, Context(1.0, torch.Generator().manual_seed(seed), training=True))
    return found


def chance(critic: nn.Module, x: Tensor) -> Tensor:
    """D(x), the chance that a row is real."""
    return torch.sigmoid(critic(x)[1])


def test_codes_pay_for_being_told_from_draws() -> None:
    part = Adversarial(weight=3.0, smoothness=0.0)
    model, x = model_of(part), rows(TABLE)
    loss, critic = loss_of(model, Batch(x)), model.critics["adversarial"]
    draws = torch.randn(N, 3, generator=torch.Generator().manual_seed(5))
    z = model.encode(x)
    torch.testing.assert_close(loss.penalties["adversarial"], -3 * chance(critic, z).log())
    torch.testing.assert_close(loss.critics["adversarial"], -chance(critic, draws).log() - (1 - chance(critic, z)).log())
    torch.testing.assert_close(loss.total, loss.reconstruction + loss.penalties["adversarial"])  # the critic's own is not in it


def test_a_critic_that_cannot_tell_costs_a_bit() -> None:
    model = model_of(Adversarial(weight=1.0))
    head: Any = model.critics["adversarial"].head
    nn.init.zeros_(head.weight)
    loss = loss_of(model, Batch(rows(TABLE)))
    torch.testing.assert_close(loss.penalties["adversarial"], torch.full((N,), math.log(2)))
    torch.testing.assert_close(loss.critics["adversarial"], torch.full((N,), 2 * math.log(2)))


def test_the_best_critic_knows_the_divergence() -> None:
    """For D* = p/(p + q) the critic's least loss is 2 log 2 − 2 JSD(p, q) (Goodfellow et al. 2014, theorem 1)."""
    grid = np.linspace(-12, 12, 20001)
    p, q = (np.exp(-((grid - m) ** 2) / 2) / math.sqrt(2 * math.pi) for m in (0, 1.5))
    mean, dx = (p + q) / 2, grid[1] - grid[0]
    jsd = sum((d * np.log(d / mean)).sum() * dx / 2 for d in (p, q))
    logit = torch.from_numpy(np.log(p / q))
    paid = float((torch.from_numpy(p) * real_cost(logit) + torch.from_numpy(q) * fake_cost(logit)).sum() * dx)
    assert paid == pytest.approx(2 * math.log(2) - 2 * jsd, rel=1e-6)


def test_the_slope_is_the_squared_gradient() -> None:
    """In the mean over directions, beside autograd's gradient."""
    torch.manual_seed(0)
    critic, x = vector_critic(3, (16,)), torch.randn(4, 3, requires_grad=True)
    exact = torch.autograd.grad(critic(x)[1].sum(), x)[0].square().sum(1)
    many = x.detach().repeat_interleave(20_000, 0)
    found = slope(critic, many, critic(many)[1], torch.Generator().manual_seed(0)).reshape(4, -1).mean(1)
    torch.testing.assert_close(found, exact, rtol=0.06, atol=0.0)


def test_the_critic_of_codes_pays_for_its_slope() -> None:
    x = rows(TABLE)
    steep, free = (loss_of(model_of(Adversarial(smoothness=g)), Batch(x)).critics["adversarial"] for g in (4.0, 0.0))
    model = model_of(Adversarial())
    generator = torch.Generator().manual_seed(5)
    draws = torch.randn(N, 3, generator=generator)
    critic = model.critics["adversarial"]
    torch.testing.assert_close(steep - free, 2 * slope(critic, draws, critic(draws)[1], generator), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("layout", [TABLE, IMAGE])
def test_outputs_pay_for_being_told_from_data_and_for_other_features(layout: Layout) -> None:
    """Larsen et al. 2016: equation 7 in the features, and the three terms of the critic's loss."""
    part = AdversarialOutput(weight=2.0, features=0.5, smoothness=0.0, widths=(4, 3))
    model, x = model_of(part, layout, GaussianCode()), rows(layout)
    loss, critic = loss_of(model, Batch(x)), model.critics["adversarial-output"]
    generator = torch.Generator().manual_seed(5)
    q = model.posterior(x)
    assert q is not None
    restored = model.decode(q.mean + q.stddev * torch.randn(N, 3, generator=generator)).mean
    drawn = model.decode(torch.randn(N, 3, generator=generator)).mean
    away = (critic(x)[0] - critic(restored)[0]).flatten(1).square().sum(1) / 2
    fooled = -chance(critic, restored).log() - chance(critic, drawn).log()
    torch.testing.assert_close(loss.penalties["adversarial-output"], 2 * fooled + 0.5 * away, rtol=1e-4, atol=1e-4)
    told = [cross_entropy(chance(critic, r), torch.full((N,), t), reduction="none") for r, t in _kinds(x, restored, drawn)]
    torch.testing.assert_close(loss.critics["adversarial-output"], sum(told, torch.zeros(N)), rtol=1e-4, atol=1e-4)


def _kinds(x: Tensor, restored: Tensor, drawn: Tensor) -> list[tuple[Tensor, float]]:
    return [(x, 1.0), (restored, 0.0), (drawn, 0.0)]


def test_without_a_prior_no_draws_are_judged() -> None:
    model, x = model_of(AdversarialOutput(features=0.0, smoothness=0.0), TABLE, Plain()), rows(TABLE)
    loss, critic = loss_of(model, Batch(x)), model.critics["adversarial-output"]
    restored = model.decode(model.encode(x)).mean
    torch.testing.assert_close(loss.penalties["adversarial-output"], -chance(critic, restored).log())
    expected = -chance(critic, x).log() - (1 - chance(critic, restored)).log()
    torch.testing.assert_close(loss.critics["adversarial-output"], expected)


def test_missing_cells_tell_the_critic_nothing() -> None:
    model, x = model_of(AdversarialOutput(), TABLE), rows(TABLE)
    real = torch.ones_like(x)
    real[:, 1] = 0
    changed = x.clone()
    changed[:, 1] = 7.0
    found = [loss_of(model, Batch(torch.zeros_like(x), target=t, real=real)) for t in (x, changed)]
    assert torch.equal(found[0].critics["adversarial-output"], found[1].critics["adversarial-output"])
    assert torch.equal(found[0].penalties["adversarial-output"], found[1].penalties["adversarial-output"])


@pytest.mark.parametrize("part", [Adversarial(), AdversarialOutput(), TotalCorrelation()])
def test_several_samples_a_row_and_conditions_give_one_number_a_row(part: Regularizer) -> None:
    model = model_of(part, TABLE, GaussianCode(samples=3), condition=2)
    loss = loss_of(model, Batch(rows(TABLE), condition=torch.eye(2)[torch.tensor([0, 1, 0, 1, 1, 0])]))
    assert loss.penalties[part.name].shape == loss.critics[part.name].shape == (N,)


def test_the_total_correlation_is_the_critics_log_odds() -> None:
    """FactorVAE's equation 3 and the critic's loss of its algorithm 2."""
    model, x = model_of(TotalCorrelation(weight=2.0)), rows(TABLE)
    loss, critic = loss_of(model, Batch(x)), model.critics["total-correlation"]
    z = model.encode(x)
    mixed = shuffled(z, torch.Generator().manual_seed(5))
    d = chance(critic, z)
    torch.testing.assert_close(loss.penalties["total-correlation"], 2 * (d.log() - (1 - d).log()), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(loss.critics["total-correlation"], -(d.log() + (1 - chance(critic, mixed)).log()) / 2)


def test_shuffling_keeps_each_column_and_breaks_rows() -> None:
    z = torch.arange(200.0)[:, None].expand(200, 4)
    mixed = shuffled(z, torch.Generator().manual_seed(0))
    assert torch.equal(mixed.sort(0).values, z)
    assert np.abs(np.corrcoef(mixed.numpy().T) - np.eye(4)).max() < 0.25


def test_a_trained_critic_finds_the_total_correlation_of_two_normal_numbers() -> None:
    """Two numbers of correlation r have −½ log(1 − r²) nats of it."""
    torch.manual_seed(0)
    critic, r, generator = vector_critic(2, (32, 32)), 0.8, torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(critic.parameters(), 5e-3)

    def codes(n: int) -> Tensor:
        a, b = torch.randn(2, n, generator=generator)
        return torch.stack([a, r * a + math.sqrt(1 - r**2) * b], 1)

    for _ in range(300):
        z = codes(1000)
        loss = (softplus(-critic(z)[1]) + softplus(critic(shuffled(z, generator))[1])).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert critic(codes(20_000))[1].mean().item() == pytest.approx(-0.5 * math.log(1 - r**2), rel=0.15)


@pytest.mark.parametrize("critic", [vector_critic(12, (5, 4), "layer"), map_critic((3, 2, 2), (4,), "layer")])
def test_a_frozen_critic_says_the_same_and_learns_nothing(critic: nn.Module) -> None:
    x = torch.randn(4, 3, 2, 2, requires_grad=True)
    features, logit = frozen(critic, x)
    torch.testing.assert_close(logit, critic(x)[1])
    (logit.sum() + features.sum()).backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    assert all(p.grad is None for p in critic.parameters())
    alone = torch.cat([frozen(critic, row[None])[1] for row in x])
    torch.testing.assert_close(alone, logit)  # no row hears of another
