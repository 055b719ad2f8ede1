"""MMD beside its definition, pair by pair, and beside what is known of two normal distributions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from diabolo.maths.discrepancy import SCALES, mmd


def kernel(a: np.ndarray, b: np.ndarray) -> float:
    return sum(2 * len(a) * s / (2 * len(a) * s + float(((a - b) ** 2).sum())) for s in SCALES)


def by_pairs(x: np.ndarray, y: np.ndarray) -> float:
    within = [np.mean([kernel(a, b) for a, b in itertools.permutations(rows, 2)]) for rows in (x, y)]
    return within[0] + within[1] - 2 * np.mean([kernel(a, b) for a, b in itertools.product(x, y)])


@pytest.mark.parametrize(("n", "m", "k"), [(5, 7, 3), (2, 2, 1), (6, 3, 10)])
def test_it_is_the_definition(n: int, m: int, k: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(n, k)), 0.5 + 2 * rng.normal(size=(m, k))
    assert float(mmd(torch.from_numpy(x), torch.from_numpy(y))) == pytest.approx(by_pairs(x, y), rel=1e-9)


def test_it_is_without_bias_and_grows_with_the_difference() -> None:
    def mean(shift: float, spread: float) -> float:
        generator = torch.Generator().manual_seed(0)
        draws = (torch.randn(2, 40, 4, generator=generator, dtype=torch.float64) for _ in range(300))
        return float(torch.stack([mmd(shift + spread * x, y) for x, y in draws]).mean())

    assert abs(mean(0, 1)) < 0.01
    assert mean(0.5, 1) > 0.05
    assert mean(1, 1) > mean(0.5, 1)
    assert mean(0, 0.5) > 0.05


def test_gradients_are_finite_where_points_meet() -> None:
    x = torch.zeros(4, 3, requires_grad=True)
    mmd(x, torch.randn(4, 3, generator=torch.Generator().manual_seed(0))).backward()
    assert torch.isfinite(x.grad).all()


def test_a_single_row_costs_nothing() -> None:
    x = torch.ones(1, 3, requires_grad=True)
    value = mmd(x, torch.zeros(1, 3))
    value.backward()
    assert float(value.detach()) == 0
    assert float(x.grad.abs().sum()) == 0
