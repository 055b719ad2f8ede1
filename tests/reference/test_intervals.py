"""Probabilities of intervals against arithmetic with 60 digits, and against scipy's cdfs."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch
from scipy import stats

from diabolo.maths.intervals import (
    laplace_log_cdf,
    laplace_log_interval,
    laplace_log_mass,
    normal_log_interval,
    normal_log_mass,
)

MIDDLES = np.float32([0, 1e-3, 0.1, 0.7, 1, 2.3, 9, 30, 250])
HALVES = np.float32([1e-5, 1e-3, 0.02, 0.1, 0.2499, 0.2501, 0.6, 3, 40])


def exact_normal(middle: float, half: float) -> float:
    with mpmath.workdps(60):
        a, b = mpmath.mpf(middle) - mpmath.mpf(half), mpmath.mpf(middle) + mpmath.mpf(half)
        return float(mpmath.log((mpmath.erfc(a / mpmath.sqrt(2)) - mpmath.erfc(b / mpmath.sqrt(2))) / 2))


def exact_laplace(middle: float, half: float) -> float:
    def cdf(t: mpmath.mpf) -> mpmath.mpf:
        return mpmath.exp(t) / 2 if t < 0 else 1 - mpmath.exp(-t) / 2

    with mpmath.workdps(300):
        return float(mpmath.log(cdf(mpmath.mpf(middle) + mpmath.mpf(half)) - cdf(mpmath.mpf(middle) - mpmath.mpf(half))))


@pytest.mark.parametrize(("ours", "exact"), [(normal_log_interval, exact_normal), (laplace_log_interval, exact_laplace)])
def test_intervals_keep_float32s_precision(ours: object, exact: object) -> None:
    """Near and far, narrow and wide, on both sides of 0: the error is a few units of float32's last place."""
    m, h = (torch.tensor(a.ravel()) for a in np.meshgrid(MIDDLES, HALVES))
    expected = torch.tensor([exact(a, b) for a, b in zip(m.tolist(), h.tolist(), strict=True)])  # type: ignore[operator]
    for sign in (1, -1):
        torch.testing.assert_close(ours(sign * m, h), expected, rtol=2e-6, atol=2e-6)  # type: ignore[operator]


@pytest.mark.parametrize("middle", [0.0, 0.5, 0.99, 3.0])
def test_the_series_for_narrow_intervals_is_better_than_float32(middle: float) -> None:
    """Just below the seam, in double precision: what the series leaves out is under 1e-7 there."""
    half = 0.2499 / max(middle, 1.0)
    ours = normal_log_interval(torch.tensor(middle, dtype=torch.float64), torch.tensor(half, dtype=torch.float64)).item()
    assert ours == pytest.approx(exact_normal(middle, half), abs=1e-7)


@pytest.mark.parametrize("ours", [normal_log_interval, laplace_log_interval])
def test_gradients_of_intervals(ours: object) -> None:
    """Against finite differences in double precision, in every branch, the seams left out."""
    m, h = (torch.tensor(a.ravel(), dtype=torch.float64) for a in np.meshgrid([-3.0, -0.3, 0.1, 8.0], [0.01, 0.2, 0.7, 4.0]))
    assert torch.autograd.gradcheck(ours, (m.requires_grad_(), h.requires_grad_()))  # type: ignore[arg-type]


def test_laplace_cdf() -> None:
    t = torch.tensor([-80.0, -3.0, -1e-4, 0.0, 1e-4, 2.0, 15.0])
    expected = torch.tensor(stats.laplace.logcdf(t.double().numpy())).float()
    torch.testing.assert_close(laplace_log_cdf(t), expected, rtol=1e-5, atol=1e-9)


CASES = [(normal_log_mass, stats.norm), (laplace_log_mass, stats.laplace)]
STEP = 1 / 255


@pytest.mark.parametrize(("mass", "law"), CASES)
@pytest.mark.parametrize("spread", [1e-3, 0.01, 0.2, 1.0, 50.0])
@pytest.mark.parametrize("mean", [0.0, 0.31, 1.0])
def test_the_256_values_of_a_pixel_add_up_to_one(mass: object, law: object, spread: float, mean: float) -> None:
    values = torch.arange(256) * STEP
    total = mass(values, torch.tensor(mean), torch.tensor(spread), STEP, (0.0, 1.0)).double().exp().sum().item()  # type: ignore[operator]
    assert total == pytest.approx(1, abs=5e-5)
    without = mass(values, torch.tensor(mean), torch.tensor(spread), STEP, None).double().exp().sum().item()  # type: ignore[operator]
    edges = law.cdf([-STEP / 2, 1 + STEP / 2], mean, spread)  # type: ignore[attr-defined]
    assert without == pytest.approx(edges[1] - edges[0], abs=5e-5)


@pytest.mark.parametrize(("mass", "law"), CASES)
def test_bins_against_scipy(mass: object, law: object) -> None:
    """Whole numbers from 0 to 10; the bins at both ends reach to infinity."""
    values, mean, spread = np.arange(11.0), 3.3, 2.5
    upper = law.cdf(values + 0.5, mean, spread)  # type: ignore[attr-defined]
    upper[-1] = 1
    expected = np.diff(upper, prepend=0)
    ours = mass(torch.tensor(values), torch.tensor(mean), torch.tensor(spread), 1.0, (0.0, 10.0))  # type: ignore[operator]
    np.testing.assert_allclose(ours.exp().numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize(("mass", "law"), CASES)
def test_a_vanishing_step_gives_the_density(mass: object, law: object) -> None:
    """log mass - log step -> log density, with an error that falls with the square of the step."""
    x, mean, spread = torch.tensor([-0.9, 0.2, 1.7], dtype=torch.float64), torch.tensor(0.5), torch.tensor(0.8)
    density = torch.tensor(law.logpdf(x.numpy(), 0.5, 0.8))  # type: ignore[attr-defined]
    errors = [(mass(x, mean, spread, s, None) - np.log(s) - density).abs().max().item() for s in (0.1, 0.01)]  # type: ignore[operator]
    assert errors[0] < 5e-3
    assert errors[1] < errors[0] / 50
