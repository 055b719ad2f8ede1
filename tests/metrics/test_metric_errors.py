"""Errors a row against numpy and torch, and what they say about bad input."""

import math

import numpy as np
import pytest
import torch

from diabolo.errors import DataError, ParameterError
from diabolo.metrics import errors
from diabolo.metrics.errors import METRICS, bce, mae, mse, psnr, rmse, row_errors, ssim


@pytest.fixture
def pair():
    generator = np.random.default_rng(0)
    return generator.random((7, 1, 5, 3)), generator.random((7, 1, 5, 3))


def test_against_numpy(pair):
    x, x_hat = pair
    flat = (x - x_hat).reshape(7, -1)
    np.testing.assert_allclose(mse(x, x_hat), (flat**2).mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(rmse(x, x_hat), np.linalg.norm(flat, axis=1) / math.sqrt(15), rtol=1e-12)
    np.testing.assert_allclose(mae(x, x_hat), np.abs(flat).mean(axis=1), rtol=1e-12)


def test_cross_entropy_against_torch(pair):
    x, x_hat = (torch.from_numpy(a) for a in pair)
    expected = torch.nn.functional.binary_cross_entropy(x_hat, x, reduction="none").flatten(1).mean(1)
    np.testing.assert_allclose(bce(x, x_hat), expected, rtol=1e-9)


def test_cross_entropy_is_the_same_on_every_scale(pair):
    x, x_hat = pair
    np.testing.assert_allclose(bce(2 * x - 1, 2 * x_hat - 1, (-1, 1)), bce(x, x_hat), rtol=1e-9)


def test_cross_entropy_of_a_linear_model_stays_finite():
    assert bce([[0.0, 1.0]], [[-0.5, 1.5]]) == pytest.approx([0.0], abs=1e-6)
    assert bce([[1.0]], [[-0.5]]) == pytest.approx([-math.log(1e-7)])


def test_psnr_closed_form():
    x = np.zeros((1, 4), dtype=np.uint8)
    assert psnr(x, x + 16, (0, 255))[0] == pytest.approx(20 * math.log10(255 / 16))
    assert psnr(x, x, (0, 255))[0] == math.inf


def test_similarity_against_scikit_image():
    """Whatever the range is, it is brought to begin at 0: there scikit-image judges the same pictures."""
    metrics = pytest.importorskip("skimage.metrics")
    generator = np.random.default_rng(0)
    x = generator.random((4, 3, 17, 20))
    x_hat = x + 0.2 * generator.normal(size=x.shape)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "channel_axis": 0}
    expected = [metrics.structural_similarity(a, b, data_range=1.0, **options) for a, b in zip(x, x_hat, strict=True)]
    for low, high in ((0, 1), (-1, 1), (0, 255)):
        found = ssim(low + (high - low) * x, low + (high - low) * x_hat, (low, high))
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_similarity_needs_pictures():
    with pytest.raises(DataError, match=r"expects pictures.*\(2, 784\).*'mse'"):
        row_errors("ssim", np.zeros((2, 784)), np.zeros((2, 784)))
    with pytest.raises(DataError, match="expects pictures"):
        ssim(np.zeros((2, 8, 8)), np.zeros((2, 8, 8)), (0, 1))
    whole = np.full((1, 1, 8, 8), 200, np.uint8)
    assert ssim(whole, torch.from_numpy(whole), (0, 255)).tolist() == [1.0]


def test_unsigned_bytes_do_not_wrap_around():
    assert mae(np.array([[0]], np.uint8), np.array([[255]], np.uint8)).tolist() == [255.0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_tensors_with_gradients_are_as_good_as_arrays(dtype):
    x, x_hat = torch.zeros(2, 3, dtype=dtype), torch.ones(2, 3, dtype=dtype, requires_grad=True)
    found = mse(x, x_hat)
    assert isinstance(found, np.ndarray)
    assert found.tolist() == [1.0, 1.0]


def test_rows_do_not_depend_on_how_many_are_computed_at_once(pair, monkeypatch):
    together = row_errors("mse", *pair), row_errors("ssim", *pair, value_range=(0, 1))
    monkeypatch.setattr(errors, "CELLS_AT_ONCE", 30)
    np.testing.assert_array_equal(row_errors("mse", *pair), together[0])
    np.testing.assert_allclose(row_errors("ssim", *pair, value_range=(0, 1)), together[1], rtol=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_gives_a_number_a_row(name, pair):
    found = row_errors(name, *pair, value_range=(0.0, 1.0))
    assert found.shape == (7,)
    assert found.dtype == np.float64
    assert np.isfinite(found).all()


def test_a_missing_value_shows_in_its_row_only():
    x = np.array([[np.nan, 1.0], [1.0, 1.0]])
    assert np.isnan(mse(x, np.zeros((2, 2)))).tolist() == [True, False]


def test_unknown_metric_names_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'mse'"):
        row_errors("msee", [[0.0]], [[0.0]])


@pytest.mark.parametrize("name", ["psnr", "ssim"])
def test_what_depends_on_the_range_asks_for_it(name):
    with pytest.raises(ParameterError, match=f"'{name}' needs the value_range"):
        row_errors(name, [[[[0.0]]]], [[[[0.0]]]])


@pytest.mark.parametrize("value_range", [(1, 1), (1, 0), (0, math.inf)])
def test_a_range_without_width_is_refused(value_range):
    with pytest.raises(ParameterError, match="low < high"):
        psnr([[0.0]], [[0.0]], value_range)


def test_cross_entropy_outside_its_range_says_what_came():
    with pytest.raises(DataError, match=r"\[0, 1\], got values in \[0, 255\]"):
        bce([[0.0, 255.0]], [[0.0, 1.0]])


@pytest.mark.parametrize(("x", "x_hat"), [(np.zeros((2, 3)), np.zeros((2, 4))), (np.zeros((0, 3)), np.zeros((0, 3)))])
def test_shapes_that_do_not_fit(x, x_hat):
    with pytest.raises(DataError, match="Expected"):
        mse(x, x_hat)


def test_weights_of_a_mean(pair):
    x, x_hat = (a.reshape(7, -1) for a in pair)
    weights = np.random.default_rng(1).random(x.shape)
    for name, power in (("mse", 2), ("mae", 1), ("l1", 1)):
        expected = (weights * np.abs(x - x_hat) ** power).sum(1)
        np.testing.assert_allclose(row_errors(name, x, x_hat, weights=weights), expected, rtol=1e-12)
    np.testing.assert_allclose(rmse(x, x_hat, weights) ** 2, mse(x, x_hat, weights), rtol=1e-12)
    np.testing.assert_allclose(mse(x, x_hat, np.full(x.shape, 1 / x.shape[1])), mse(x, x_hat), rtol=1e-12)
    with pytest.raises(ParameterError, match="Use one of l1, mae, mse, rmse"):
        row_errors("psnr", x, x_hat, weights=weights)
