"""Distances to the nearest rows against all distances written out."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from diabolo.baselines.neighbors import fit_nearest_rows
from diabolo.errors import DataError, ParameterError


def test_against_all_distances():
    rng = np.random.default_rng(0)
    train, x = rng.normal(3, 1, (500, 20)), rng.normal(3, 2, (700, 20))
    expected = np.sort(cdist(x, train), axis=1)[:, :7]
    np.testing.assert_allclose(fit_nearest_rows(train, 7).distances(x), expected, rtol=1e-10)
    np.testing.assert_allclose(fit_nearest_rows(train, 7).score(x), expected[:, -1], rtol=1e-10)
    np.testing.assert_allclose(fit_nearest_rows(train, 7, "mean").score(x), expected.mean(axis=1), rtol=1e-10)
    np.testing.assert_allclose(fit_nearest_rows(train.astype(np.float32), 7).score(x), expected[:, -1], rtol=1e-5)


def test_a_training_row_far_from_zero_is_its_own_nearest():
    x = (np.random.default_rng(0).random((50, 784)) + 100).astype(np.float32)
    assert fit_nearest_rows(x, 1).score(x).max() < 1e-3


def test_bytes_few_rows_and_none():
    near = fit_nearest_rows(np.array([[0, 0], [3, 4]], np.uint8), k=9)
    assert near.k == 2
    np.testing.assert_allclose(near.distances(np.array([[0, 0]], np.uint8)), [[0, 5]])
    assert near.score(np.zeros((0, 2))).shape == (0,)


def test_bad_input():
    x = np.zeros((3, 2))
    with pytest.raises(ParameterError, match="got 0"):
        fit_nearest_rows(x, 0)
    with pytest.raises(ParameterError, match="Did you mean 'mean'"):
        fit_nearest_rows(x, 1, "means")
    with pytest.raises(DataError, match="NaN or infinity"):
        fit_nearest_rows(x * np.nan)
    for bad in (np.zeros((1, 3)), np.full((1, 2), np.nan)):
        with pytest.raises(DataError, match="finite rows of 2"):
            fit_nearest_rows(x).score(bad)
