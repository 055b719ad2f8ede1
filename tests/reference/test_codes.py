"""What a code costs, against torch.distributions and closed forms: variational codes and sparse ones."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence

from diabolo.parts.bottlenecks import Gaussian, SparseKL, SparseL1
from diabolo.parts.bottlenecks.base import Bottleneck
from diabolo.records import Code, Context

K = 4
H = torch.randn(6, 2 * K, 3, generator=torch.Generator().manual_seed(0))


def coded(part: Bottleneck, h: Tensor = H, fraction: float = 1.0, real: Tensor | None = None, seed: int = 0) -> Code:
    return part.build(K)(h, real, Context(fraction, torch.Generator().manual_seed(seed), training=True))


def test_the_posterior_is_what_the_encoder_says() -> None:
    """Means first; the raw spread 0 is the prior's standard deviation."""
    neck = Gaussian().build(2)
    q = neck.posterior(torch.tensor([[1.0, -2.0, 0.0, 3.0]]))
    assert q.mean.tolist() == [[1.0, -2.0]]
    assert q.stddev[0, 0].item() == pytest.approx(1, abs=1e-6)
    assert 3 < q.stddev[0, 1].item() < 4
    assert (neck.prior().mean, neck.prior().stddev) == (0, 1)


def test_kl_and_cost_are_torchs() -> None:
    code = coded(Gaussian())
    assert code.posterior is not None
    assert code.kl is not None
    expected = kl_divergence(code.posterior, Normal(0.0, 1.0))
    torch.testing.assert_close(code.kl, expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(code.cost, expected.flatten(1).sum(1), rtol=1e-5, atol=1e-5)


def test_draws_follow_the_posterior() -> None:
    """20 000 draws of one row: mean and standard deviation within five standard errors, neither taken for a variance."""
    h = torch.tensor([[0.7, -1.0, 0.0, 2.0, 1.0, -2.0, 0.3, -0.5]])
    code = coded(Gaussian(), h.expand(20_000, -1))
    q = Gaussian().build(K).posterior(h)
    assert ((code.z.mean(0) - q.mean[0]).abs() < 5 * q.stddev[0] / 20_000**0.5).all()
    assert ((code.z.std(0) / q.stddev[0] - 1).abs() < 5 / 40_000**0.5).all()


def test_gradients_go_through_the_draw() -> None:
    """d z / d mean = 1 and d z / d std is the noise (Kingma & Welling 2013)."""
    h = H.clone().requires_grad_()
    code = coded(Gaussian(), h)
    noise = torch.randn(6, K, 3, generator=torch.Generator().manual_seed(0))
    code.z.sum().backward()
    assert h.grad is not None
    torch.testing.assert_close(h.grad[:, :K], torch.ones(6, K, 3))
    raw = H[:, K:].clone().requires_grad_()
    Gaussian().build(K).posterior(torch.cat([H[:, :K], raw], 1)).stddev.backward(noise)
    torch.testing.assert_close(h.grad[:, K:], raw.grad)


def test_beta_is_a_factor_and_kl_stays_raw() -> None:
    once, four = coded(Gaussian()), coded(Gaussian(beta=4.0))
    torch.testing.assert_close(four.cost, 4 * once.cost)
    assert torch.equal(four.kl, once.kl)  # type: ignore[arg-type]
    assert coded(Gaussian(beta=0.0)).cost.abs().max() == 0


@pytest.mark.parametrize(("fraction", "weight"), [(0.0, 0.0), (0.1, 0.25), (0.2, 0.5), (0.4, 1.0), (1.0, 1.0)])
def test_warmup_grows_linearly(fraction: float, weight: float) -> None:
    part = Gaussian(beta=2.0, warmup=0.4)
    torch.testing.assert_close(coded(part, fraction=fraction).cost, weight * coded(Gaussian(beta=2.0)).cost)
    assert torch.equal(coded(part, fraction=fraction).kl, coded(Gaussian()).kl)  # type: ignore[arg-type]


def test_no_warmup_pays_from_the_first_step() -> None:
    assert torch.equal(coded(Gaussian(), fraction=0.0).cost, coded(Gaussian(), fraction=1.0).cost)


@pytest.mark.parametrize("free_bits", [0.05, 0.5, 2.0, 50.0])
def test_free_bits(free_bits: float) -> None:
    """The mean over rows is the sum over channels of max(mean kl, free bits), each for its three positions."""
    code = coded(Gaussian(beta=2.0, free_bits=free_bits))
    assert code.kl is not None
    mean = code.kl.mean((0, 2))
    torch.testing.assert_close(code.cost.mean(), 2 * 3 * mean.clamp(min=free_bits).sum())
    assert torch.equal(code.kl, coded(Gaussian()).kl)  # type: ignore[arg-type]


def test_free_bits_take_the_pressure_off() -> None:
    """A channel below the threshold feels no gradient, one above it the whole."""
    h = torch.zeros(5, 2 * K)
    h[:, 0], h[:, 1] = 2.0, 0.1
    grads = []
    for part in (Gaussian(free_bits=0.5), Gaussian()):
        given = h.clone().requires_grad_()
        coded(part, given).cost.sum().backward()
        assert given.grad is not None
        grads.append(given.grad)
    assert torch.equal(grads[0][:, 0], grads[1][:, 0])
    assert (grads[1][:, 1] != 0).all()
    assert (grads[0][:, 1] == 0).all()


def test_sparse_kl_is_that_of_coins_with_the_batchs_mean_activity() -> None:
    h = H[:, :K]
    code = coded(SparseKL(target=0.1, weight=2.0), h)
    activity = torch.sigmoid(h).mean((0, 2))
    expected = 2 * 3 * kl_divergence(Bernoulli(torch.tensor(0.1)), Bernoulli(activity)).sum()
    torch.testing.assert_close(code.cost, expected.expand(6))
    torch.testing.assert_close(code.z, torch.sigmoid(h))


def test_sparse_kl_by_hand() -> None:
    """Ng 2011 for two rows of one number: activities 0.2 and 0.6, so 0.4 on the mean."""
    h = torch.logit(torch.tensor([[0.2], [0.6]]))
    cost = SparseKL(target=0.05, weight=3.0).build(1)(h, None, Context(1.0, torch.Generator(), training=True)).cost
    by_hand = 3 * (0.05 * math.log(0.05 / 0.4) + 0.95 * math.log(0.95 / 0.6))
    assert cost.tolist() == pytest.approx([by_hand, by_hand])


def test_sparse_kl_is_free_at_the_target() -> None:
    h = torch.full((8, K), math.log(0.05 / 0.95)).requires_grad_()
    cost = coded(SparseKL(target=0.05), h).cost
    cost.sum().backward()
    assert cost.abs().max() < 1e-6
    assert h.grad is not None
    assert h.grad.abs().max() < 1e-6


def test_sparse_l1_is_the_sum_of_absolute_values() -> None:
    h = H[:, :K]
    torch.testing.assert_close(coded(SparseL1(weight=0.5, activation="none"), h).cost, 0.5 * h.abs().sum((1, 2)))
    torch.testing.assert_close(coded(SparseL1(weight=0.5), h).cost, 0.5 * h.clamp(min=0).sum((1, 2)))
