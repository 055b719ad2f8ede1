"""Divergences against torch.distributions and against numerical integration."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from torch.distributions import Bernoulli, Normal, kl_divergence

from diabolo.maths.divergences import kl_bernoulli, kl_normal

MEANS, STDS = torch.meshgrid(torch.linspace(-4, 4, 9), torch.logspace(-3, 2, 11), indexing="ij")


def test_kl_normal_is_that_of_torch() -> None:
    torch.testing.assert_close(
        kl_normal(MEANS, STDS), kl_divergence(Normal(MEANS, STDS), Normal(0.0, 1.0)), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (1.5, 0.3), (-2.0, 2.5)])
def test_kl_normal_is_the_integral(mean: float, std: float) -> None:
    q = stats.norm(mean, std)
    value, _ = integrate.quad(lambda x: q.pdf(x) * (q.logpdf(x) - stats.norm.logpdf(x)), mean - 12 * std, mean + 12 * std)
    assert kl_normal(torch.tensor(mean), torch.tensor(std)).item() == pytest.approx(value, abs=1e-6)


def test_kl_normal_takes_a_standard_deviation_not_a_variance() -> None:
    """N(0, 2²): (4 - 1) / 2 - log 2. Read as a variance, 2 would give (2 - 1) / 2 - log(2) / 2."""
    assert kl_normal(torch.tensor(0.0), torch.tensor(2.0)).item() == pytest.approx(1.5 - np.log(2))


def test_kl_normal_gradient_is_zero_at_the_prior() -> None:
    mean, std = torch.zeros(3, requires_grad=True), torch.ones(3, requires_grad=True)
    kl_normal(mean, std).sum().backward()
    assert torch.equal(torch.stack([mean.grad, std.grad]), torch.zeros(2, 3))  # type: ignore[list-item]


RHOS, RHO_HATS = torch.meshgrid(torch.tensor([0.01, 0.05, 0.5, 0.9]), torch.linspace(0.01, 0.99, 21), indexing="ij")


def test_kl_bernoulli_is_that_of_torch() -> None:
    expected = kl_divergence(Bernoulli(RHOS), Bernoulli(RHO_HATS))
    torch.testing.assert_close(kl_bernoulli(RHOS, RHO_HATS), expected, rtol=1e-5, atol=1e-6)


def test_kl_bernoulli_by_hand() -> None:
    """Ng 2011 draws it for rho = 0.2: zero there, infinite at 0 and 1, ln(0.2/0.5)·0.2 + ln(0.8/0.5)·0.8 at one half."""
    values = kl_bernoulli(0.2, torch.tensor([0.2, 0.5, 0.0, 1.0]))
    assert values[0] == 0
    assert values[1].item() == pytest.approx(0.2 * np.log(0.4) + 0.8 * np.log(1.6))
    assert values[2:].isfinite().all()
    assert (values[2:] > 2).all()


@pytest.mark.parametrize("rho", [0.0, 1.0])
def test_kl_bernoulli_of_a_sure_coin(rho: float) -> None:
    assert kl_bernoulli(rho, torch.tensor([0.25])).item() == pytest.approx(-np.log(0.75 if rho == 0 else 0.25))


@settings(deadline=None)
@given(st.floats(-50, 50), st.floats(1e-3, 1e3))
def test_kl_normal_is_not_negative(mean: float, std: float) -> None:
    assert kl_normal(torch.tensor(mean), torch.tensor(std)).item() >= -1e-6


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_kl_bernoulli_is_not_negative(rho: float, rho_hat: float) -> None:
    assert kl_bernoulli(rho, torch.tensor(rho_hat)).item() >= -1e-6
