"""Hidden pixels filled in: against the formulas written out and scikit-learn's shrinkage."""

import json
import sys

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_digits

from diabolo.baselines.inpainting import ConditionalGaussian, biharmonic, fit_conditional_gaussian
from diabolo.errors import DataError, MissingExtraError


def rows(n=300, d=12):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 4)) @ rng.normal(size=(4, d)) + 0.1 * rng.normal(size=(n, d)) + np.arange(d)


@pytest.fixture(scope="module")
def gaussian():
    return fit_conditional_gaussian(rows())


def test_the_biharmonic_surface_goes_on_with_a_slope():
    i, j = np.mgrid[:12, :12] / 24
    x = np.stack([i + j, 1 - i], -1)[None].repeat(2, axis=0)
    hidden = np.zeros((2, 12, 12), bool)
    hidden[0, 4:8, 5:8] = True
    damaged = np.where(hidden[..., None], 0, x)
    np.testing.assert_allclose(biharmonic(damaged, hidden), x, atol=1e-8)
    np.testing.assert_allclose(biharmonic(damaged.astype(np.float32), hidden), x, atol=1e-4)


def test_biharmonic_refusals(monkeypatch):
    x = np.zeros((2, 4, 4, 1))
    hidden = np.zeros((2, 4, 4), bool)
    hidden[1] = True
    with pytest.raises(DataError, match="picture 1 has none"):
        biharmonic(x, hidden)
    with pytest.raises(DataError, match="hidden as bool"):
        biharmonic(x, hidden.astype(int))
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(MissingExtraError, match="pictures"):
        biharmonic(x, hidden)


def test_the_covariance_is_ledoits_and_wolfs(gaussian):
    theirs = LedoitWolf().fit(rows())
    np.testing.assert_allclose(gaussian.mean, theirs.location_, atol=1e-12)
    np.testing.assert_allclose(gaussian.covariance, theirs.covariance_, atol=1e-10)
    assert gaussian.shrinkage == pytest.approx(theirs.shrinkage_)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0])
def test_the_conditional_mean(gaussian, share):
    x = rows()[:40]
    hidden = np.random.default_rng(2).random(x.shape) < share
    expected = x.copy()
    for row, gone in zip(expected, hidden, strict=True):
        across, within = gaussian.covariance[np.ix_(gone, ~gone)], gaussian.covariance[np.ix_(~gone, ~gone)]
        row[gone] = gaussian.mean[gone] + across @ np.linalg.inv(within) @ (row[~gone] - gaussian.mean[~gone])
    damaged = np.where(hidden, 1e6, x)
    np.testing.assert_allclose(gaussian.fill(damaged, hidden), expected, atol=1e-8)
    again = gaussian.fill(damaged.astype(np.float32), hidden)
    assert again.dtype == np.float32
    np.testing.assert_allclose(again, expected, atol=1e-4)


def test_cells_that_are_nearly_the_same_in_single_precision():
    base = np.random.default_rng(0).normal(size=(20_000, 1)).astype(np.float32)
    x = base + np.linspace(0, 1e-4, 30, dtype=np.float32)
    hidden = np.random.default_rng(1).random((20, 30)) < 0.5
    np.testing.assert_allclose(fit_conditional_gaussian(x).fill(x[:20], hidden), x[:20], atol=1e-3)


def test_rows_that_hide_the_same_cells(gaussian):
    x = rows()[:30]
    hidden = np.zeros((30, 12), bool)
    hidden[::3, :7] = True
    hidden[1::3, 9:] = True
    alone = [gaussian.fill(x[i : i + 1], hidden[i : i + 1])[0] for i in range(30)]
    np.testing.assert_allclose(gaussian.fill(x, hidden), alone, atol=1e-10)
    np.testing.assert_array_equal(gaussian.fill(x, hidden)[2::3], x[2::3])
    cut = gaussian.fill(x, hidden, bounds=(0, 5))
    np.testing.assert_array_equal(cut[~hidden], x[~hidden])
    np.testing.assert_allclose(cut[hidden], np.clip(alone, 0, 5)[hidden], atol=1e-10)


def test_pictures_hide_all_channels_of_a_pixel(gaussian):
    x = rows()[:10]
    hidden = np.random.default_rng(3).random((10, 2, 3)) < 0.4
    flat = gaussian.fill(x, np.repeat(hidden.reshape(10, 6), 2, axis=1))
    np.testing.assert_allclose(gaussian.fill(x.reshape(10, 2, 3, 2), hidden), flat.reshape(10, 2, 3, 2), atol=1e-12)


def test_it_beats_the_mean_on_digits_it_has_not_seen():
    x = load_digits().images[..., None] / 16
    hidden = np.random.default_rng(0).random((797, 8, 8)) < 0.5
    filled = fit_conditional_gaussian(x[:1000].reshape(1000, -1)).fill(x[1000:], hidden, (0, 1))
    by_mean = np.where(hidden[..., None], x[:1000].mean(axis=0), x[1000:])
    assert ((filled - x[1000:]) ** 2).mean() < 0.5 * ((by_mean - x[1000:]) ** 2).mean()


def test_data_that_hardly_vary():
    few, same = fit_conditional_gaussian(rows(5)), fit_conditional_gaussian(np.full((4, 12), 3.0))
    hidden = np.ones((1, 12), bool)
    hidden[0, :4] = False
    assert np.isfinite(few.fill(rows()[:1], hidden)).all()
    assert same.fill(rows()[:1], hidden)[0, 4:].tolist() == [3.0] * 8
    assert fit_conditional_gaussian(rows(1)).fill(rows()[:1], hidden).shape == (1, 12)


def test_a_folder_can_keep_it(gaussian):
    again = ConditionalGaussian.of(gaussian.arrays, json.loads(json.dumps(gaussian.data)))
    hidden = np.arange(12)[None] < 5
    np.testing.assert_array_equal(again.fill(rows()[:1], hidden), gaussian.fill(rows()[:1], hidden))


def test_bad_input(gaussian):
    with pytest.raises(DataError, match="rows of 12 cells"):
        gaussian.fill(np.zeros((2, 5)), np.zeros((2, 5), bool))
    with pytest.raises(DataError, match="hidden as bool"):
        gaussian.fill(np.zeros((2, 12)), np.zeros((3, 12), bool))
    with pytest.raises(DataError, match="Hide such cells"):
        gaussian.fill(np.full((1, 12), np.nan), np.arange(12)[None] < 5)
    assert np.isfinite(gaussian.fill(np.full((1, 12), np.nan), np.ones((1, 12), bool))).all()
    with pytest.raises(DataError, match="NaN or infinity"):
        fit_conditional_gaussian(np.array([[np.nan], [1.0]]))
    assert gaussian.fill(np.zeros((0, 12)), np.zeros((0, 12), bool)).shape == (0, 12)
