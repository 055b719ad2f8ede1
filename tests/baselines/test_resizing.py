"""Interpolation against kernels written out, and the box mean."""

import numpy as np
import pytest

from diabolo.baselines.resizing import WAYS, enlarge, shrink
from diabolo.errors import DataError, ParameterError

KERNELS = {
    "bilinear": (1, lambda t: 1 - t),
    "bicubic": (2, lambda t: np.where(t < 1, 1.5 * t**3 - 2.5 * t**2 + 1, -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2)),
    "lanczos": (3, lambda t: np.sinc(t) * np.sinc(t / 3)),
}


def matrix(way, size, factor):
    """(factor · size, size): what each new pixel takes from the old ones; at the borders the weights are made to sum to one."""
    support, kernel = KERNELS[way]
    middle = (np.arange(factor * size) + 0.5) / factor - 0.5
    apart = np.abs(middle[:, None] - np.arange(size))
    weights = np.where(apart < support, kernel(apart), 0.0)
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("way", KERNELS)
@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_against_the_kernels(way, factor):
    x = np.random.default_rng(0).uniform(0.4, 0.6, size=(3, 7, 9, 2))
    down, across = matrix(way, 7, factor), matrix(way, 9, factor)
    np.testing.assert_allclose(enlarge(x, factor, way), np.einsum("ih,nhwc,jw->nijc", down, x, across), atol=1e-5)


def test_nearest_repeats_and_the_box_mean_undoes_it():
    x = np.random.default_rng(0).random((2, 4, 5, 3), dtype=np.float32)
    large = enlarge(x, 3, "nearest")
    np.testing.assert_array_equal(large, x.repeat(3, axis=1).repeat(3, axis=2))
    np.testing.assert_allclose(shrink(large, 3), x, atol=1e-6)


def test_the_box_mean():
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    assert shrink(x, 2)[0, ..., 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    np.testing.assert_array_equal(shrink(x, 1), x)


@pytest.mark.parametrize("way", WAYS)
def test_range_and_dtype(way):
    x = (np.random.default_rng(0).random((2, 6, 6, 1)) > 0.5).astype(np.float32)
    for dtype in (np.float32, np.float64):
        large = enlarge(x.astype(dtype), 4, way)
        assert large.dtype == dtype
        assert (large.min(), large.max()) == (0, 1)
    assert enlarge(x[:0], 2, way).shape == (0, 12, 12, 1)
    assert enlarge(np.full((1, 1, 1, 1), 0.5), 5, way).tolist() == np.full((1, 5, 5, 1), 0.5).tolist()


def test_bad_input():
    x = np.zeros((1, 4, 6, 1))
    with pytest.raises(ParameterError, match="Did you mean 'lanczos'"):
        enlarge(x, 2, "lancsoz")
    for factor in (0, -1, 1.5):
        with pytest.raises(ParameterError, match="whole factor"):
            enlarge(x, factor)
    with pytest.raises(DataError, match="divide by 4, got pictures of 4 × 6"):
        shrink(x, 4)
