"""How codes lie: held to scipy, to closed forms, and to sets that are known to be alike or not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import energy_distance

from diabolo.errors import DataError
from diabolo.metrics.spread import energy_coefficient, kurtosis

RANDOM = np.random.default_rng(0)


def test_energy_is_that_of_scipy_in_one_dimension() -> None:
    x, y = RANDOM.normal(size=300), RANDOM.uniform(-1, 3, size=200)
    between = np.abs(x[:, None] - y).mean()
    # scipy's is the root of twice the integral of the squared difference of the distribution functions
    assert energy_coefficient(x[:, None], y[:, None]) == pytest.approx(energy_distance(x, y) ** 2 / (2 * between))


def test_energy_by_all_pairs_and_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = RANDOM.normal(size=(70, 3)), RANDOM.normal(size=(50, 3)) + 1
    expected = 1 - (cdist(x, x).mean() + cdist(y, y).mean()) / (2 * cdist(x, y).mean())
    assert energy_coefficient(x, y) == pytest.approx(expected)
    monkeypatch.setattr("diabolo.metrics.spread.AT_ONCE", 16)
    assert energy_coefficient(x, y) == pytest.approx(expected)
    assert energy_coefficient(x, x) == pytest.approx(0, abs=1e-9)
    assert energy_coefficient(np.zeros((3, 2)), np.zeros((4, 2))) == 0
    alike = energy_coefficient(RANDOM.normal(size=(1000, 5)), RANDOM.normal(size=(1000, 5)))
    assert alike == pytest.approx((1 / 1000 + 1 / 1000) / 2, rel=0.3)
    with pytest.raises(DataError, match="as many numbers"):
        energy_coefficient(x, y[:, :2])


def test_kurtosis_of_known_distributions() -> None:
    assert kurtosis(RANDOM.normal(size=(20_000, 4)) @ RANDOM.normal(size=(4, 4))) == pytest.approx(1, abs=0.03)
    shell = RANDOM.normal(size=(20_000, 4))
    shell /= np.linalg.norm(shell, axis=1, keepdims=True)
    assert kurtosis(shell) == pytest.approx(16 / 24, abs=0.01)  # all distances are √4
    assert kurtosis(RANDOM.laplace(size=(100_000, 1))) == pytest.approx(2, abs=0.15)  # 6 over 3
    z = RANDOM.normal(size=(60, 2))
    away = z - z.mean(axis=0)
    squares = np.einsum("ni,ij,nj->n", away, np.linalg.inv(np.cov(z.T, bias=True)), away)
    assert kurtosis(np.column_stack([z, np.ones(60)])) == pytest.approx(np.square(squares).mean() / 8)
    assert kurtosis(np.column_stack([z, z[:, 0]])) == pytest.approx(np.square(squares).mean() / 8)
    assert math.isnan(kurtosis(np.ones((5, 2))))
    assert math.isnan(kurtosis(RANDOM.normal(size=(3, 3))))
