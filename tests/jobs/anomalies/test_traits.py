"""Traits against their formulas, computed from the model's own codes and reconstructions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import cdist

from diabolo.errors import UnsupportedError
from diabolo.jobs.anomalies.traits import Traits, distance, sigma
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.codes.reconstruct import encode_all, restored
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

IMAGES = little_images()


def residuals(trained: Trained, rows: np.ndarray) -> np.ndarray:
    source = trained.kind.read(rows)
    return (encode_all(trained, source) - restored(trained, source, None)).numpy()


def test_traits_of_pictures() -> None:
    trained = quick(IMAGES)
    found = Traits.of(trained, trained.kind.read(IMAGES[:9]), None)
    r = residuals(trained, IMAGES[:9])[:, 0]
    smooth = gaussian_filter(r.astype(np.float64), (0, 0.5, 0.5), mode="nearest", radius=2) ** 2
    np.testing.assert_allclose(found.misfits, smooth, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.misfit, np.log(smooth.mean((1, 2))), rtol=1e-3)
    np.testing.assert_allclose(found.grain, np.log((r**2).mean((1, 2)) / smooth.mean((1, 2))), rtol=1e-3)
    np.testing.assert_allclose(found.contrast, np.log((IMAGES[:9] / 255).var((1, 2)) + 1e-3), rtol=1e-4)
    np.testing.assert_allclose(found.codes, embed(trained, IMAGES[:9]), atol=1e-6)


def test_traits_of_tables_are_by_column() -> None:
    x = low_rank()
    trained = quick(x)
    found = Traits.of(trained, trained.kind.read(x[:5]), None)
    np.testing.assert_allclose(found.misfits, residuals(trained, x[:5]) ** 2, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found.grain, 0, atol=1e-5)  # nothing is smoothed


def test_damaged_rows_have_more_grain() -> None:
    trained = quick(IMAGES, "denoising", epochs=20)
    source = trained.kind.read(IMAGES)
    clean, damaged = (Traits.of(trained, source, None, damage=d) for d in (False, True))
    assert np.median(damaged.misfit) > np.median(clean.misfit)
    np.testing.assert_array_equal(damaged.misfit, Traits.of(trained, source, None, damage=True).misfit)


def test_larger_pictures_are_made_small_again_to_be_compared() -> None:
    trained = quick(IMAGES, target=np.kron(IMAGES, np.ones((1, 2, 2), dtype=np.uint8)))
    found = Traits.of(trained, trained.kind.read(IMAGES[:5]), None)
    source = trained.kind.read(IMAGES[:5])
    larger = restored(trained, source, None)[:, 0].numpy()
    small = larger.reshape(5, 8, 2, 8, 2).mean((2, 4))
    smooth = gaussian_filter(IMAGES[:5] / 255 - small, (0, 0.5, 0.5), mode="nearest", radius=2) ** 2
    np.testing.assert_allclose(found.misfits, smooth, rtol=1e-3, atol=1e-6)


def test_pairs_of_different_shapes_cannot_be_compared() -> None:
    trained = quick(IMAGES, target=IMAGES[:, :, :-1])
    with pytest.raises(UnsupportedError, match="cannot be compared"):
        Traits.of(trained, trained.kind.read(IMAGES), None)


def test_pictures_are_smoothed_over_a_twentieth_of_a_side() -> None:
    assert (sigma(28, 40), sigma(8, 8), sigma(500, 300)) == (1.4, 0.5, 4.0)


def test_distance_is_the_mean_of_the_nearest() -> None:
    random = np.random.default_rng(0)
    rows, known = random.normal(size=(7, 3)), random.normal(size=(30, 3))
    np.testing.assert_allclose(distance(rows, known), np.sort(cdist(rows, known), axis=1)[:, :5].mean(1))
    np.testing.assert_allclose(distance(rows, known[:2]), cdist(rows, known[:2]).mean(1))  # fewer than five are known
