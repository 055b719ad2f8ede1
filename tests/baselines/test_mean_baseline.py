"""The mean as a baseline."""

import numpy as np
import pytest

from diabolo.baselines.mean import fit_mean
from diabolo.errors import DataError


def test_every_row_becomes_the_mean_and_the_error_the_variance():
    x = np.random.default_rng(0).normal(3, 2, size=(500, 4))
    back = fit_mean(x).reconstruct(x)
    np.testing.assert_allclose(back, np.tile(x.mean(axis=0), (500, 1)))
    assert ((x - back) ** 2).mean() == pytest.approx(x.var(axis=0).mean())


def test_float32_and_bytes():
    x = np.full((70_000, 1), 200, dtype=np.uint8)
    assert fit_mean(x).mean.tolist() == [200.0]
    assert fit_mean(x).reconstruct(np.zeros((2, 1), np.float32)).dtype == np.float32


def test_the_result_is_the_callers_own():
    mean = fit_mean(np.zeros((2, 3)))
    mean.reconstruct(np.zeros((1, 3)))[:] = 9
    assert mean.mean.tolist() == [0.0, 0.0, 0.0]


def test_bad_data():
    with pytest.raises(DataError, match="NaN or infinity"):
        fit_mean(np.array([[np.nan]]))
    with pytest.raises(DataError, match="rows of 2 numbers"):
        fit_mean(np.zeros((3, 2))).reconstruct(np.zeros((3, 4)))
