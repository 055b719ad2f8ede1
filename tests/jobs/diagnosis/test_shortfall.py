"""Why a model loses to PCA: each reason holds where it should, with the figure it claims."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diabolo.composition import as_part
from diabolo.errors import DataError, ParameterError
from diabolo.jobs.codes.embed import decoded, posterior
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.evaluation.evaluate import Evaluation, evaluate
from diabolo.jobs.findings import Finding
from diabolo.metrics.rates import gaussian_distortion
from diabolo.parts.bottlenecks import Gaussian
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

X, TEST = low_rank(300), low_rank(700)[300:]


def reasons(found: Evaluation) -> dict[str, Finding]:
    return {f.key: f for f in found.why}


def inside(trained: Trained) -> np.ndarray:
    return trained.kind.encode(torch.from_numpy(TEST)).flatten(1).double().numpy()


def test_nothing_is_explained_where_the_model_is_ahead() -> None:
    curve = np.linspace(-1, 1, 400)
    rows = np.stack([curve, curve**2, np.abs(curve)], axis=1).astype(np.float32)
    trained = quick(rows, latent_dim=1, epochs=30, batch_size=16)
    found = evaluate(trained, rows)
    assert (found.gain or 0) > 1.02
    assert found.why == ()


def test_a_collapsed_code_is_held_to_pca_with_as_few_numbers() -> None:
    found = evaluate(trained := quick(X, "vae", latent_dim=3, epochs=25, bottleneck=Gaussian(beta=20.0)), TEST)
    said = reasons(found)["why.collapsed"].values
    assert said["used"] == found.health.active < 3
    x, twin = inside(trained), linear_twin(trained)
    assert twin is not None
    axes = twin.components[: found.health.active].astype(np.float64)
    away = (x - twin.mean) - (x - twin.mean) @ axes.T @ axes
    assert said["pca"] == pytest.approx(np.square(away).mean(), rel=1e-4)
    assert said["error"] == found.table[0].errors["mse"]


def test_nats_are_held_to_a_linear_code_of_as_many() -> None:
    """The same figure by bisection for the level of the water, on the same rows."""
    found = evaluate(trained := quick(X, "vae", latent_dim=3, epochs=25, bottleneck=Gaussian(beta=4.0)), TEST)
    (said,) = [f.values for f in found.why if f.key.startswith("why.kl")]
    assert said["kl"].values["n"] == pytest.approx(found.health.kl)
    assert said["each"] == pytest.approx((found.health.kl or 0) / 3)
    x, twin = inside(trained), linear_twin(trained)
    assert twin is not None
    powers = np.square((x - twin.mean) @ twin.components.astype(np.float64).T).mean(axis=0)
    low, high = 1e-12, powers.max()
    for _ in range(200):
        level = (low + high) / 2
        told = 0.5 * np.maximum(0, np.log(powers / level)).sum()
        low, high = (level, high) if told > (found.health.kl or 0) else (low, level)
    whole = np.square(x - twin.mean).sum(axis=1).mean() - powers.sum() + np.minimum(level, powers).sum()
    assert said["pca"] == pytest.approx(whole / x.shape[1], rel=1e-4)


def test_noise_in_codes_is_told_with_what_it_does() -> None:
    trained = quick(X, "vae", latent_dim=3, epochs=10)
    (said,) = [f.values for f in evaluate(trained, TEST).why if f.key.startswith("why.kl")]
    q = posterior(trained, TEST)
    signal, noise = q.mean.astype(np.float64).var(axis=0), np.square(q.std.astype(np.float64)).mean(axis=0)
    assert said["noise_share"] == pytest.approx((noise / (noise + signal)).mean(), rel=1e-4)
    drawn = np.mean([np.square(decoded(trained, q.sample(seed)).numpy() - inside(trained)).mean() for seed in range(20)])
    assert said["noisy"] == pytest.approx(drawn, rel=0.05)


def test_damage_is_measured_on_damaged_rows() -> None:
    noisy = quick(X, "denoising", latent_dim=3, epochs=4)
    (said,) = [f for f in evaluate(noisy, TEST).why if f.key.startswith("why.damage")]
    pca = next(c.errors["mse"] for c in evaluate(noisy, TEST).table if c.name == "pca")
    assert said.values["pca"] > pca  # damaged rows are harder for PCA too
    assert (said.key == "why.damage.better") == (said.values["error"] * 1.02 < said.values["pca"])


def test_penalties_are_told_beside_what_the_lead_is_worth() -> None:
    trained = quick(X, "wae", latent_dim=3, epochs=4)
    found = evaluate(trained, TEST)
    said = reasons(found)["why.price.beside"].values
    errors = {c.name: c.errors["mse"] for c in found.table}
    assert said["name"] == "mmd"
    assert said["price"] == pytest.approx(min(trained.history, key=lambda row: row["validation_loss"])["validation_mmd"])
    std = trained.model.composition.likelihood.get_params()["std"]
    assert said["worth"] == pytest.approx((errors["model"] - errors["pca"]) * 12 / (2 * std**2))
    plain = quick(X, "sparse", epochs=2, bottleneck=as_part("bottleneck", "sparse-l1"), likelihood="l1")
    assert reasons(evaluate(plain, TEST))["why.price"].values["name"] == "sparse-l1"


def test_another_aim_is_named_with_its_own_figures() -> None:
    images = little_images(200)
    found = evaluate(quick(images, likelihood="bce", latent_dim=6, epochs=2), images)
    (said,) = [f for f in found.why if f.key.startswith("why.aim")]
    errors = {c.name: c.errors["bce"] for c in found.table}
    assert (said.values["error"], said.values["pca"]) == (errors["model"], errors["pca"])
    assert (said.key == "why.aim.better") == (errors["model"] < errors["pca"])


def test_a_short_training_on_few_rows() -> None:
    found = reasons(evaluate(quick(X, epochs=2), TEST))
    assert found["why.short"].values == {"n": 2}
    assert found["why.few"].values["n"] < 300


def test_top_k_is_held_to_pca_with_k_numbers() -> None:
    found = evaluate(quick(X, "sparse", epochs=2), TEST)
    assert reasons(found)["why.top-k"].values["used"] < found.health.units
    assert found.to_dict()["why"][0]["key"].startswith("why.")


def test_the_water_of_equal_variances_has_a_closed_form() -> None:
    assert gaussian_distortion([2.0] * 5, 3.0) == pytest.approx(10 * np.exp(-6 / 5))
    assert gaussian_distortion([4.0, 1.0], 0.5 * np.log(4)) == pytest.approx(2.0)  # the second is not told yet
    assert gaussian_distortion([4.0, 1.0, 0.0], 1e3) < 1e-9
    assert gaussian_distortion([], 1.0) == 0.0
    with pytest.raises(ParameterError, match="nats"):
        gaussian_distortion([1.0], -1.0)
    with pytest.raises(DataError, match="variances"):
        gaussian_distortion([-1.0], 1.0)
