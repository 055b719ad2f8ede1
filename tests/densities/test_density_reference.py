"""The densities against scipy and scikit-learn."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.covariance import LedoitWolf
from sklearn.mixture import GaussianMixture

from diabolo.densities import mixture
from diabolo.densities.gaussian import GaussianDensity
from diabolo.densities.mixture import MixtureDensity
from diabolo.errors import DataError


def three_clouds(n=900, k=2, seed=0):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n, k)) + 8.0 * np.eye(3, k)[generator.integers(3, size=n)]


def test_gaussian_is_the_maximum_likelihood_one():
    z = np.random.default_rng(0).normal(size=(500, 4)) @ np.random.default_rng(1).normal(size=(4, 4)) + 2
    density = GaussianDensity.fit(z)
    np.testing.assert_allclose(density.mean, z.mean(axis=0))
    np.testing.assert_allclose(density.covariance, np.cov(z.T, bias=True), rtol=1e-4, atol=1e-5)
    reference = multivariate_normal(density.mean, density.covariance)
    np.testing.assert_allclose(density.log_prob(z), reference.logpdf(z), rtol=1e-9)


def test_gaussian_of_few_codes_is_shrunk():
    z = np.random.default_rng(0).normal(size=(10, 20))
    scale = z.std(axis=0)
    expected = LedoitWolf().fit(z / scale).covariance_ * np.outer(scale, scale)
    np.testing.assert_allclose(GaussianDensity.fit(z).covariance, expected, atol=1e-4)


def test_mixture_log_prob_against_scipy():
    density = MixtureDensity(
        np.array([0.3, 0.7]),
        np.array([[0.0, 1.0], [3.0, -1.0]]),
        np.array([[[2.0, 0.5], [0.5, 1.0]], [[0.1, 0.0], [0.0, 4.0]]]),
    )
    z = np.random.default_rng(0).normal(size=(20, 2)) * 3
    parts = zip(density.weights, density.means, density.covariances, strict=True)
    expected = np.log(sum(w * multivariate_normal(m, c).pdf(z) for w, m, c in parts))
    np.testing.assert_allclose(density.log_prob(z), expected, rtol=1e-9)


def test_mixture_samples_each_component_by_its_weight():
    density = MixtureDensity(np.array([0.2, 0.8]), np.array([[-50.0], [50.0]]), np.array([[[1.0]], [[4.0]]]))
    z = density.sample(20_000, random_state=0)
    assert (z < 0).mean() == pytest.approx(0.2, abs=0.01)
    assert z[z > 0].std() == pytest.approx(2.0, rel=0.03)
    assert (np.diff((z[:, 0] > 0).astype(int)) != 0).sum() > 1000  # in no order


def test_mixture_finds_the_clouds_and_beats_one_gaussian():
    train, test = three_clouds(), three_clouds(seed=1)
    density = MixtureDensity.fit(train, 0)
    assert density.components in (2, 4)  # the candidates on both sides of three
    assert density.log_prob(test).mean() > GaussianDensity.fit(train).log_prob(test).mean() + 0.3
    reference = GaussianMixture(3, random_state=0).fit(train)
    assert density.log_prob(test).mean() > reference.score(test) - 0.25


def test_mixture_of_one_cloud_is_one_gaussian():
    z = np.random.default_rng(0).normal(size=(400, 3))
    density = MixtureDensity.fit(z, 0)
    assert density.components == 1
    np.testing.assert_allclose(density.log_prob(z), GaussianDensity.fit(z).log_prob(z), atol=1e-3)


def test_mixture_of_few_codes_is_diagonal_and_small():
    z = np.random.default_rng(0).normal(size=(12, 8))
    density = MixtureDensity.fit(z, 0)
    assert density.components <= 3
    for covariance in density.covariances:
        np.testing.assert_array_equal(covariance, np.diag(np.diag(covariance)))


def test_mixture_of_codes_with_few_different_values():
    z = np.repeat(np.eye(3), 100, axis=0)
    density = MixtureDensity.fit(z, 0)
    assert density.components <= 3
    assert np.isfinite(density.log_prob(z)).all()


def test_mixture_uses_no_more_codes_than_it_needs(monkeypatch):
    monkeypatch.setattr(mixture, "ROWS", 100)
    z = np.vstack([three_clouds(), [[1e6, 1e6]] * 5])
    means = [MixtureDensity.fit(z, seed).means for seed in range(3)]
    assert any(not np.array_equal(means[0], other) for other in means[1:])


def test_stored_weights_must_be_weights():
    data, arrays = MixtureDensity.fit(three_clouds(), 0).to_json()
    with pytest.raises(DataError, match="sum to 1"):
        MixtureDensity.from_json(data, {**arrays, "weights": arrays["weights"] * 2})
    with pytest.raises(DataError, match="components"):
        MixtureDensity.from_json(data, {**arrays, "weights": np.ones(7) / 7})
