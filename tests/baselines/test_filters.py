"""The filters against numpy and scikit-image, and that they take noise away."""

import sys

import numpy as np
import pytest
from skimage import restoration

from diabolo.baselines.filters import FILTERS, TV_WEIGHT, median, noise_levels, non_local_means, total_variation, wavelet
from diabolo.errors import DataError, MissingExtraError, ParameterError

STD = 0.1


def scene(channels=3, side=48):
    """A bright disk on a shade, (2, side, side, channels) in [0, 1], and the same with noise."""
    i, j = np.mgrid[:side, :side] / side
    disk = ((i - 0.5) ** 2 + (j - 0.4) ** 2 < 0.08) * 0.5 + 0.3 * i
    clean = np.stack([np.stack([disk + 0.05 * c for c in range(channels)], -1), np.stack([disk.T] * channels, -1)])
    return clean, clean + np.random.default_rng(0).normal(0, STD, clean.shape)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_noise_is_taken_away(name, channels):
    clean, noisy = scene(channels)
    before = noisy.copy()
    back = FILTERS[name](noisy)
    assert ((back - clean) ** 2).mean() < 0.4 * STD**2
    assert back.shape == noisy.shape
    assert (back.min() >= 0) & (back.max() <= 1)
    np.testing.assert_array_equal(noisy, before)
    np.testing.assert_allclose(FILTERS[name](noisy[1:]), back[1:], atol=1e-12)  # each picture by itself
    assert FILTERS[name](noisy.astype(np.float32)).dtype == np.float32


def test_the_median_of_nine():
    x = np.random.default_rng(0).random((2, 5, 6, 2))
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
    around = [padded[:, i : i + 5, j : j + 6] for i in range(3) for j in range(3)]
    np.testing.assert_array_equal(median(x), np.median(around, axis=0))
    np.testing.assert_array_equal(median(x, 1), x)


def test_against_scikit_image():
    noisy = scene(1)[1]
    picture = noisy[0, ..., 0]
    for ours, theirs in [
        (total_variation(noisy, STD), restoration.denoise_tv_chambolle(picture, TV_WEIGHT * STD)),
        (non_local_means(noisy, STD), restoration.denoise_nl_means(picture, 5, 6, 0.6 * STD, sigma=STD)),
        (wavelet(noisy, STD), restoration.denoise_wavelet(picture, STD, rescale_sigma=True)),
    ]:
        np.testing.assert_allclose(ours[0, ..., 0], theirs.clip(0, 1), atol=1e-10)


def test_color_wavelets_work_on_luminance():
    noisy = scene(3)[1]
    theirs = restoration.denoise_wavelet(noisy[0], STD, channel_axis=-1, convert2ycbcr=True, rescale_sigma=True)
    np.testing.assert_allclose(wavelet(noisy, STD)[0], theirs.clip(0, 1), atol=1e-10)


def test_the_noise_is_estimated_for_each_picture():
    x = 0.5 + np.random.default_rng(0).normal(size=(3, 200, 64, 2)) * np.array([0.02, 0.1, 0.3])[:, None, None, None]
    np.testing.assert_allclose(noise_levels(x), [0.02, 0.1, 0.3], rtol=0.05)
    assert noise_levels(x, 0.25).tolist() == [0.25] * 3
    for name in ("total variation", "non-local means", "wavelet"):
        np.testing.assert_allclose(FILTERS[name](x[1:2]), FILTERS[name](x[1:2], noise_levels(x)[1]))


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 2, 3, 1), (1, 9, 1, 3), (1, 5, 5, 4), (0, 8, 8, 1)])
def test_tiny_flat_and_no_pictures(name, shape):
    np.testing.assert_allclose(FILTERS[name](np.full(shape, 0.25)), np.full(shape, 0.25), atol=1e-6)


@pytest.mark.parametrize("name", ["total variation", "non-local means", "wavelet"])
@pytest.mark.parametrize("package", ["skimage", "pywt"])
def test_a_missing_extra_is_named(name, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"scikit-image .*pip install 'diabolo\[pictures\]'"):
        FILTERS[name](np.zeros((1, 8, 8, 1)))


def test_the_median_needs_no_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    assert median(np.zeros((1, 8, 8, 1))).shape == (1, 8, 8, 1)


def test_bad_input():
    with pytest.raises(DataError, match="shape"):
        median(np.zeros((8, 8)))
    with pytest.raises(DataError, match="Divide whole numbers"):
        wavelet(np.zeros((1, 8, 8, 1), np.uint8))
    with pytest.raises(ParameterError, match="at least 1"):
        median(np.zeros((1, 8, 8, 1)), 0)
    with pytest.raises(ParameterError, match="got -1"):
        total_variation(np.zeros((1, 8, 8, 1)), -1)


def test_a_picture_without_detail_has_no_noise() -> None:
    pytest.importorskip("skimage")
    assert noise_levels(np.full((2, 8, 8, 1), 0.5)).tolist() == pytest.approx([0.0, 0.0], abs=1e-9)
