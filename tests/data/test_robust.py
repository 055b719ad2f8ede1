"""Robust scaling: normal columns as they are, heavy and skewed ones bent in, and exactly back."""

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.preprocessing import RobustScaler

from diabolo.data.kinds.robust import LEAST_FACTOR, NORMAL_QUARTILES, RobustScaling

RNG = np.random.default_rng(0)


def of(*columns):
    return RobustScaling.fit([np.asarray(column, dtype=np.float64) for column in columns])


def test_centers_and_spreads_are_those_of_scikit_learn():
    v = RNG.normal(3, 20, (500, 1))
    scaling, reference = of(v[:, 0]), RobustScaler(unit_variance=True).fit(v)
    assert scaling.center.item() == pytest.approx(reference.center_[0], rel=1e-12)
    assert scaling.spread.item() == pytest.approx(reference.scale_[0], rel=1e-12)
    assert pytest.approx(2 * stats.norm.ppf(0.75), rel=1e-15) == NORMAL_QUARTILES
    assert not scaling.bent.item()


@pytest.mark.parametrize(
    ("v", "bent"),
    [
        (RNG.normal(size=2000), False),
        (RNG.random(2000), False),
        (RNG.integers(0, 2, 2000), False),
        (RNG.lognormal(size=2000), True),
        (RNG.standard_cauchy(2000), True),
        (np.append(RNG.normal(size=2000), 1e9), True),
        (np.where(RNG.random(2000) < 0.9, 0, RNG.lognormal(8, 1, 2000)), True),
    ],
)
def test_every_column_has_about_unit_spread_and_is_bent_where_its_tails_reach_far(v, bent):
    scaling = of(v)
    assert scaling.bent.item() is bent
    x = scaling.inside(torch.as_tensor(v, dtype=torch.float64)[:, None])
    assert 0.7 < x.std() < 1.4
    assert x.abs().max() < 30
    np.testing.assert_allclose(scaling.outside(x)[:, 0], v, rtol=1e-12, atol=1e-12)


def test_outliers_do_not_move_the_scale():
    v = RNG.normal(size=1000)
    dirty = np.append(v, np.full(20, 1e6))
    clean, soiled = of(v), of(dirty)
    assert soiled.center.item() == pytest.approx(clean.center.item(), abs=0.05)
    assert soiled.spread.item() == pytest.approx(clean.spread.item(), rel=0.1)


def test_columns_that_agree_but_for_a_few_cells():
    v = np.zeros(1000)
    v[:3] = 5.0
    scaling = of(v)
    assert scaling.spread.item() == 5
    assert scaling.inside(torch.tensor([[5.0]], dtype=torch.float64)).item() == pytest.approx(1 / LEAST_FACTOR)


def test_constant_and_empty_columns():
    scaling = of(np.full(5, 7.0), np.zeros(0))
    assert scaling.constant.tolist() == [True, True]
    x = scaling.inside(torch.tensor([[7.0, 2.0]], dtype=torch.float64))
    assert x.tolist() == [[0, 2]]
    assert scaling.log_slope(x).tolist() == [[0, 0]]


def test_slopes_are_derivatives():
    scaling = of(RNG.normal(2, 3, 500), RNG.lognormal(0, 2, 500))
    assert scaling.bent.tolist() == [False, True]
    v = torch.tensor([[1.0, 0.5], [-4.0, 300.0]], dtype=torch.float64, requires_grad=True)
    x = scaling.inside(v)
    (slope,) = torch.autograd.grad(x.sum(), v)
    torch.testing.assert_close(scaling.log_slope(x), slope.log(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("size", [1e-300, 1e-150, 1e150, 1e300])
def test_very_small_and_very_large_numbers(size):
    v = RNG.normal(size=200) * size
    x = of(v).inside(torch.from_numpy(v)[:, None])
    assert 0.7 < x.std() < 1.4
