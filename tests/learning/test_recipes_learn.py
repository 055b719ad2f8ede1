"""Each recipe does what it is for, on real digits it was not trained on, better than what is simpler."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from diabolo import Autoencoder
from diabolo.errors import UnfamiliarWarning
from diabolo.parts.likelihoods import Gaussian

DIGITS = load_digits()
X, X_TEST, Y, Y_TEST = train_test_split((DIGITS.images / 16).astype(np.float32), DIGITS.target, random_state=0)
CODE = 8


def fitted(recipe: str, **options: Any) -> Autoencoder:
    return Autoencoder(recipe, **({"latent_dim": CODE, "epochs": 60, "random_state": 0} | options)).fit(X, Y)


def mse(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.square(a - b).mean())


def pca(k: int) -> PCA:
    return PCA(k, random_state=0).fit(X.reshape(len(X), -1))


def pca_mse(k: int) -> float:
    flat = X_TEST.reshape(len(X_TEST), -1)
    return mse(flat, pca(k).inverse_transform(pca(k).transform(flat)))


@pytest.mark.parametrize(("recipe", "network"), [("plain", "mlp"), ("deep", "auto"), ("plain", "residual")])
def test_deep_recipes_restore_better_than_pca(recipe: str, network: str) -> None:
    assert mse(X_TEST, fitted(recipe, network=network).reconstruct(X_TEST)) < 0.8 * pca_mse(CODE)


def test_convolutions_restore_better_than_pca() -> None:
    assert mse(X_TEST, fitted("conv", epochs=15).reconstruct(X_TEST)) < 0.8 * pca_mse(CODE)


def test_a_linear_autoencoder_is_pca() -> None:
    """Baldi & Hornik 1989: on the rows both were fitted to, the same error within 2 % and the same subspace."""
    output = Gaussian(output="linear")
    ae = fitted("simple", likelihood=output, epochs=200, learning_rate=0.02, validation_fraction=0.0)
    flat, exact = X.reshape(len(X), -1), pca(CODE)
    best = mse(flat, exact.inverse_transform(exact.transform(flat)))
    assert best * (1 - 1e-5) <= ae.reconstruction_error(X).mean() < 1.02 * best  # the error before pixels are clipped
    decoder = next(p for p in ae.model_.decoder.parameters() if p.ndim == 2).detach().numpy()  # (64, 8)
    cosines = np.linalg.svd(np.linalg.qr(decoder)[0].T @ exact.components_.T, compute_uv=False)
    assert cosines.min() > 0.9


def test_denoising_beats_the_noise_and_pca() -> None:
    noisy = X_TEST + 0.3 * np.random.default_rng(0).normal(size=X_TEST.shape).astype(np.float32)
    ae = fitted("denoising", latent_dim=24)
    flat = noisy.reshape(len(noisy), -1)
    best_pca = min(mse(X_TEST.reshape(len(flat), -1), pca(k).inverse_transform(pca(k).transform(flat))) for k in (4, 8, 16, 24))
    assert mse(X_TEST, ae.denoise(noisy)) < best_pca < mse(X_TEST, noisy)


def test_sparse_codes_beat_pca_with_as_many_numbers_in_use() -> None:
    ae = fitted("sparse", latent_dim=32, epochs=100)
    codes = ae.transform(X_TEST)
    assert (codes != 0).sum(1).max() <= 8
    assert mse(X_TEST, ae.reconstruct(X_TEST)) < pca_mse(8)


def test_contractive_codes_move_less_under_noise() -> None:
    """How far a small noise moves the code, in units of the codes' own spread."""

    def unrest(ae: Autoencoder) -> float:
        noise = 0.1 * np.random.default_rng(0).normal(size=X_TEST.shape).astype(np.float32)
        z, moved = ae.transform(X_TEST), ae.transform(X_TEST + noise)
        return float(np.square(moved - z).mean() / z.var(0).mean())

    assert unrest(fitted("contractive")) < 0.9 * unrest(fitted("contractive", regularizers=()))


def test_a_vae_knows_digits_from_noise_and_beats_a_gaussian_a_pixel() -> None:
    ae = fitted("vae")
    noise = np.random.default_rng(0).permutation(X_TEST.reshape(len(X_TEST), -1).T).T.reshape(X_TEST.shape)
    with pytest.warns(UnfamiliarWarning):
        scores = ae.score_samples(noise)
    assert ae.score_samples(X_TEST).min() > np.median(scores)
    step, mean, std = 1 / 16, X.mean(0), X.std(0) + 0.05
    densities = -0.5 * np.square((X_TEST - mean) / std) - np.log(std * np.sqrt(2 * np.pi)) + np.log(step)
    assert ae.score_samples(X_TEST).mean() > densities.reshape(len(X_TEST), -1).sum(1).mean() + 5


def test_beta_uses_fewer_nats() -> None:
    def kl(recipe: str) -> float:
        return fitted(recipe, likelihood="bernoulli").history_[-1]["validation_kl"]

    assert kl("beta-vae") < 0.7 * kl("vae")


def test_a_nat_at_four_times_its_price_is_still_bought_on_small_pictures() -> None:
    """The recipe as it comes: numbers stay in use, and tell much of what the mean does not."""
    ae = fitted("beta-vae")
    active = (ae.transform(X_TEST).var(axis=0) > 0.01).sum()  # Burda et al. 2016
    assert 2 <= active < CODE
    assert mse(X_TEST, ae.reconstruct(X_TEST)) < 0.6 * mse(X_TEST, X.mean(0))


def test_a_conditional_vae_draws_the_digit_it_is_told() -> None:
    ae = fitted("cvae", epochs=100)
    judge = KNeighborsClassifier(5).fit(X.reshape(len(X), -1), Y)
    right = [np.mean(judge.predict(ae.sample(40, y=d, random_state=0).reshape(40, -1)) == d) for d in range(10)]
    assert np.mean(right) > 0.85


def test_bfloat16_ends_where_float32_ends() -> None:
    """The error on held-out digits within 2 %, in the mean over three seeds."""
    errors = {}
    for precision in ("float32", "bfloat16"):
        fits = [fitted("deep", epochs=30, precision=precision, random_state=seed) for seed in range(3)]
        errors[precision] = np.mean([ae.reconstruction_error(X_TEST).mean() for ae in fits])
    assert errors["bfloat16"] == pytest.approx(errors["float32"], rel=0.02)
