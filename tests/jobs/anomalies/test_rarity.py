"""How rare a code is: the density fitted at the end of training travels with the model and is fitted anew where it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from diabolo import Autoencoder, store
from diabolo.errors import DataError
from diabolo.jobs.anomalies.detect import detect
from diabolo.jobs.anomalies.rarity import NAME, NUMBERS, Rarity, fit_rarity, rarity, with_rarity
from diabolo.trained import Companion
from tests.helpers import little_images, quick

IMAGES = little_images(300)


def test_it_is_minus_the_log_density_of_the_mixture() -> None:
    z = np.random.default_rng(0).normal(size=(400, 3))
    found = fit_rarity(z)
    mixture = found.density
    parts = zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
    density = sum(w * multivariate_normal(m, c).pdf(z[:50]) for w, m, c in parts)
    np.testing.assert_allclose(found.of(z[:50]), -np.log(density), rtol=1e-6)
    assert found.of([[9.0, 9.0, 9.0]])[0] > found.of(z).max()


def test_wide_codes_go_through_pca() -> None:
    random = np.random.default_rng(0)
    z = random.normal(size=(500, 80)) * np.linspace(3, 0.01, 80)
    found = fit_rarity(z)
    assert found.axes is not None
    assert found.mean is not None
    assert found.axes.shape == (NUMBERS, 80)
    np.testing.assert_allclose(found.of(z), -found.density.log_prob((z - found.mean) @ found.axes.T), rtol=1e-9)


def test_it_travels_with_the_model(tmp_path: Path) -> None:
    trained = with_rarity(quick(IMAGES, "denoising"))
    assert NAME in trained.companions
    store.save(trained, tmp_path / "m")
    z = trained.companions["codes"].arrays["z"]
    np.testing.assert_array_equal(rarity(store.load(tmp_path / "m")).of(z), rarity(trained).of(z))


def test_a_model_of_an_older_version_is_judged_alike() -> None:
    old = quick(IMAGES, "denoising", latent_dim=80)
    trained = with_rarity(old)
    assert NAME in trained.companions
    assert NAME not in old.companions
    np.testing.assert_allclose(detect(old, IMAGES[:9]).scores, detect(trained, IMAGES[:9]).scores, rtol=1e-9)


def test_training_leaves_it_to_the_first_use() -> None:
    ae = Autoencoder("denoising", epochs=1, latent_dim=3, random_state=0).fit(IMAGES)
    assert NAME not in ae.trained_.companions
    before = ae.detect(IMAGES[:9]).scores
    kept = ae.trained_.companions[NAME]
    np.testing.assert_array_equal(ae.detect(IMAGES[:9]).scores, before)
    assert ae.trained_.companions[NAME] is kept  # fitted once
    ae.partial_fit(IMAGES)
    assert NAME not in ae.trained_.companions  # it spoke of other codes


def test_a_damaged_companion_is_refused() -> None:
    kept = fit_rarity(np.random.default_rng(0).normal(size=(50, 3))).companion()
    arrays = {k: v for k, v in kept.arrays.items() if k != "weights"}
    with pytest.raises(DataError, match="stored mixture density"):
        Rarity.from_companion(Companion(kept.data, arrays))
