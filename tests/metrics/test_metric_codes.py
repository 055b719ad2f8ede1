"""The health of codes against closed forms."""

import json
import math

import numpy as np
import pytest
import torch

from diabolo.errors import DataError
from diabolo.metrics.codes import (
    active_units,
    code_health,
    compression_ratio,
    dead_units,
    effective_dimension,
    hoyer_sparsity,
    kl_per_unit,
    unit_variance,
    zero_fraction,
)


def normal(n, *scales):
    return np.random.default_rng(0).normal(size=(n, len(scales))) * np.array(scales)


def test_active_units_cross_the_threshold_of_burda():
    sign = np.tile([-1.0, 1.0], 50)[:, None]
    mean = sign * np.sqrt([0.0099, 0.0101, 1.0, 0.0]) + 5.0  # variances on both sides of 0.01, far from zero mean
    assert active_units(mean).tolist() == [False, True, True, False]
    assert active_units(mean, threshold=0.5).tolist() == [False, False, True, False]


def test_dead_units_know_no_scale():
    z = normal(100, 1.0, 0.5, 1.0, 1.0)
    z[:, 2], z[:, 3] = 0.0, 7.0
    assert dead_units(z).tolist() == [False, False, True, True]
    assert dead_units(1e-9 * z).tolist() == [False, False, True, True]
    assert dead_units(np.ones((5, 2))).tolist() == [True, True]


def test_variance_divides_by_n():
    assert unit_variance([[0.0], [2.0]]).tolist() == [1.0]


def test_kl_per_unit_sums_to_the_kl():
    kl = torch.rand(20, 4, 3, 3)
    per_unit = kl_per_unit(kl)
    assert per_unit.shape == (36,)
    assert per_unit.sum() == pytest.approx(kl.flatten(1).sum(1).mean().item(), rel=1e-5)


def test_zero_fraction_counts_exact_zeros():
    assert zero_fraction([[0.0, 1e-30, 2.0, 0.0]]) == 0.5


def test_hoyer_between_its_ends():
    z = np.array([[3.0, 4.0, 0.0, 0.0]])
    assert hoyer_sparsity(z) == pytest.approx((2 - 7 / 5) / (2 - 1))
    assert hoyer_sparsity(-1e200 * z) == pytest.approx(0.6)
    assert hoyer_sparsity(np.vstack([z, np.zeros((1, 4))])) == pytest.approx(0.6)


@pytest.mark.parametrize("z", [np.zeros((3, 4)), np.ones((3, 1))])
def test_hoyer_is_not_defined_without_a_direction(z):
    assert math.isnan(hoyer_sparsity(z))


def test_effective_dimension_against_eigenvalues():
    z = normal(500, 1.0, 2.0, 0.3, 0.0)
    values = np.linalg.eigvalsh(np.cov(z.T))
    assert effective_dimension(z) == pytest.approx(values.sum() ** 2 / (values**2).sum())
    assert effective_dimension(np.full((9, 3), 2.0)) == 0.0


def test_effective_dimension_of_few_wide_codes():
    z = np.random.default_rng(1).normal(size=(5, 200))
    values = np.linalg.eigvalsh(np.cov(z.T))
    assert effective_dimension(z) == pytest.approx(values.sum() ** 2 / (values**2).sum())


def test_compression_ratio_counts_numbers():
    assert compression_ratio((3, 64, 64), (8, 4, 4)) == 96.0
    with pytest.raises(DataError, match="at least one number"):
        compression_ratio((3,), (0,))


def test_health_gathers_all_and_is_json():
    z = normal(200, 1.0, 1.0, 1.0)
    z[:, 2] = 0.0
    kl = np.tile([0.5, 0.02, 0.001], (200, 1))
    health = code_health(z, kl)
    assert (health.units, health.active, health.dead, health.kl_active) == (3, 2, 1, 2)
    assert health.kl == pytest.approx(0.521)
    assert health.zeros == pytest.approx(1 / 3)
    assert json.loads(json.dumps(health.to_dict(), allow_nan=False))["effective"] == pytest.approx(2.0, abs=0.05)


def test_health_without_a_density_has_no_kl():
    found = code_health(np.ones((4, 1))).to_dict()
    assert (found["kl"], found["kl_active"], found["hoyer"]) == (None, None, None)


@pytest.mark.parametrize("z", [np.zeros(3), np.zeros((0, 2)), np.array([[1.0], [np.inf]])])
def test_codes_that_are_none(z):
    with pytest.raises(DataError, match="Expected"):
        code_health(z)
